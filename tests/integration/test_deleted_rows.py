"""Rows that their source marks as deleted: gone from every number, and back when the mark is taken off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from project_builder import ProjectFolder, day

from okr_pipeline.definition import reading_hash
from okr_pipeline.model.metric import Dataset, Source
from okr_pipeline.warehouse import landing
from okr_pipeline.warehouse.database import Database, Settings

FLAGGED = Dataset(
    id="crm.deals",
    source="crm",
    columns={"id": "string", "n": "integer", "gone": "boolean"},
    key=("id",),
    deleted="gone",
)
STAMPED = replace(FLAGGED, columns={**FLAGGED.columns, "gone": "timestamp"})
MARKS = {"boolean": pa.bool_(), "timestamp": pa.timestamp("us", "UTC")}
Rows = Mapping[str, tuple[int, bool | None]]

quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
states = st.dictionaries(
    st.sampled_from("abcd"), st.tuples(st.integers(0, 2), st.sampled_from([True, False, None])), max_size=4
)


@pytest.fixture(name="db")
def _db(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "w.duckdb", settings=Settings(threads=2), readable=[tmp_path]) as db:
        yield db


def land(db: Database, dataset: Dataset, rows: Rows, *, load: int, full: bool, folder: Path) -> Any:
    mark: Any = {"boolean": lambda gone: gone, "timestamp": lambda gone: 0 if gone else None}
    kind = dataset.columns["gone"]
    found = [{"id": id, "n": n, "gone": mark[kind](gone)} for id, (n, gone) in rows.items()]
    path = folder / f"{load}.parquet"
    schema = pa.schema({"id": pa.string(), "n": pa.int64(), "gone": MARKS[kind]})
    pq.write_table(pa.Table.from_pylist(found, schema), path)
    with db.transaction():
        return landing.land(db, dataset, load=load, extract=path, full=full)


def state(db: Database, load: int) -> Counter[tuple[str, int]]:
    rows = db.rows(f"SELECT id, n FROM {landing.state_at(FLAGGED.id, load)}")
    return Counter((row["id"], row["n"]) for row in rows)


@quick
@given(
    reads=st.lists(st.tuples(st.booleans(), states), min_size=1, max_size=6),
    dataset=st.sampled_from([FLAGGED, STAMPED]),
)
def test_no_state_holds_a_row_that_is_marked(
    db: Database, tmp_path: Path, reads: list[tuple[bool, Rows]], dataset: Dataset
) -> None:
    """Full and incremental reads alike close what is marked and bring back what no longer is."""
    landing.prepare(db, [dataset])
    landing.start_over(db, dataset)
    model: dict[str, int] = {}
    for load, (full, rows) in enumerate(reads, start=1):
        before = len(model)
        landed = land(db, dataset, rows, load=load, full=full, folder=tmp_path)
        kept = {} if full else {id: n for id, n in model.items() if id not in rows}
        model = {**kept, **{id: n for id, (n, gone) in rows.items() if not gone}}
        assert Counter(model.items()) == state(db, load)
        assert (before, len(model)) == (landed.before, landed.after)
        assert landed.after - landed.before == landed.new - landed.gone


def test_counts_tell_gone_from_amended(db: Database, tmp_path: Path) -> None:
    """One row marked, one changed and one new in an increment are counted as what they are."""
    landing.prepare(db, [FLAGGED])
    land(db, FLAGGED, {"a": (1, False), "b": (1, None)}, load=1, full=True, folder=tmp_path)
    changes: Rows = {"a": (1, True), "b": (2, False), "c": (1, False), "d": (9, True)}
    landed = land(db, FLAGGED, changes, load=2, full=False, folder=tmp_path)
    assert landing.Landed(new=1, amended=1, gone=1, before=2, after=2) == landed


def test_declaring_the_mark_reads_everything_again() -> None:
    """`deleted` is part of how a dataset is read; datasets without one keep the hash they had."""
    source, without = Source(id="crm", connector="files", connection={}), replace(FLAGGED, deleted=None)
    assert reading_hash(FLAGGED, source) != reading_hash(without, source)
    before = "611c4ea52a3da3e6ee96a4e405d2e112f38765f97898fc6358b4ec313ac65e93"
    assert before == reading_hash(without, source)


DEALS = ["id,amount,won,closed_on,changed_at,is_deleted"]


def deal(id: str, amount: int, changed: int, *, deleted: bool) -> str:
    return f"{id},{amount},true,2026-08-01,2026-08-{changed:02}T08:00:00Z,{str(deleted).lower()}"


@pytest.mark.fault(23, on="files")
def test_a_deal_deleted_and_restored_counts_only_in_between(tmp_path: Path) -> None:
    """A soft-deleted deal leaves its key result with the next increment, and an undelete brings it back."""
    project = ProjectFolder(tmp_path)
    project.dataset["columns"] |= {"changed_at": "timestamp", "is_deleted": "boolean"}
    project.dataset.update(cursor="changed_at", deleted="is_deleted")
    seen = []
    for number, rows in (
        (
            3,
            [
                deal("a", 100, 2, deleted=False),
                deal("b", 30, 2, deleted=True),
                deal("c", 7, 3, deleted=False),
            ],
        ),
        (5, [deal("a", 100, 4, deleted=True)]),
        (7, [deal("a", 101, 6, deleted=False)]),
    ):
        project.csv("crm/deals", DEALS + rows)
        seen.append(int(project.seen_at(day(number))["won"].value or 0))
    modes = [entry.body["mode"] for entry in project.entries("receipt")]
    assert ([107, 7, 108], ["full", "incremental", "incremental"]) == (seen, modes)
