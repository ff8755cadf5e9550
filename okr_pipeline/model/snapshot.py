"""All key results at one as-of, immutable: what every publication is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from okr_pipeline.model.observation import CheckResult, ObjectiveObservation, Observation
from okr_pipeline.model.report import SourceLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """
    All key results of a project at one as-of, immutable.

    *id* is the SHA-256 of its contents; *seq* and *head* place it in the ledger. *known_at* is
    when it was recorded. *checks* are those that failed. *read_otherwise* counts, by key result, the
    past days that keep the number of another target, and would read another value by now.
    """

    id: str
    project: str
    as_of: datetime
    known_at: datetime
    config_digest: str
    key_results: tuple[Observation, ...]
    objectives: tuple[ObjectiveObservation, ...]
    sources: tuple[SourceLine, ...]
    checks: tuple[CheckResult, ...]
    seq: int
    head: str
    read_otherwise: Mapping[str, int] = field(default_factory=dict)
