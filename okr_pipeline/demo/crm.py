"""The sales system's exports: opportunities as they stand, their weekly reporting snapshot, calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from okr_pipeline.demo.season import (
    CYCLE_ENDS,
    OFFICE,
    Draw,
    days,
    growth,
    instant,
    iso,
    slump,
    weekday_weight,
    workday,
)

Row = tuple[object, ...]

_DEAL_COLUMNS = ("Id", "Name", "Segment", "StageName", "Amount", "CloseDate")
OPPORTUNITY_COLUMNS = (*_DEAL_COLUMNS, "IsWon", "IsClosed", "CreatedDate", "LastModified")
SNAPSHOT_COLUMNS = ("SnapshotOn", "Id", "Segment", "StageName", "Amount")
CALL_COLUMNS = ("Id", "HeldOn", "Segment", "Outcome")

_DEALS_FROM = date(2026, 2, 2)
_SNAPSHOTS_FROM = date(2026, 6, 29)
_CALLS_FROM = date(2026, 6, 29)
_AHEAD = timedelta(days=45)  # a deal is found that long before it counts
_SEAT_PRICE = Decimal("358.80")
_STAGES = ("Discovery", "Qualified", "Proposal", "Negotiation")
_STAGE_SHARES = (0.0, 0.14, 0.42, 0.72)
_FIRMS = ("Alster", "Bergmann", "Dürr", "Elbe", "Förde", "Havel", "Isar", "Jansen", "Kröger", "Möwe")
_TRADES = ("Aufzüge", "Brandschutz", "Facility", "Gebäudetechnik", "Heizung", "Kälte", "Solar", "Wärme")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Segment:
    """Deals of one segment: new ones a weekday, seats, days to close, share won, growth over the cycle."""

    name: str
    rate: float
    seats: tuple[int, int]
    life: tuple[int, int]
    won: float
    growth: float


_SEGMENTS = (
    _Segment(name="small", rate=2.1, seats=(6, 38), life=(14, 50), won=0.34, growth=1.1),
    _Segment(name="mid_market", rate=1.55, seats=(48, 190), life=(38, 104), won=0.31, growth=2.2),
    _Segment(name="enterprise", rate=0.16, seats=(320, 900), life=(90, 170), won=0.22, growth=1.2),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """
    One opportunity with its whole history.

    *steps* are the instants and stages it passes, oldest first, ending in `Closed Won` or
    `Closed Lost`. *amended* is a later amount and when it was agreed; *gone_at* is when a
    duplicate was deleted, which leaves no trace in an export.
    """

    id: str
    name: str
    segment: str
    amount: Decimal
    steps: tuple[tuple[datetime, str], ...]
    amended: tuple[datetime, Decimal] | None
    gone_at: datetime | None

    def exists(self, at: datetime) -> bool:
        """Return whether an export at *at* contains this deal."""
        return self.steps[0][0] <= at and not (self.gone_at and self.gone_at <= at)

    def stage(self, at: datetime) -> tuple[datetime, str]:
        """Return the newest step at or before *at*."""
        return max(step for step in self.steps if step[0] <= at)

    def amount_at(self, at: datetime) -> Decimal:
        """Return the amount as it stood at *at*."""
        return self.amended[1] if self.amended and self.amended[0] <= at else self.amount

    def row(self, at: datetime) -> Row:
        """Return the export's row at *at*, in the order of OPPORTUNITY_COLUMNS."""
        moved_at, stage = self.stage(at)
        if self.amended and moved_at < self.amended[0] <= at:
            moved_at = self.amended[0]
        deal = (self.id, self.name, self.segment, stage, self.amount_at(at), self.steps[-1][0].date())
        flags = (_flag(stage == "Closed Won"), _flag(stage.startswith("Closed")))
        return (*deal, *flags, iso(self.steps[0][0]), iso(moved_at))


def deals() -> list[Deal]:
    """Return every deal up to the end of the cycle, oldest first; the same on every call."""
    draw = Draw("deals")
    found: list[Deal] = []
    for day in days(_DEALS_FROM, CYCLE_ENDS):
        for segment in _SEGMENTS:
            demand = growth(day + _AHEAD, start=1.0, end=segment.growth) * slump(day, 0.6)
            rate = segment.rate * weekday_weight(day) * demand
            found += [_deal(draw, segment, day, len(found) + new) for new in range(1, draw.count(rate) + 1)]
    return found


def opportunity_rows(at: datetime) -> Iterator[Row]:
    """Yield the export of all opportunities as it stands at *at*."""
    return (deal.row(at) for deal in deals() if deal.exists(at))


def snapshot_rows(at: datetime) -> Iterator[Row]:
    """Yield one row for each deal that was open on each Monday at 06:00, up to *at*."""
    all_deals = deals()
    for monday in days(_SNAPSHOTS_FROM, at.date()):
        taken_at = instant(monday, 6 * 60)
        if monday.weekday() == 0 and taken_at <= at:
            for deal in all_deals:
                if deal.exists(taken_at) and not (stage := deal.stage(taken_at)[1]).startswith("Closed"):
                    yield (monday, deal.id, deal.segment, stage, deal.amount_at(taken_at))


def call_rows(at: datetime) -> Iterator[Row]:
    """Yield the discovery calls of every day that is over at *at*."""
    draw = Draw("calls")
    number = 0
    for day in days(_CALLS_FROM, at.date() - timedelta(days=1)):
        rate = growth(day, start=12.2, end=24.0) * weekday_weight(day) * slump(day, 0.25)
        for _ in range(draw.count(rate) if day.weekday() < 5 else 0):
            number += 1
            segment = "mid_market" if draw.chance(0.82) else "small"
            outcome = "held" if draw.chance(0.88) else draw.pick(("no_show", "moved"))
            yield (f"00U7Q{number:010d}", day, segment, outcome)


def _deal(draw: Draw, segment: _Segment, day: date, number: int) -> Deal:
    seats = draw.between(*segment.seats)
    amount = _price(seats, discount=draw.pick((0, 0, 5, 8, 10, 15)))
    steps = _steps(draw, day, life=draw.between(*segment.life), won=draw.chance(segment.won))
    amended = None
    if draw.chance(0.12):
        agreed_at = _office(draw, steps[-2][0].date() + timedelta(days=2))
        amended = (agreed_at, _price(seats - seats // 8, discount=10)) if agreed_at < steps[-1][0] else None
    gone_at = _office(draw, day + timedelta(days=draw.between(3, 24))) if draw.chance(0.04) else None
    return Deal(
        id=f"0067Q{number:010d}AAQ",
        name=f"{draw.pick(_FIRMS)} {draw.pick(_TRADES)}, {seats} seats",
        segment=segment.name,
        amount=amount,
        steps=steps,
        amended=amended,
        gone_at=gone_at,
    )


def _steps(draw: Draw, day: date, *, life: int, won: bool) -> tuple[tuple[datetime, str], ...]:
    reached = len(_STAGES) if won else draw.between(2, len(_STAGES))
    passed = [
        (_office(draw, day + timedelta(days=int(life * share))), stage)
        for share, stage in zip(_STAGE_SHARES[:reached], _STAGES, strict=False)
    ]
    ends_after = life if reached == len(_STAGES) else int(life * _STAGE_SHARES[reached])
    closes_at = _office(draw, max(day + timedelta(days=ends_after), passed[-1][0].date() + timedelta(days=1)))
    return (*passed, (closes_at, "Closed Won" if won else "Closed Lost"))


def _price(seats: int, *, discount: int) -> Decimal:
    return (seats * _SEAT_PRICE * (100 - discount) / 100).quantize(Decimal("0.01"))


def _office(draw: Draw, day: date) -> datetime:
    return instant(workday(day), draw.between(*OFFICE), draw.between(0, 59))


def _flag(value: bool) -> str:
    return "true" if value else "false"
