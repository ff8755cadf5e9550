"""Progress, expected, gap and status of every key result and cut, in one statement; and roll-ups."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from okr_pipeline.warehouse.database import Database


def progress(db: Database, *, observed: pa.Table, defined: pa.Table) -> pa.Table:
    """Return one row a (key_result, cut), as the header of `progress.sql` describes it and its inputs."""
    with db.offered(observed=observed, defined=defined):
        return db.read(statement("progress.sql"))


def roll_up(db: Database, parts: pa.Table) -> pa.Table:
    """Return one row an objective, as the header of `roll_up.sql` describes it and its input."""
    with db.offered(parts=parts):
        return db.read(statement("roll_up.sql"))


@cache
def statement(name: str) -> str:
    """Return the text of one of the SQL files beside this module."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
