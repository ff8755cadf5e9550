"""The page: one HTML file that asks nobody for anything and reads the same everywhere."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from okr_pipeline.ledger.entry import Head
from okr_pipeline.model.report import KeyResultLine, ObjectiveLine, Report
from okr_pipeline.publish import display as say
from okr_pipeline.publish import explained, sentences
from okr_pipeline.publish.atomic import replace_text
from okr_pipeline.publish.changes import since_last_week
from okr_pipeline.publish.chart import big_chart
from okr_pipeline.publish.drawing import bullet, sparkline
from okr_pipeline.publish.goals import words
from okr_pipeline.publish.links import links
from okr_pipeline.publish.standing import ALL, Standing, standing, standing_of
from okr_pipeline.publish.strip import has_pace, strip
from okr_pipeline.publish.visible import one_line, visible

PAGE = "index.html"
_SAID_OF_A_LINE = ("remarks", "said", "vouched", "parting")
_LEDGER = re.compile(r'<meta name="okr-ledger" content="(\d+):([0-9a-f]{64})">')


@dataclass(frozen=True, slots=True)
class Decision:
    """One key result that needs a decision, its objective, and the key results said to lead it."""

    line: KeyResultLine
    objective: ObjectiveLine
    led_by: tuple[KeyResultLine, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The key results of one objective that share an indicator, under the words that explain it."""

    word: str
    meaning: str
    lines: tuple[KeyResultLine, ...]


def render_page(report: Report, *, locale: str = say.LOCALE) -> str:
    """Return the whole page as HTML text: no script, no request, style inside and pinned by its hash."""
    environment = _environment()
    lines = sentences.counting(report)
    changes = since_last_week(report)
    style = _template("page.css")
    return environment.get_template("page.html.j2").render(
        report=report,
        style=Markup(style),  # noqa: S704 - our own file
        policy=_policy(style),
        headline=sentences.headline_parts(report),
        lines=lines,
        strip=strip(lines),
        off_scale=[line for line in lines if not has_pace(line)],
        worst=sentences.to_talk_about(report),
        north_star=sentences.north_star(report),
        tally=_tally(lines),
        changes=changes,
        worries=[sentence for sentence in sentences.worries(report) if sentence not in changes],
        not_ready=sentences.not_ready_sentence(report),
        decisions=_decisions(report, {line.id: line for line in sentences.key_results(report)}),
        cycles=_cycles(report),
        **_words(report, locale),
    )


def write_page(report: Report, folder: Path, *, locale: str = say.LOCALE) -> Path:
    """Write the page into *folder*, replacing the one before in one step, and return its path."""
    return replace_text(folder, PAGE, render_page(report, locale=locale))


def head_on_page(file: Path) -> Head | None:
    """
    Return the ledger head that the page at *file* names; None if it names none.

    Raises:
        OSError: If it cannot be read.
    """
    named = _LEDGER.search(file.read_text(encoding="utf-8", errors="replace"))
    return Head(int(named[1]), named[2]) if named else None


def groups(objective: ObjectiveLine) -> list[Group]:
    """Return the lagging and the leading key results of *objective* apart, then the retired; none empty."""
    counting = [line for line in objective.key_results if line.retired is None]
    apart = [
        Group(word, meaning, tuple(line for line in counting if line.indicator == word))
        for word, meaning in (("lagging", "what we want to be true"), ("leading", "what moves first"))
    ]
    retired = tuple(line for line in objective.key_results if line.retired is not None)
    apart.append(Group("retired", "still measured, no longer counted", retired))
    return [group for group in apart if group.lines]


def _words(report: Report, locale: str) -> dict[str, Callable[..., object]]:
    """Return the functions by which the template turns values into words, bound to zone and locale."""

    return {
        "says": lambda line: words(line, locale=locale),
        "points": lambda gap: say.points(gap, locale=locale),
        "signed": lambda change: say.signed_points(change, locale=locale),
        "moment": lambda at: say.moment(at, report.zone, locale=locale),
        "age": lambda at: say.age(at, as_of=report.as_of),
        "explanation": lambda line: explained.explanation(line, report, locale=locale),
        "staleness": lambda line: explained.staleness(line, report, locale=locale),
        "objective_way": lambda line: explained.objective_way(line, locale=locale),
        "links": lambda objective: links(objective, report),
        **{name: _in(getattr(explained, name), locale) for name in _SAID_OF_A_LINE},
    }


def _in(told: Callable[..., object], locale: str) -> Callable[..., object]:
    return lambda line: told(line, locale=locale)


def _decisions(report: Report, by_id: dict[str, KeyResultLine]) -> list[Decision]:
    home = {line.id: objective for objective in report.objectives for line in objective.key_results}
    return [
        Decision(line, home[line.id], tuple(by_id[leader] for leader in line.led_by if leader in by_id))
        for line in sentences.needs_decision(report)
    ]


def _tally(lines: list[KeyResultLine]) -> list[tuple[Standing, int]]:
    """Return how many key results stand where, best first, standings that nobody has left out."""
    shown = [standing(line) for line in lines]
    return [(one, shown.count(one)) for one in reversed(ALL) if one in shown]


def _cycles(report: Report) -> list[str]:
    """Return one phrase a cycle: `day 66 of 92 in fy26_q3`."""
    from zoneinfo import ZoneInfo

    today = report.as_of.astimezone(ZoneInfo(report.zone)).date()
    spans = {objective.cycle: (objective.start_on, objective.end_on) for objective in report.objectives}
    phrases = []
    for cycle, (start, end) in spans.items():
        passed, days = (today - start).days + 1, (end - start).days + 1
        where = "not begun" if passed < 1 else "over" if passed > days else f"day {passed} of {days}"
        phrases.append(f"{cycle}: {where}")
    return phrases


def _policy(style: str) -> str:
    """Return the page's own security policy: nothing may load, and only this very style applies."""
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def _typeset(value: object) -> object:
    """Make every printed value safe and well set: nothing hidden, a true minus, no break before a sign."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return visible(value).replace(" %", "\u00a0%")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        loader=DictLoader({"page.html.j2": _template("page.html.j2")}),
        undefined=StrictUndefined,
        finalize=_typeset,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "standing": standing,
        "standing_of": standing_of,
        "person": explained.person,
        "is_old": explained.is_old,
        "one_line": one_line,
        "groups": groups,
        "sparkline": sparkline,
        "bullet": bullet,
        "big_chart": big_chart,
    }
    return environment


@lru_cache(maxsize=4)
def _template(name: str) -> str:
    return (files("okr_pipeline.publish") / "templates" / name).read_text(encoding="utf-8")
