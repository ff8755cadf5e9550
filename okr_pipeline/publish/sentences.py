"""What the numbers say, in sentences: by rule, the same for the same report, never by opinion."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from okr_pipeline.model.observation import CheckResult, State, Status
from okr_pipeline.model.report import KeyResultLine, Report, SourceLine
from okr_pipeline.publish import display as say
from okr_pipeline.publish.explained import has_value
from okr_pipeline.publish.goals import words
from okr_pipeline.publish.standing import (
    AT_RISK,
    NO_DATA,
    OFF_TRACK,
    STALE,
    Standing,
    standing,
    worst_first,
)
from okr_pipeline.publish.visible import visible

GOOD = (Status.ON_TRACK, Status.REACHED)
AIMLESS = (Status.MEASURING, Status.NO_TARGET)
_NAMES_A_DATASET = re.compile(r"([a-z][a-z0-9_]*\.[a-z][a-z0-9_]*): (check )?")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, the standing whose shape goes before it, and the key result it speaks of (None: none)."""

    text: str
    standing: Standing | None = None
    key_result: str | None = None


def headline(report: Report) -> str:
    """Return one or two sentences: how many are on track, and which one to talk about."""
    return " ".join(headline_parts(report))


def headline_parts(report: Report) -> tuple[str, ...]:
    """Return the headline sentence by sentence."""
    lines = counting(report)
    if not lines:
        none = "Every key result is retired." if key_results(report) else "No key results are declared yet."
        return (none,)
    if len(lines) == 1:
        return (f"The one key result, {name_of(lines[0])}, {_is(lines[0])}.",)
    worst = to_talk_about(report)
    if worst is None:
        return (_count(lines),)
    ending = "has no fresh data" if standing(worst) is STALE else "is the one to talk about"
    return (_count(lines), f"{name_of(worst)} {ending}.")


def key_results(report: Report) -> list[KeyResultLine]:
    """Return every key result of *report*, objective by objective."""
    return [line for objective in report.objectives for line in objective.key_results]


def counting(report: Report) -> list[KeyResultLine]:
    """Return the key results of *report* that are not retired: what is said of all is said of these."""
    objectives = [objective for objective in report.objectives if objective.retirement is None]
    return [line for objective in objectives for line in objective.key_results if line.retired is None]


def needs_decision(report: Report, *, most: int = 3) -> list[KeyResultLine]:
    """Return the worst key results, off track before at risk, the widest gap first; at most *most*."""
    in_trouble = [line for line in counting(report) if line.status in (Status.OFF_TRACK, Status.AT_RISK)]
    return worst_first(in_trouble)[:most]


def causes(report: Report) -> list[Sentence]:
    """
    Return one sentence for each thing that keeps fresh data from readers, with the key results it holds back.

    A failed check is told as the check; whatever else is wrong with a source, as the source says it.
    """
    failed = [check for check in report.failed_checks if not check.passed]
    told = {_Cause(check.dataset, is_check=True) for check in failed}
    problems = [s for s in report.sources if s.problem and _cause(s.problem) not in told]
    return [*(_source(source, report) for source in problems), *_checks(failed, report)]


def stale_sentences(report: Report) -> list[Sentence]:
    """Return one sentence for each key result that shows an old value, or none although its cycle runs."""
    old = [
        line
        for line in counting(report)
        if line.state is not State.OK and line.status is not Status.NOT_STARTED
    ]
    return [
        Sentence(f"{name_of(line)} {_absence(line, report)}{_reason(line)}.", _lack(line), line.id)
        for line in old
    ]


def _lack(line: KeyResultLine) -> Standing:
    return NO_DATA if line.state is State.NO_DATA else STALE


def worries(report: Report) -> list[Sentence]:
    """Return everything that is not fresh or not sound: each cause once, then what no such cause explains."""
    explained = {_cause(source.problem) for source in report.sources if source.problem}
    explained |= {_Cause(check.dataset, is_check=True) for check in report.failed_checks if not check.passed}
    reasons = {line.id: line.reason for line in counting(report)}
    alone = [
        s for s in stale_sentences(report) if _cause(reasons[str(s.key_result)]) not in explained - {None}
    ]
    return [*causes(report), *alone]


def north_star(report: Report) -> Sentence | None:
    """Return where the North Star stands, by the key result that measures it; None where none does."""
    line = next((line for line in key_results(report) if line.id == report.north_star), None)
    if line is None:
        return None
    return Sentence(f"North Star: {name_of(line)}, {words(line).now()}.", standing(line), line.id)


def not_ready_sentence(report: Report) -> str | None:
    """Return one sentence on the key results that no metric feeds yet; None when there are none."""
    if not report.not_ready:
        return None
    what = "key result has" if len(report.not_ready) == 1 else "key results have"
    return f"{len(report.not_ready)} {what} no metric yet: {', '.join(report.not_ready)}."


def _count(lines: list[KeyResultLine]) -> str:
    judged = [line for line in lines if line.status not in AIMLESS]
    if not judged:
        return f"None of the {len(lines)} key results has a target yet."
    left = len(lines) - len(judged)
    more = f"; {left} more {'has' if left == 1 else 'have'} no target to judge by" if left else ""
    return f"{_count_judged(judged).removesuffix('.')}{more}."


def _count_judged(lines: list[KeyResultLine]) -> str:
    total, good = len(lines), sum(line.status in GOOD for line in lines)
    statuses = {line.status for line in lines}
    if statuses == {Status.REACHED}:
        return f"All {total} key results are reached."
    if statuses == {Status.NOT_STARTED}:
        return f"None of the {total} key results has started."
    if statuses <= {Status.NO_DATA, Status.NOT_STARTED}:
        return f"None of the {total} key results has a number yet."
    if good == total:
        return f"All {total} key results are on track."
    if good == 0:
        return f"None of the {total} key results is on track."
    return f"{good} of {total} key results {'is' if good == 1 else 'are'} on track."


def to_talk_about(report: Report) -> KeyResultLine | None:
    """Return the key result that the headline names: the worst one off track, at risk or stale."""
    worst = worst_first(counting(report))[:1]
    return worst[0] if worst and standing(worst[0]) in (OFF_TRACK, AT_RISK, STALE) else None


def _is(line: KeyResultLine) -> str:
    match line.status:
        case Status.NO_DATA:
            return "has no number yet"
        case Status.NOT_STARTED:
            return "has not started"
        case Status.STALE:
            return "has no fresh data"
        case Status.NO_TARGET:
            return "has no target to judge by"
        case Status.MEASURING:
            return "is finding its baseline"
        case _:
            return f"is {standing(line).word}"


class _Cause(NamedTuple):
    """What holds values back: a dataset, and whether by one of its checks."""

    dataset: str
    is_check: bool


def _cause(reason: str | None) -> _Cause | None:
    """Return the cause that *reason* names, as in `crm.calls: login refused`; None if it names no dataset."""
    named = _NAMES_A_DATASET.match(reason or "")
    return _Cause(named[1], is_check=named[2] is not None) if named else None


def _source(source: SourceLine, report: Report) -> Sentence:
    cause = _cause(source.problem)
    held = _held_back(cause, report)
    who = "Dataset " if cause else f"Source {source.id}: "
    problem = visible(source.problem or "").rstrip(".")
    return Sentence(f"{who}{problem}{_consequence(held, report)}.", STALE, _only(held))


def _checks(failed: Sequence[CheckResult], report: Report) -> Iterator[Sentence]:
    """Yield one sentence a check; what it holds back is told with the first of its dataset."""
    told: set[str] = set()
    for check in failed:
        cause = _Cause(check.dataset, is_check=True) if check.dataset not in told else None
        told.add(check.dataset)
        held = _held_back(cause, report)
        seen = visible(f"expected {check.expected}, saw {check.observed}")
        text = f"Check {check.check} of {check.dataset} failed: {seen}{_consequence(held, report)}."
        yield Sentence(text, STALE if held else AT_RISK, _only(held))


def _held_back(cause: _Cause | None, report: Report) -> list[KeyResultLine]:
    """Return the key results that have no fresh value because of *cause*."""
    missing = [line for line in counting(report) if line.state is not State.OK]
    return [line for line in missing if cause is not None and _cause(line.reason) == cause]


def _consequence(held: Sequence[KeyResultLine], report: Report) -> str:
    if len(held) > 2:
        return f"; {len(held)} key results have no fresh value"
    return "".join(f"; {name_of(line)} {_absence(line, report)}" for line in held)


def _only(held: Sequence[KeyResultLine]) -> str | None:
    return held[0].id if len(held) == 1 else None


def _absence(line: KeyResultLine, report: Report) -> str:
    if not has_value(line):
        return "has no value"
    if line.carried_from is None:
        return "has no fresh data"
    return f"shows its value of {say.age(line.carried_from, as_of=report.as_of)} ago"


def _reason(line: KeyResultLine) -> str:
    return f": {visible(line.reason).rstrip('.')}" if line.reason else ""


def name_of(line: KeyResultLine) -> str:
    """Return what *line* is called in a sentence: its title without the stop at its end, or its id."""
    return visible(line.title).strip().rstrip(".!?") or line.id
