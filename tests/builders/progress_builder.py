"""Key results of one objective, measured on days of a short cycle, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from okr_pipeline.findings import Baseline, Good, Measurement
from okr_pipeline.model.calendar import Calendar, Cycle
from okr_pipeline.model.goal import Bounds, Goal, Keep, Reach
from okr_pipeline.model.metric import Aggregate, Dataset, Metric, Source
from okr_pipeline.model.observation import ObjectiveObservation, Observation, State, Status
from okr_pipeline.model.okr import KeyResult, Objective, Project
from okr_pipeline.model.people import CheckIn
from okr_pipeline.model.policy import POLICIES, Policy
from okr_pipeline.progress import observe
from okr_pipeline.roll_up import roll_up
from okr_pipeline.warehouse.database import Database
from okr_pipeline.warehouse.question import Answer

CALENDAR = Calendar(ZoneInfo("Europe/Berlin"))
FIRST = date(2026, 1, 1)
NINE = Decimal("0.000000001")
Number = Decimal | str | int


def reach(start: Number = 0, to: Number = 100, **more: Any) -> Reach:
    """Return a goal from *start* to *to*."""
    return Reach(baseline=Decimal(start), target=Decimal(to), **more)


def bounds(text: str) -> Bounds:
    """Return the bounds of `<= 2`, `> 8` or `4..5`."""
    if ".." in text:
        low, high = text.split("..")
        return Bounds(low=Decimal(low), high=Decimal(high))
    sign, number = text.split()
    side = "low" if sign[0] == ">" else "high"
    return Bounds(**{side: Decimal(number), f"{side}_inclusive": sign.endswith("=")})  # type: ignore[arg-type]


def keep(text: str, **more: Any) -> Keep:
    """Return a goal that keeps inside the bounds of *text*."""
    return Keep(bounds=bounds(text), **more)


def key_result(goal: Goal, name: str = "kr", **more: Any) -> KeyResult:
    """Return a key result of objective `o`, on metric `m.x`."""
    fields: dict[str, Any] = {
        "id": f"o.{name}",
        "objective": "o",
        "title": name,
        "metric": "m.x",
        "goal": goal,
        "indicator": "lagging",
    }
    return KeyResult(**{**fields, **more})


def project(
    *key_results: KeyResult,
    days: int = 100,
    first: date = FIRST,
    policy: Policy | str = "pace",
    objectives: Sequence[Objective] = (),
    **more: Any,
) -> Project:
    """Return a project of one objective with *key_results* in a cycle of *days*, and *objectives*."""
    of = Objective(id="o", cycle="c", title="O", key_results=key_results, **more)
    metric = Metric(id="m.x", measure=Aggregate(dataset="s.d", value="sum(x)"))
    return Project(
        id="p",
        calendar=CALENDAR,
        cycles={"c": Cycle(id="c", start_on=first, end_on=first + timedelta(days=days - 1))},
        sources={"s": Source(id="s", connector="files", connection={})},
        datasets={"s.d": Dataset(id="s.d", source="s", columns={"x": "integer"})},
        metrics={"m.x": metric},
        objectives={o.id: o for o in (of, *objectives)},
        policy=POLICIES[policy] if isinstance(policy, str) else policy,
    )


def end_of(day: int, *, first: date = FIRST) -> Any:
    """Return the cut at the end of the *day*-th day of the cycle, 1 being its first."""
    return CALENDAR.end_of(first + timedelta(days=day - 1))


def measured(value: Number | None, *, day: int = 50, name: str = "kr", **more: Any) -> Measurement:
    """Return a fresh measurement at the end of a day; of *parts*, where they are given."""
    state = State.OK if value is not None or more.get("parts") else State.NO_DATA
    answer = Answer(
        None if value is None else Decimal(value), state, None if state is State.OK else "no rows match"
    )
    fields: dict[str, Any] = {
        "key_result": f"o.{name}",
        "cut": end_of(day),
        "answer": answer,
        "gap": None,
        "newest_at": None,
        "loads": {},
        "stocks": {},
    }
    return Measurement(**{**fields, **more})


def said(db: Database, of: Project, measurements: Sequence[Measurement], **more: Any) -> list[Observation]:
    """Return the observations behind *measurements*, in order of key result and time."""
    fields: dict[str, Any] = {"baselines": {}, "earlier": ()}
    return observe(db, of, measurements, **{**fields, **more})


def held(
    db: Database,
    goal: Goal,
    value: Number | None,
    *,
    day: int = 50,
    policy: Policy | str = "pace",
    **more: Any,
) -> Observation:
    """Return what is said of one measurement of *goal*."""
    return said(db, project(key_result(goal, **more), policy=policy), [measured(value, day=day)])[0]


def each(
    db: Database, cases: Sequence[tuple[Goal, Number | None]], *, day: int = 50, days: int = 100,
    policy: Policy | str = "pace", **more: Any,
) -> list[Observation]:  # fmt: skip
    """Return what is said of several goals, each with one value, in one statement."""
    names = [f"kr{n:04}" for n in range(len(cases))]
    of = project(
        *(key_result(goal, name, **more) for name, (goal, _) in zip(names, cases, strict=True)),
        policy=policy,
        days=days,
    )
    return said(db, of, [measured(v, day=day, name=n) for n, (_, v) in zip(names, cases, strict=True)])


def series(
    db: Database, goal: Goal, values: Mapping[int, Number | None], *, policy: Policy | str = "pace",
    days: int = 100, **more: Any,
) -> list[Observation]:  # fmt: skip
    """Return what is said of *values*, by days of the cycle."""
    of = project(key_result(goal, **more), policy=policy, days=days)
    return said(db, of, [measured(value, day=day) for day, value in values.items()])


def goods(observations: Sequence[Observation]) -> list[Good]:
    """Return the good ones of *observations*, as a ledger gives them back."""
    return [Good(o.key_result, o.as_of, o.value, o.parts) for o in observations if o.state is State.OK]


def frozen(value: Number | None, reason: str | None = None, since: date | None = None) -> Baseline:
    """Return a baseline."""
    return Baseline(None if value is None else Decimal(value), reason, since)


def rolled_up(
    db: Database,
    parts: Sequence[tuple[Any, ...]],
    *,
    roll_up_by: str = "mean",
    status_roll_up: str = "worst",
    policy: Policy | str = "pace",
) -> ObjectiveObservation:
    """Return the roll-up of *parts*: progress, weight and, if given, status and expected."""
    key_results, observations = [], []
    for n, (progress, weight, *more) in enumerate(parts):
        key_results.append(key_result(reach(), name=f"kr{n}", weight=Decimal(weight)))
        observations.append(
            Observation(
                key_result=f"o.kr{n}",
                as_of=end_of(50),
                state=State.OK,
                status=Status(more[0] if more else "on_track"),
                definition="",
                progress=None if progress is None else Decimal(progress),
                expected=Decimal(more[1]) if len(more) > 1 else Decimal("0.5"),
            )
        )
    of = project(*key_results, policy=policy, roll_up=roll_up_by, status_roll_up=status_roll_up)
    return roll_up(db, of, observations)[0]


def done(milestone: str, *, on: int, name: str = "kr") -> CheckIn:
    """Return a check-in that says on a day of the cycle that *milestone* is done."""
    return CheckIn(
        key_result=f"o.{name}", on=FIRST + timedelta(days=on - 1), author="a@b.example", done=(milestone,)
    )
