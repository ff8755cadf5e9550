"""One key result in facts and figures: the same words on the page and in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from okr_pipeline.counts import counted
from okr_pipeline.model.observation import State
from okr_pipeline.model.policy import Policy
from okr_pipeline.model.report import Earlier, KeyResultLine, ObjectiveLine, Report
from okr_pipeline.publish import display as say
from okr_pipeline.publish.goals import words
from okr_pipeline.publish.goals.kind import Fact
from okr_pipeline.publish.judged import judged
from okr_pipeline.publish.standing import standing_of


def explanation(line: KeyResultLine, report: Report, *, locale: str = say.LOCALE) -> Iterator[Fact]:
    """Yield name and text of every fact behind the number of *line*, those that it has."""
    told = words(line, locale=locale)
    yield from told.facts()
    if not line.parts and not line.masked:
        yield "Value", told.full(line.value)
    if line.masked:
        yield "Values", "not published: progress and status are"
    if line.provisional_from:
        yield "Provisional", f"values since {say.day(line.provisional_from, locale=locale)} may still change"
    yield "Status", judged(line, _policy(line, report), locale=locale)
    if line.override:
        yield "Vouched for", _vouched(line, locale=locale)
    if line.said:
        yield "Check-in", _said(line, locale=locale)
    if line.aspiration == "aspirational":
        yield "Aspiration", "counts as landed from 70 %"
    if line.proxy_for:
        yield "Stands for", f"{line.proxy_for}; the number is a proxy of it"
    yield from _origin(line, report, locale=locale)
    yield from _people(line)


def _origin(line: KeyResultLine, report: Report, *, locale: str) -> Iterator[Fact]:
    newest = say.moment(line.newest_at, report.zone, locale=locale) if line.newest_at else "not known"
    if line.sources:
        yield "Newest data", newest
    if line.read_at:
        yield "Read", _read(line, report, locale=locale)
    yield "Sources", ", ".join(line.sources) or "none"
    if line.warnings:
        yield "Warnings", "; ".join(line.warnings)
    if line.earlier:
        yield "Earlier definition", _earlier(line.earlier, len(line.trend), locale=locale)
    if line.carried_from:
        yield "Value carried from", say.moment(line.carried_from, report.zone, locale=locale)
    if line.reason:
        yield "Reason", line.reason


def _earlier(earlier: Earlier, days: int, *, locale: str) -> str:
    """Return how many of *days* keep the number of an earlier definition, whatever came for them since."""
    last, otherwise = say.day(earlier.until, locale=locale), earlier.read_otherwise
    told = f"{earlier.days} of {counted(days, 'day')}, the last {last}, keep the number of then"
    return f"{told}; {otherwise} would read another value by now" if otherwise else told


def _people(line: KeyResultLine) -> Iterator[Fact]:
    yield "Owner", line.owner or "none"
    if line.led_by:
        yield "Led by", ", ".join(line.led_by)
    if line.note:
        yield "Note", line.note
    if line.graded:
        yield "Grade at its close", grade(line) or "none"
        yield "Learned", line.graded.learned


def grade(line: KeyResultLine) -> str | None:
    """Return how *line* was graded when its cycle was closed; None where it was not."""
    if line.graded is None:
        return None
    landed = "landed" if line.graded.landed else "not landed"
    if line.graded.grade is None or line.graded.score is None:
        return landed
    return f"{line.graded.grade} of 4, score {line.graded.score.quantize(say.HUNDREDTH)}, {landed}"


def _policy(line: KeyResultLine, report: Report) -> Policy | None:
    own = (o for o in report.objectives if any(each.id == line.id for each in o.key_results))
    return next((objective.policy for objective in own), None)


def _said(line: KeyResultLine, *, locale: str) -> str:
    assert line.said is not None  # noqa: S101
    note = f": {line.said.note}" if line.said.note else ""
    return f"{said(line, locale=locale)}{note}"


def said(line: KeyResultLine, *, locale: str = say.LOCALE) -> str | None:
    """Return how sure whoever checked in last is, and since when; None where nobody did."""
    if line.said is None:
        return None
    sure = say.share(line.said.confidence, locale=locale) if line.said.confidence is not None else None
    who = f"{person(line.said.author)}, {say.day(line.said.on, year=False, locale=locale)}"
    return f"{sure} confident, {who}" if sure else who


def vouched(line: KeyResultLine, *, locale: str = say.LOCALE) -> str | None:
    """Return which status somebody vouches for, and until when; None where nobody does."""
    if line.override is None:
        return None
    until = say.day(line.override.until, year=False, locale=locale)
    word = standing_of(line.override.status).word
    return f"{person(line.override.author)} says {word} until {until}"


def _vouched(line: KeyResultLine, *, locale: str) -> str:
    assert line.override is not None  # noqa: S101
    return f"{vouched(line, locale=locale)}: {line.override.why}"


def person(owner: str | None) -> str:
    """Return who somebody is, short: an address without its domain."""
    return (owner or "no owner").split("@", maxsplit=1)[0]


def _read(line: KeyResultLine, report: Report, *, locale: str) -> str:
    """Return when the data was read, and how many days of the trend show what was read before them."""
    aged = sum(point.read_at is not None for point in line.trend)
    told = say.moment(line.read_at, report.zone, locale=locale) if line.read_at else "never"
    if not aged:
        return told
    days = f"{counted(aged, 'day')} of {len(line.trend)}"
    return f"{told}; not read on {days}, which show the state read before"


def staleness(line: KeyResultLine, report: Report, *, locale: str = say.LOCALE) -> str | None:
    """Return since when and why *line* has no fresh value; None when its value is fresh."""
    if line.state is State.OK:
        return None
    if line.carried_from is not None and has_value(line):
        since = say.moment(line.carried_from, report.zone, locale=locale)
        old = f"value of {since}, {say.age(line.carried_from, as_of=report.as_of)} old"
    else:
        old = "no fresh value" if has_value(line) else "no value"
    return f"{old}: {line.reason}" if line.reason else old


def has_value(line: KeyResultLine) -> bool:
    """Return whether *line* tells anything: a value, or parts, or the progress of one that is masked."""
    return line.value is not None or bool(line.parts) or (line.masked and line.progress is not None)


def is_old(line: KeyResultLine) -> bool:
    """Return whether *line* shows a value that is not of this snapshot."""
    return line.state is not State.OK and has_value(line)


def objective_way(line: ObjectiveLine, *, locale: str = say.LOCALE) -> str:
    """Return how far an objective is, and what that leaves out: `57.3 % of the way, 4 of 5 counted`."""
    if line.progress is None:
        return f"none of {line.declared} counted"
    way = f"{say.percent(line.progress, locale=locale)} of the way"
    if line.counted == line.declared:
        return way
    left = {"without data": line.no_data, "measuring": line.measuring, "without a target": line.no_target}
    told = ", ".join(f"{count} {why}" for why, count in left.items() if count)
    why = f" ({told})" if line.measuring or line.no_target else ""
    return f"{way}, {line.counted} of {line.declared} counted{why}"


def remarks(line: KeyResultLine, *, locale: str = say.LOCALE) -> list[str]:
    """Return what has to be read beside the number of *line*, shortest first: how firm it is, what it is."""
    found = []
    if line.provisional_from:
        found.append(f"provisional since {say.day(line.provisional_from, year=False, locale=locale)}")
    if line.baseline_reads is not None:
        found.append("its baseline reads another number since")
    if line.outside_since and line.goal == "keep":
        found.append(f"outside first on {say.day(line.outside_since, year=False, locale=locale)}")
    if line.proxy_for:
        found.append(f"stands for {line.proxy_for}")
    return found


def parting(line: KeyResultLine | ObjectiveLine, *, locale: str = say.LOCALE) -> str | None:
    """Return since when and why *line* no longer counts; None while it does."""
    retired = line.retired if isinstance(line, KeyResultLine) else line.retirement
    if retired is None:
        return None
    return f"retired {say.day(retired.on, locale=locale)}: {retired.why}"
