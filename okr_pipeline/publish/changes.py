"""What changed since last week, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from okr_pipeline.model.report import KeyResultLine, Report, TrendPoint
from okr_pipeline.publish import display as say
from okr_pipeline.publish.goals import is_band
from okr_pipeline.publish.sentences import Sentence, causes, counting, name_of
from okr_pipeline.publish.standing import NO_DATA, NOT_STARTED, STALE, Standing, standing, standing_of

_MOST_CHANGES = 5
_WEEK = timedelta(days=7)


def since_last_week(report: Report) -> list[Sentence]:
    """
    Return what changed in seven days, at most five sentences.

    Status flips come first, those for the worse leading; then sources that give no good data, and
    the largest moves among the rest.
    """
    flipped = list(_flips(report))
    told = {sentence.key_result for sentence in flipped}
    changes = [*flipped, *causes(report), *_moves(report, told)]
    return changes[:_MOST_CHANGES]


def _flips(report: Report) -> Iterator[Sentence]:
    flips = []
    for line in counting(report):
        before, now = _week_ago(line), standing_of(line.status)
        if before is not None and standing_of(before.status) != now and now is not NOT_STARTED:
            flips.append((line, standing_of(before.status), now))
    flips.sort(key=lambda flip: (not _worse(flip[1], flip[2]), flip[2].severity))
    for line, was, now in flips:
        yield Sentence(f"{name_of(line)} {_turn(was, now)}.", standing(line), line.id)


def _worse(was: Standing, now: Standing) -> bool:
    return now in (STALE, NO_DATA) or now.severity < was.severity


def _turn(was: Standing, now: Standing) -> str:
    match now.code, was.code:
        case "reached", _:
            return "reached its target"
        case "no_data", "not_started":
            return "has started, and has no data yet"
        case "stale" | "no_data", _:
            return f"{'went stale' if now is STALE else 'lost its data'}; it was {was.word}"
        case "measuring", _:
            return f"looks for its baseline now; it was {was.word}"
        case "no_target", _:
            return f"has no target any more; it was {was.word}"
        case _, "measuring" | "no_target":
            return f"has a target now: {now.word}"
        case _, "no_data" | "not_started":
            return f"was measured for the first time: {now.word}"
        case _, "stale":
            return f"has fresh data again: {now.word}"
        case _:
            return f"{'fell' if _worse(was, now) else 'rose'} from {was.word} to {now.word}"


def _week_ago(line: KeyResultLine) -> TrendPoint | None:
    """Return the last trend point at least seven days before the newest one; None when there is none."""
    if not line.trend:
        return None
    before = [point for point in line.trend if point.day <= line.trend[-1].day - _WEEK]
    return before[-1] if before else None


def _moves(report: Report, told: set[str | None]) -> Iterator[Sentence]:
    moved = [
        (line, change)
        for line in counting(report)
        if not is_band(line)
        and line.id not in told
        and (change := line.change_7d) is not None
        and abs(change) * 100 >= 1
    ]
    for line, change in sorted(moved, key=lambda move: -abs(move[1])):
        size = say.points(abs(change)).removesuffix(" ahead")
        yield Sentence(
            f"{name_of(line)} moved {size} {'forward' if change > 0 else 'back'}.", standing(line), line.id
        )
