"""The support desk's export of satisfaction answers, which breaks on 2 October and is mended a week later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from okr_pipeline.demo.season import Draw, days, growth, instant, iso, slump

Row = tuple[object, ...]

COLUMNS = ("TicketId", "AnsweredAt", "Score")

_FIRST_DAY = date(2026, 6, 22)
_BROKEN = (datetime(2026, 10, 1, 20, tzinfo=UTC), datetime(2026, 10, 8, 6, tzinfo=UTC))


def answer_rows(at: datetime) -> Iterator[Row]:
    """Yield the answers that the export of *at* contains, oldest day first."""
    last = _BROKEN[0] if _BROKEN[0] <= at < _BROKEN[1] else at
    draw = Draw("answers")
    number = 48_210
    for day in days(_FIRST_DAY, last.date()):
        for _ in range(draw.count(13.5 if day.weekday() < 5 else 4.6)):
            number += draw.between(1, 5)
            content = draw.chance(growth(day, start=0.858, end=0.925) * slump(day, 0.05))
            score = draw.pick((4, 5, 5)) if content else draw.pick((1, 2, 3, 3))
            answered_at = instant(day, draw.between(7 * 60, 20 * 60), draw.between(0, 59))
            if answered_at <= last:
                yield (f"T-{number}", iso(answered_at), score)
