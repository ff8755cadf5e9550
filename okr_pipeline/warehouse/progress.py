"""Progress, expected, gap and status of all key results and cuts, in one statement; and its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from okr_pipeline.warehouse.database import Database


def progress(db: Database, tables: Mapping[str, pa.Table], *, wide: bool) -> pa.Table:
    """
    Return what the header of `progress.sql` describes, from the tables that it names.

    *wide* numbers have up to 38 digits; others fit 64 bits, and so do all differences and quotients.
    """
    rows = {name: tables[name] for name in ("observed", "stood")}
    small = {name: table for name, table in tables.items() if name not in rows}
    with placed(db, small), db.offered(**rows):
        return db.read(progress_sql(wide=wide))


@contextmanager
def placed(db: Database, tables: Mapping[str, pa.Table]) -> Iterator[None]:
    """
    Hold *tables* as temporary ones while the block runs.

    Of those the least and the largest number are known beforehand: rows are joined by their place then, in
    half the time that hashing takes.
    """
    with db.offered(**{f"_{name}": table for name, table in tables.items()}):
        for name in tables:
            db.run(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM _{name}")
    try:
        yield
    finally:
        for name in tables:
            db.run(f"DROP TABLE temp.{name}")


def progress_sql(*, wide: bool) -> str:
    """Return the statement of `progress.sql` for numbers of 128 or 64 bits."""
    return statement("progress.sql").replace("{number}", "HUGEINT" if wide else "BIGINT")


def parts(db: Database, parts: pa.Table) -> pa.Table:
    """Return how far each owner's parts are met, as the header of `parts.sql` describes it and its input."""
    with db.offered(parts=parts):
        return db.read(statement("parts.sql"))


def held(db: Database, days: pa.Table, bands: pa.Table) -> pa.Table:
    """Return how long each key result was inside, as the header of `held.sql` describes it and its inputs."""
    with db.offered(days=days, bands=bands):
        return db.read(statement("held.sql"))


def dwell(db: Database, judged: pa.Table) -> pa.Table:
    """Return the statuses to publish, as the header of `dwell.sql` describes them and their input."""
    with db.offered(judged=judged):
        return db.read(statement("dwell.sql"))


def targets(db: Database, declared: pa.Table) -> pa.Table:
    """Return targets as numbers, as the header of `targets.sql` describes them and their input."""
    with db.offered(declared=declared):
        return db.read(statement("targets.sql"))


def roll_up(db: Database, parts: pa.Table) -> pa.Table:
    """Return one row an objective, as the header of `roll_up.sql` describes it and its input."""
    with db.offered(parts=parts):
        return db.read(statement("roll_up.sql"))


@cache
def statement(name: str) -> str:
    """Return the text of one of the SQL files beside this module."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
