"""Reports for tests: small builders with sane defaults."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from okr_pipeline.model.observation import State, Status
from okr_pipeline.model.report import KeyResultLine, ObjectiveLine, Report, SourceLine, TrendPoint

AS_OF = datetime(2026, 10, 5, 7, 0, tzinfo=UTC)
FIRST, TODAY, LAST = date(2026, 8, 1), date(2026, 10, 5), date(2026, 10, 31)
_SWAY = (0, 3, 5, 9, 12, 10, 14, 9, 4, 1, -3, -8, -10, -7, -9, -5, -2)
EXPECTED = (Decimal(66) / Decimal(92)).quantize(Decimal("1e-9"))


def key_result(id: str = "grow.pipeline", **changes: Any) -> KeyResultLine:
    """Return a key result on track, halfway from 0 to 100, with a trend of 66 days."""
    fields: dict[str, Any] = {
        "id": id,
        "title": id.split(".")[-1].replace("_", " ").capitalize(),
        "owner": "mara.lind@fernhill.example",
        "indicator": "lagging",
        "goal": "reach",
        "unit": None,
        "status": Status.ON_TRACK,
        "state": State.OK,
        "reason": None,
        "value": Decimal(70),
        "baseline": Decimal(0),
        "target": Decimal(100),
        "keep": None,
        "progress": Decimal("0.7"),
        "expected": EXPECTED,
        "gap": Decimal("0.7") - EXPECTED,
        "change_7d": Decimal("0.05"),
        "carried_from": None,
        "newest_at": AS_OF - timedelta(minutes=19),
        "sources": ("crm",),
        "led_by": (),
        "note": None,
        "trend": (),
    }
    return KeyResultLine(**{**fields, **changes})


def reaching(id: str, *, now: str, start: str, to: str, status: Status, **changes: Any) -> KeyResultLine:
    """Return a `reach` key result whose progress, gap and trend follow from *now*, *start* and *to*."""
    value, baseline, target = Decimal(now), Decimal(start), Decimal(to)
    progress = ((value - baseline) / (target - baseline)).quantize(Decimal("1e-9"))
    points = trend(progress, baseline=baseline, target=target, status=status, was=changes.pop("was", status))
    week_ago = points[-8].progress or Decimal(0)
    return key_result(
        id,
        value=value,
        baseline=baseline,
        target=target,
        progress=progress,
        gap=progress - EXPECTED,
        status=status,
        change_7d=progress - week_ago,
        trend=points,
        **changes,
    )


def trend(
    progress: Decimal, *, baseline: Decimal, target: Decimal, status: Status, was: Status
) -> tuple[TrendPoint, ...]:
    """Return 66 days that walk unevenly from 0 to *progress*, with days 20 to 23 missing."""
    days = (TODAY - FIRST).days
    points = []
    for step in range(days + 1):
        sway = Decimal(_SWAY[step // 3 % 17] * (days - step)) / (days * 150)
        at = (progress * (Decimal(step) / days) + sway).quantize(Decimal("1e-9"))
        known = not 20 <= step <= 23
        points.append(
            TrendPoint(
                day=FIRST + timedelta(days=step),
                value=(baseline + at * (target - baseline)).quantize(Decimal("1e-9")) if known else None,
                progress=at if known else None,
                expected=(Decimal(step + 1) / 92).quantize(Decimal("1e-9")),
                status=status if step > days - 5 else was,
            )
        )
    return tuple(points)


def with_progress(*progress: str | None) -> KeyResultLine:
    """Return a key result with one trend point a day, the last one today."""
    points = tuple(
        TrendPoint(
            day=TODAY - timedelta(days=len(progress) - 1 - n),
            value=None,
            progress=None if share is None else Decimal(share),
            expected=Decimal("0.5"),
            status=Status.ON_TRACK,
        )
        for n, share in enumerate(progress)
    )
    return key_result(trend=points)


def kept(id: str, *, now: str, status: Status, **changes: Any) -> KeyResultLine:
    """Return a `keep` key result, held while its status is on track, with a trend of values around *now*."""
    value, held = Decimal(now), Decimal(status is Status.ON_TRACK)
    points = tuple(
        TrendPoint(
            day=FIRST + timedelta(days=step),
            value=value + value * Decimal(_SWAY[step // 3 % 17]) / 64 if step < 65 else value,
            progress=held,
            expected=None,
            status=status,
        )
        for step in range(66)
    )
    return key_result(
        id,
        value=value,
        goal="keep",
        baseline=None,
        target=None,
        progress=held,
        expected=None,
        gap=None,
        change_7d=None,
        status=status,
        trend=points,
        **changes,
    )


def objective(id: str, *key_results: KeyResultLine, **changes: Any) -> ObjectiveLine:
    """Return an objective over *key_results* whose counts follow from them."""
    fields: dict[str, Any] = {
        "id": id,
        "title": id.replace("_", " ").capitalize(),
        "owner": "ada.okafor@fernhill.example",
        "level": "company",
        "why": None,
        "cycle": "fy26_q3",
        "start_on": FIRST,
        "end_on": LAST,
        "progress": Decimal("0.55"),
        "status": Status.ON_TRACK,
        "counted": sum(line.progress is not None for line in key_results),
        "declared": len(key_results),
        "key_results": key_results,
    }
    return ObjectiveLine(**{**fields, **changes})


def report(*objectives: ObjectiveLine, **changes: Any) -> Report:
    """Return a report of the project fernhill over *objectives*, every source in good order."""
    fields: dict[str, Any] = {
        "project": "fernhill",
        "zone": "Europe/Berlin",
        "as_of": AS_OF,
        "known_at": AS_OF + timedelta(minutes=1),
        "snapshot": "7c1e09b2" * 8,
        "seq": 812,
        "head": "a91f5b20" * 8,
        "config_digest": "0d3c77aa" * 8,
        "objectives": objectives,
        "sources": (
            SourceLine(
                id="crm", connector="salesforce", newest_at=AS_OF - timedelta(minutes=19), problem=None
            ),
        ),
        "failed_checks": (),
        "not_ready": (),
    }
    return Report(**{**fields, **changes})


def report_of(*key_results: KeyResultLine, **changes: Any) -> Report:
    """Return a report with one objective over *key_results*."""
    return report(objective("grow", *key_results), **changes)


def many_key_results(count: int) -> Report:
    """Return a report of *count* key results, ten an objective, spread over the statuses."""
    spread = (Status.ON_TRACK, Status.ON_TRACK, Status.AT_RISK, Status.OFF_TRACK, Status.REACHED)
    lines = [
        reaching(
            f"team{n // 10}.kr{n}",
            now=str(100 + (n * 37) % 900),
            start="100",
            to="1000",
            status=spread[n % 5],
            indicator="leading" if n % 3 else "lagging",
        )
        for n in range(count)
    ]
    return report(*(objective(f"team{n // 10}", *lines[n : n + 10]) for n in range(0, count, 10)))
