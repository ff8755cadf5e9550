"""How progress becomes a status and a grade: rows of parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    How progress becomes a status: a row of parameters.

    *basis* is what the thresholds are compared with: `gap` (progress - expected, in ratios),
    `expected` (progress >= threshold x expected), `elapsed` (progress >= threshold x elapsed
    share), `progress` (progress itself). At or above *on_track* is on track, at or above
    *at_risk* is at risk, else off track; *strict* thresholds must be exceeded. *day_count*
    `from_zero` is 0 on a cycle's first day. *keep_strict* puts a value equal to a bound outside.
    A status is published once it has held for *dwell* days.
    """

    name: str = "pace"
    basis: Literal["gap", "expected", "elapsed", "progress"] = "gap"
    on_track: Decimal = Decimal("-0.10")
    at_risk: Decimal = Decimal("-0.25")
    on_track_strict: bool = False
    at_risk_strict: bool = False
    day_count: Literal["inclusive", "from_zero"] = "inclusive"
    keep_strict: bool = False
    dwell: int = 1


POLICIES: Mapping[str, Policy] = {
    policy.name: policy
    for policy in (
        Policy(),
        Policy(
            name="viva",
            on_track=Decimal(0),
            at_risk=Decimal("-0.25"),
            day_count="from_zero",
            keep_strict=True,
        ),
        Policy(name="engagedly", on_track=Decimal("-0.165"), on_track_strict=True, at_risk=Decimal("-0.33")),
        Policy(name="upraise", basis="expected", on_track=Decimal("0.95"), at_risk=Decimal("0.75")),
        Policy(name="mooncamp", basis="elapsed", on_track=Decimal("0.90"), at_risk=Decimal("0.70")),
        Policy(name="servicenow", basis="progress", on_track=Decimal("0.90"), at_risk=Decimal("0.75")),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grades:
    """Where the grades 2, 3 and 4 begin, as scores."""

    two: Decimal = Decimal("0.25")
    three: Decimal = Decimal("0.5")
    four: Decimal = Decimal("0.7")
