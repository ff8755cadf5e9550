"""How a status looks: one word, one shape, one hue, the same on every surface."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from okr_pipeline.model.observation import Status
from okr_pipeline.model.report import KeyResultLine, ObjectiveLine

AHEAD_FROM = Decimal("0.10")


@dataclass(frozen=True, slots=True)
class Standing:
    """
    A status as a reader meets it.

    *code* names shape and hue on the page, *mark* is the shape in a terminal. *severity* orders
    from the worst (0) to the best.
    """

    code: str
    word: str
    mark: str
    colour: str
    severity: int


OFF_TRACK = Standing("off_track", "off track", "■", "dark_orange3", 0)
AT_RISK = Standing("at_risk", "at risk", "◆", "orange1", 1)
STALE = Standing("stale", "stale", "?", "bright_black", 2)
NO_DATA = Standing("no_data", "no data", "○", "bright_black", 3)
NOT_STARTED = Standing("not_started", "not started", "–", "bright_black", 4)
MEASURING = Standing("measuring", "measuring", "◎", "bright_black", 5)
NO_TARGET = Standing("no_target", "no target", "∅", "bright_black", 6)
ON_TRACK = Standing("on_track", "on track", "●", "dodger_blue2", 7)
AHEAD = Standing("ahead", "ahead", "▲", "blue1", 8)
REACHED = Standing("reached", "reached", "✓", "blue1", 9)

ALL = (OFF_TRACK, AT_RISK, STALE, NO_DATA, NOT_STARTED, MEASURING, NO_TARGET, ON_TRACK, AHEAD, REACHED)
_BY_CODE = {standing.code: standing for standing in ALL}


def standing_of(status: Status, gap: Decimal | None = None) -> Standing:
    """Return how *status* looks. `on_track` with a gap of 10 points or more reads as ahead."""
    if status is Status.ON_TRACK and gap is not None and gap >= AHEAD_FROM:
        return AHEAD
    return _BY_CODE[status.value]


def standing(line: KeyResultLine | ObjectiveLine) -> Standing:
    """Return how the status of one key result or objective looks."""
    return standing_of(line.status, line.gap if isinstance(line, KeyResultLine) else None)


def worst_first(lines: list[KeyResultLine]) -> list[KeyResultLine]:
    """Return *lines* from the worst status to the best, the widest gap first; ties keep their order."""
    return sorted(lines, key=lambda line: (standing(line).severity, line.gap or Decimal(0)))
