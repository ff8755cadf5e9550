"""
Small drawings in a table row, as SVG made here: sparkline and bullet.

Geometry is in whole tenths of a pixel; words and numbers stay in HTML beside the drawing. The
shapes that `#m-<standing>` names are defined once in the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from markupsafe import Markup, escape

from okr_pipeline.model.report import KeyResultLine, Mark
from okr_pipeline.publish import display as say
from okr_pipeline.publish.goals import words
from okr_pipeline.publish.standing import Standing, standing
from okr_pipeline.publish.trend import expected_series, is_stepped, series, settled_days
from okr_pipeline.publish.visible import visible

Point = tuple[int, int]

_WIDTH, _HEIGHT, _EDGE = 1240, 320, 70
_ZERO, _ONE = Decimal(0), Decimal(1)
_LEAST, _MOST = Decimal("-0.2"), Decimal("1.2")
_BULLET_WIDTH, _BULLET_HEIGHT = 1260, 200
_MOST_CELLS = 12


def tag(name: str, attributes: Mapping[str, object], *children: object) -> Markup:
    """Return one element; attributes and children that are not markup already are escaped."""
    inside = "".join(escape(child) for child in children)
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return Markup(f"<{name}{written}>{inside}</{name}>")  # noqa: S704 - every part was escaped above


def picture(kind: str, title: str, size: Mapping[str, object], *children: object) -> Markup:
    """Return an SVG that a screen reader meets as one image named *title*."""
    return tag("svg", {"class": kind, "role": "img", **size}, tag("title", {}, visible(title)), *children)


def sparkline(line: KeyResultLine) -> Markup:
    """
    Return the trend of *line*: gaps where days are missing, the expected course dashed.

    A `reach` is drawn in progress, a `keep` in values; parts and stated numbers go in steps. The last
    known day carries the shape of the status. Nothing is drawn without at least one known day.
    """
    seen = series(line)
    if all(value is None for value in seen):
        return Markup("")
    expected = expected_series(line)
    low, high = span([*seen, *expected])
    actual = _places(seen, low, high)
    stepped = is_stepped(line)
    parts = [_course("expected", _places(expected, low, high), stepped=line.goal == "milestones")]
    for kind, places in firm_and_not(actual, settled_days(line)):
        parts.append(_course(kind, places, stepped=stepped))
    last = [place for place in actual if place is not None][-1]
    size = {"viewBox": f"0 0 {_WIDTH} {_HEIGHT}", "width": 124, "height": 32}
    return picture("spark", _spark_title(line), size, *parts, mark(standing(line), *last, size=110))


def span(values: Iterable[Decimal | None]) -> tuple[Decimal, Decimal]:
    """Return the least and greatest known value, never equal."""
    known = [value for value in values if value is not None]
    low, high = min(known), max(known)
    return (low, high) if low < high else (low - _ONE, high + _ONE)


def scale(value: Decimal, low: Decimal, high: Decimal, size: int) -> int:
    """Return where *value* lies on a stretch of *size* units from *low* (0) to *high*."""
    return int((value - low) * size / (high - low))


def firm_and_not(places: Sequence[Point | None], settled: int) -> list[tuple[str, Sequence[Point | None]]]:
    """Return the first *settled* of *places*, and from the last of those on the rest: each with its class."""
    if settled >= len(places):
        return [("actual", places)]
    firm = max(settled - 1, 0)
    return [("actual", places[:settled]), ("actual provisional", [*[None] * firm, *places[firm:]])]


def course(places: Sequence[Point | None], *, stepped: bool = False) -> str:
    """
    Return path data through *places*, broken at every None; a lone place becomes a dot.

    With *stepped*, it stands still between two places and then jumps.
    """
    if stepped:
        return _stairs(places)
    steps, pen_down = [], False
    for place in _thinned(places):
        if place is not None:
            steps.append(f"{'L' if pen_down else 'M'}{place[0]} {place[1]}{'' if pen_down else 'h0'}")
        pen_down = place is not None
    return "".join(steps)


def _stairs(places: Sequence[Point | None]) -> str:
    steps: list[str] = []
    last: Point | None = None
    for place in [*places, None]:
        if place is None:
            steps += [f"H{last[0]}"] if last else []
        elif last is None:
            steps.append(f"M{place[0]} {place[1]}h0")
        elif place[1] != last[1]:
            steps.append(f"H{place[0]}V{place[1]}")
        last = place
    return "".join(steps)


def mark(shown: Standing, x: int, y: int, *, size: int) -> Markup:
    """Return the shape of a standing, centred on (x, y)."""
    box = {"x": x - size // 2, "y": y - size // 2, "width": size, "height": size}
    return tag("use", {"href": f"#m-{shown.code}", "class": f"hue {shown.code}", **box})


def placed_mark(shown: Standing, x: int, y: int, size: int) -> Markup:
    """Return a shape whose centre lies at *x* thousandths of the width and *y* pixels."""
    box: dict[str, object] = {"x": share(x), "y": y - size // 2, "width": size, "height": size}
    box["transform"] = f"translate(-{size // 2} 0)"
    return tag("use", {"href": f"#m-{shown.code}", "class": f"hue {shown.code}", **box})


def share(thousandths: int) -> str:
    """Return a place across as SVG wants it: 372 is `37.2%`."""
    return f"{thousandths // 10}.{thousandths % 10}%"


def bullet(line: KeyResultLine) -> Markup:
    """
    Return progress against expected on a track from 0 to 1, with commit and stretch as small marks.

    For a `keep` it is the value against its bounds; for parts a row of cells, full where one is met.
    What lies beyond the drawn range ends in an arrow; progress below 0 grows to the left, hollow.
    """
    if 0 < len(line.parts) <= _MOST_CELLS:
        return _cells(line)
    if line.goal == "keep" and not line.parts:
        return _bounds(line)
    if line.progress is None:
        return Markup("")
    shown = min(max(line.progress, _LEAST), _MOST)
    ends = sorted((_across(_ZERO), _across(shown)))
    kind = "worse" if line.progress < 0 else f"hue {standing(line).code}"
    parts = [
        _box("track", _across(_ZERO), _across(_ONE), 70, 60),
        _box(f"bar {kind}", ends[0], ends[1], 60, 80),
        _arrow(line.progress, kind),
        _upright("goal", _across(_ONE), 30, 140),
        *(_upright("level", _within(at), 120, 80) for _, at in levels(line)),
        *_due(line),
    ]
    return picture("bullet", _bullet_title(line), _bullet_size(), *parts)


def levels(line: KeyResultLine) -> list[tuple[Mark, Decimal]]:
    """Return commit and stretch with the progress that they stand for, those with a number."""
    start, target = line.baseline, line.target
    if start is None or target is None or start == target:
        return []
    return [(m, (m.value - start) / (target - start)) for m in line.marks if m.value is not None]


def _cells(line: KeyResultLine) -> Markup:
    """Return one cell a part, as wide as its weight: full where it is met, dashed where nobody can tell."""
    weights = [part.weight or _ONE for part in line.parts]
    left, whole, cells = _across(_ZERO), sum(weights, _ZERO) or _ONE, []
    passed = _ZERO
    for part, weight in zip(line.parts, weights, strict=True):
        begin, passed = left + _along(passed / whole), passed + weight
        kind = {1: f"hue {standing(line).code}", 0: "open"}.get(part.progress, "untold")  # type: ignore[call-overload]
        cells.append(_box(f"cell {kind}", begin, left + _along(passed / whole) - 18, 60, 80))
    return picture("bullet", _bullet_title(line), _bullet_size(), *cells, *_due(line))


def _along(share: Decimal) -> int:
    return int(share * (_across(_ONE) - _across(_ZERO)))


def _due(line: KeyResultLine) -> list[Markup]:
    return [] if line.expected is None else [_upright("due", _within(line.expected), 20, 160)]


def _within(share: Decimal) -> int:
    return _across(min(max(share, _LEAST), _MOST))


def _course(kind: str, places: Sequence[Point | None], *, stepped: bool = False) -> Markup:
    return tag("path", {"class": kind, "d": course(places, stepped=stepped)}) if places else Markup("")


def _places(values: Sequence[Decimal | None], low: Decimal, high: Decimal) -> list[Point | None]:
    wide, tall, steps = _WIDTH - 2 * _EDGE, _HEIGHT - 2 * _EDGE, max(len(values) - 1, 1)
    return [
        None
        if value is None
        else (_EDGE + wide * step // steps, _HEIGHT - _EDGE - scale(value, low, high, tall))
        for step, value in enumerate(values)
    ]


def _thinned(places: Sequence[Point | None]) -> list[Point | None]:
    """Drop every place that its two neighbours' straight line passes within a twentieth of a pixel."""
    kept: list[Point | None] = []
    for step, place in enumerate(places):
        before = kept[-1] if kept else None
        after = places[step + 1] if step + 1 < len(places) else None
        if not (place and before and after and _between(before, place, after)):
            kept.append(place)
    return kept


def _between(before: Point, place: Point, after: Point) -> bool:
    across = after[0] - before[0]
    drift = (place[1] - before[1]) * across - (after[1] - before[1]) * (place[0] - before[0])
    return 2 * abs(drift) <= across


def _spark_title(line: KeyResultLine) -> str:
    first, last = line.trend[0].day, line.trend[-1].day
    return f"{line.title}, {say.day(first, year=False)} to {say.day(last, year=False)}, {standing(line).word}"


def _bullet_title(line: KeyResultLine) -> str:
    due = "" if line.expected is None else f", {say.percent(line.expected)} expected"
    if line.parts:
        return f"{words(line).now()} {words(line).goal()}{due}"
    return f"{say.percent(line.progress)} of the way{due}"


def _bullet_size() -> dict[str, object]:
    return {"viewBox": f"0 0 {_BULLET_WIDTH} {_BULLET_HEIGHT}", "width": 126, "height": 20}


def _across(share: Decimal) -> int:
    return scale(share, _LEAST, _MOST, _BULLET_WIDTH)


def _box(kind: str, left: int, right: int, top: int, height: int) -> Markup:
    box = {"x": left, "y": top, "width": max(right - left, 0), "height": height}
    return tag("rect", {"class": kind, **box})


def _upright(kind: str, x: int, top: int, height: int) -> Markup:
    return tag("path", {"class": kind, "d": f"M{x} {top}v{height}"})


def _arrow(progress: Decimal, kind: str) -> Markup:
    if progress > _MOST:
        return tag("path", {"class": f"beyond {kind}", "d": f"M{_BULLET_WIDTH - 90} 30l70 70l-70 70"})
    if progress < _LEAST:
        return tag("path", {"class": f"beyond {kind}", "d": "M90 30l-70 70l70 70"})
    return Markup("")


def _bounds(line: KeyResultLine) -> Markup:
    known = [number for number in (line.low, line.high, line.value) if number is not None]
    if line.value is None or len(known) < 2:
        return Markup("")
    low, high = span(known)
    low, high = low - (high - low) / 2, high + (high - low) / 2

    def across(number: Decimal | None, otherwise: int) -> int:
        return otherwise if number is None else scale(number, low, high, _BULLET_WIDTH)

    left, right = across(line.low, 0), across(line.high, _BULLET_WIDTH)
    parts = [_box("track", 0, _BULLET_WIDTH, 90, 20), _box("inside", left, right, 60, 80)]
    parts += [
        _upright("goal", across(bound, 0), 30, 140) for bound in (line.low, line.high) if bound is not None
    ]
    parts.append(mark(standing(line), across(line.value, 0), 100, size=120))
    return picture(
        "bullet", f"{say.display(line.value, line.unit)}, keep {line.keep}", _bullet_size(), *parts
    )
