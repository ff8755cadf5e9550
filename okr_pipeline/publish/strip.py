"""
The strip: every key result as one mark along points behind or ahead.

It stretches with the page and its words do not: places across are in thousandths of the width,
sizes and text in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from markupsafe import Markup

from okr_pipeline.counts import counted
from okr_pipeline.model.observation import Status
from okr_pipeline.model.report import KeyResultLine
from okr_pipeline.publish import display as say
from okr_pipeline.publish.drawing import picture, placed_mark, scale, share, tag
from okr_pipeline.publish.standing import standing
from okr_pipeline.publish.visible import one_line

_QUARTER = Decimal("0.25")
_FURTHEST = Decimal(1)
_LEFT, _RIGHT = 40, 960
_TALLEST = 340


def strip(lines: Sequence[KeyResultLine]) -> Markup:
    """
    Return one mark a key result along points behind or ahead, those that lie together stacked.

    Key results without a gap are left out: the page lists them beside it. More than 100 points
    away are drawn at the edge. Each mark links to the row of its key result.
    """
    placed = sorted(filter(has_pace, lines), key=lambda line: line.gap or Decimal(0))
    if not placed:
        return Markup("")
    low, high = _range(placed)
    size = 15 if len(placed) <= 60 else 10 if len(placed) <= 250 else 7
    across = [_place(line, low, high) for line in placed]
    rows = _stacked(across, apart=size * 3)
    pitch = min(size + 2, _TALLEST // (max(rows) + 1))
    names = _names(placed, across) if len(placed) <= 60 else []
    top = 40 * bool(names)
    floor = top + pitch * max(rows) + size + 12
    marks = [
        _mark(line, x, floor - 4 - size // 2 - pitch * row, size)
        for line, x, row in zip(placed, across, rows, strict=True)
    ]
    drops = [_leader(x, 18 + 18 * n, floor - 4 - size) for n, (_, x, _) in enumerate(names)]
    title = f"{counted(len(placed), 'key result')} by points behind or ahead of the expected progress"
    frame = {"role": "group", "width": "100%", "height": floor + 26}
    grid = _grid(low, high, top=top, floor=floor)
    return picture("strip", title, frame, *grid, *drops, *_named(names), *marks)


def has_pace(line: KeyResultLine) -> bool:
    """Return whether *line* has a place on the strip: begun, with a gap to an expected progress."""
    return line.gap is not None and line.status is not Status.NOT_STARTED


def _range(placed: Sequence[KeyResultLine]) -> tuple[Decimal, Decimal]:
    least, most = placed[0].gap or Decimal(0), placed[-1].gap or Decimal(0)
    low = max(-_FURTHEST, min(-_QUARTER, (least // _QUARTER - (least % _QUARTER != 0)) * _QUARTER))
    high = min(_FURTHEST, max(_QUARTER, (most // _QUARTER + (most % _QUARTER != 0)) * _QUARTER))
    return low, high


def _place(line: KeyResultLine, low: Decimal, high: Decimal) -> int:
    gap = min(max(line.gap or Decimal(0), low), high)
    return _LEFT + scale(gap, low, high, _RIGHT - _LEFT)


def _stacked(across: Sequence[int], *, apart: int) -> list[int]:
    """Return a row for each place (in rising order) so that no two in a row are closer than *apart*."""
    ends: list[int] = []
    rows = []
    for x in across:
        row = next((n for n, end in enumerate(ends) if x - end >= apart), len(ends))
        ends[row : row + 1] = [x]
        rows.append(row)
    return rows


def _grid(low: Decimal, high: Decimal, *, top: int, floor: int) -> list[Markup]:
    step = _QUARTER if high - low <= 1 else 2 * _QUARTER
    parts = [tag("line", {"class": "floor", "x1": 0, "x2": "100%", "y1": floor, "y2": floor})]
    tick = (low / step).to_integral_value(rounding="ROUND_CEILING") * step
    while tick <= high:
        parts += _tick(tick, _LEFT + scale(tick, low, high, _RIGHT - _LEFT), top=top, floor=floor)
        tick += step
    return parts


def _tick(gap: Decimal, x: int, *, top: int, floor: int) -> list[Markup]:
    kind = "tick" if gap else "pace"
    words = f"{abs(int(gap * 100))} {'ahead' if gap > 0 else 'behind'}" if gap else "on pace"
    anchor = "start" if x < 90 else "end" if x > 910 else "middle"
    at = 0 if x < 90 else 1000 if x > 910 else x
    ends = {"x1": share(x), "x2": share(x), "y1": floor if gap else top, "y2": floor + 5}
    place = {"x": share(at), "y": floor + 21, "text-anchor": anchor}
    return [tag("line", {"class": kind, **ends}), tag("text", {"class": kind, **place}, words)]


def _names(placed: Sequence[KeyResultLine], across: Sequence[int]) -> list[tuple[str, int, str]]:
    """Return text, place and anchor for the two ends: who is furthest behind and who is furthest ahead."""
    ends = [0] if len(placed) == 1 else [0, len(placed) - 1]
    return [
        (one_line(placed[end].title, 34), across[end], "start" if across[end] < 500 else "end")
        for end in ends
    ]


def _named(names: Sequence[tuple[str, int, str]]) -> list[Markup]:
    return [
        tag("text", {"class": "name", "x": share(x), "y": 12 + 18 * n, "text-anchor": anchor}, text)
        for n, (text, x, anchor) in enumerate(names)
    ]


def _leader(x: int, top: int, bottom: int) -> Markup:
    return tag("line", {"class": "leader", "x1": share(x), "x2": share(x), "y1": top, "y2": bottom})


def _mark(line: KeyResultLine, x: int, y: int, size: int) -> Markup:
    words = f"{one_line(line.title, 80)}: {say.points(line.gap)}, {standing(line).word}"
    return tag(
        "a",
        {"href": f"#{line.id}", "class": "mark"},
        tag("title", {}, words),
        placed_mark(standing(line), x, y, size),
    )
