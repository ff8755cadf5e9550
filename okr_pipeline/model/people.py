"""What people say and decide beside the numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """Since *on* the key result no longer counts in its objective. It is still measured."""

    on: date
    why: str
    replaced_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """
    One declared change of a goal: *change* is `<key result>.<key>`, *was* and *now* as written.

    *on* is the day it holds from.
    """

    on: date
    change: str
    was: str
    now: str
    why: str
    learned: str | None = None
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionPlan:
    """What follows when an objective is missed, and when it is exceeded."""

    missed: str | None = None
    exceeded: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A status that a person vouches for from the check-in's day to *until*, beside the computed one."""

    status: str
    until: date
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """
    What a person said of a key result *on* a day. *confidence* is 0..1.

    *value* is the number of a `Manual` goal; *done* are ids of milestones done by that day.
    """

    key_result: str
    on: date
    author: str
    confidence: Decimal | None = None
    note: str | None = None
    value: Decimal | None = None
    done: tuple[str, ...] = ()
    override: Override | None = None
    at: str = field(default="", compare=False)
