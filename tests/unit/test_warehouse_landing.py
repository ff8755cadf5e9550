"""Landing tables against a model in Python: the state after every load stays what it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from okr_pipeline.model.metric import Dataset
from okr_pipeline.warehouse import landing
from okr_pipeline.warehouse.database import Database, Settings

KEYED = Dataset(id="crm.deals", source="crm", columns={"id": "string", "n": "integer"}, key=("id",))
KEYLESS = Dataset(id="crm.deals", source="crm", columns={"id": "string", "n": "integer"})
Rows = Mapping[str, int | None]

quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
states = st.dictionaries(st.sampled_from("abcd"), st.none() | st.integers(0, 3), max_size=4)


@pytest.fixture(name="db")
def _db(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "w.duckdb", settings=Settings(threads=2), readable=[tmp_path]) as db:
        yield db


def written(folder: Path, rows: Sequence[Mapping[str, Any]], schema: pa.Schema | None = None) -> Path:
    path = folder / f"{len(list(folder.glob('*.parquet')))}.parquet"
    pq.write_table(
        pa.Table.from_pylist(list(rows), schema or pa.schema({"id": pa.string(), "n": pa.int64()})), path
    )
    return path


def as_rows(state: Rows) -> list[dict[str, Any]]:
    return [{"id": id, "n": n} for id, n in state.items()]


def state(db: Database, dataset: Dataset, load: int) -> Counter[tuple[Any, ...]]:
    names = list(dataset.columns)
    rows = db.rows(f"SELECT * FROM {landing.state_at(dataset.id, load)}")
    return Counter(tuple(row[name] for name in names) for row in rows)


def fresh(db: Database, dataset: Dataset) -> None:
    landing.prepare(db, [dataset])
    landing.start_over(db, dataset)


@quick
@given(reads=st.lists(st.tuples(st.booleans(), states), min_size=1, max_size=7))
def test_the_state_after_every_load_stays_readable(
    db: Database, tmp_path: Path, reads: list[tuple[bool, Rows]]
) -> None:
    """Full reads replace, others add and amend by key; no later load changes an earlier state."""
    fresh(db, KEYED)
    model: list[dict[str, int | None]] = [{}]
    for load, (full, rows) in enumerate(reads, start=1):
        with db.transaction():
            landing.land(db, KEYED, load=load, extract=written(tmp_path, as_rows(rows)), full=full)
        model.append(dict(rows) if full else {**model[-1], **rows})
    expected = [Counter(after.items()) for after in model[1:]]
    assert [state(db, KEYED, load) for load in range(1, len(model))] == expected


@quick
@given(
    reads=st.lists(
        st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 1)), max_size=4), min_size=1, max_size=5
    )
)
def test_rows_without_a_key_are_counted(
    db: Database, tmp_path: Path, reads: list[list[tuple[str, int]]]
) -> None:
    """Without a key every read replaces the whole, and equal rows count as often as they occur."""
    fresh(db, KEYLESS)
    for load, rows in enumerate(reads, start=1):
        extract = written(tmp_path, [{"id": id, "n": n} for id, n in rows])
        with db.transaction():
            landing.land(db, KEYLESS, load=load, extract=extract, full=True)
    assert [state(db, KEYLESS, load) for load in range(1, len(reads) + 1)] == [
        Counter(rows) for rows in reads
    ]


@quick
@given(before=states, after=states, full=st.booleans())
def test_changes_are_counted(db: Database, tmp_path: Path, before: Rows, after: Rows, full: bool) -> None:
    """New, amended and gone rows are told apart by key; before and after count the state."""
    fresh(db, KEYED)
    landing.land(db, KEYED, load=1, extract=written(tmp_path, as_rows(before)), full=True)
    found = landing.land(db, KEYED, load=2, extract=written(tmp_path, as_rows(after)), full=full)
    gone = len(before.keys() - after.keys()) if full else 0
    assert (found.new, found.amended, found.gone) == (
        len(after.keys() - before.keys()),
        sum(1 for id in before.keys() & after.keys() if before[id] != after[id]),
        gone,
    )
    assert (found.before, found.after) == (len(before), len(before) + found.new - found.gone)


@quick
@given(split=st.integers(0, 4), rows=states)
def test_a_read_in_two_halves_is_one_read(db: Database, tmp_path: Path, split: int, rows: Rows) -> None:
    """Landing a part and then the rest, overlapping, comes to the same rows as landing it whole."""
    fresh(db, KEYED)
    everything = as_rows(rows)
    for load, part in enumerate([everything[:split], everything[max(split - 1, 0) :]], start=1):
        landing.land(db, KEYED, load=load, extract=written(tmp_path, part), full=load == 1)
    assert state(db, KEYED, 2) == Counter(rows.items())


def test_a_row_that_comes_back_is_there_again(db: Database, tmp_path: Path) -> None:
    """Gone in the second load, back in the third, with all three states kept."""
    fresh(db, KEYED)
    for load, rows in enumerate([{"a": 1}, {}, {"a": 1}], start=1):
        landing.land(db, KEYED, load=load, extract=written(tmp_path, as_rows(rows)), full=True)
    assert [len(state(db, KEYED, load)) for load in (1, 2, 3)] == [1, 0, 1]


def test_a_full_read_is_the_state_whatever_was_doubled_before(db: Database, tmp_path: Path) -> None:
    """A key that once came twice leaves no second row behind."""
    fresh(db, KEYED)
    landing.land(
        db, KEYED, load=1, extract=written(tmp_path, [*as_rows({"a": 1}), {"id": "a", "n": 2}]), full=True
    )
    landing.land(db, KEYED, load=2, extract=written(tmp_path, as_rows({"a": 1})), full=True)
    assert state(db, KEYED, 2) == Counter([("a", 1)])


@pytest.mark.parametrize(
    ("rows", "surplus"),
    [
        ([("a", 1), ("b", 1)], 0),
        ([("a", 1), ("a", 2)], 1),
        ([("a", 1), ("a", 1), ("a", 1)], 2),
        ([(None, 1), ("a", 1)], 1),
        ([(None, 1), (None, 2)], 2),
        ([], 0),
    ],
)
def test_doubled_and_empty_keys_are_counted(
    db: Database, tmp_path: Path, rows: list[tuple[str | None, int]], surplus: int
) -> None:
    """Every row beyond the first of a key counts, and every row without one."""
    extract = written(tmp_path, [{"id": id, "n": n} for id, n in rows])
    assert landing.duplicate_keys(db, KEYED, extract) == surplus


def test_a_failed_transaction_leaves_nothing(db: Database, tmp_path: Path) -> None:
    """What was merged in it is not there, and the load's number is free."""
    fresh(db, KEYED)
    with suppress(ZeroDivisionError), db.transaction():
        landing.land(db, KEYED, load=1, extract=written(tmp_path, as_rows({"a": 1})), full=True)
        raise ZeroDivisionError
    assert (landing.landed_loads(db), state(db, KEYED, 1)) == (set(), Counter())


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"id": "string", "n": "integer", "new": "date"}, ("a", 1, None)),
        ({"id": "string"}, ("a",)),
        ({"n": "integer", "id": "string"}, (1, "a")),
        ({"id": "string", "n": "string"}, ("a", "1")),
        ({"id": "integer", "n": "integer"}, (None, 1)),
        ({"id": "string", "n": "date"}, ("a", None)),
        ({"id": "date", "n": "boolean"}, (None, True)),
    ],
)
def test_an_extract_read_under_other_columns(
    db: Database, tmp_path: Path, columns: dict[str, str], expected: tuple[Any, ...]
) -> None:
    """What is declared since is empty; what does not fit its new type is empty, too, and stops nothing."""
    declared = Dataset(id="crm.deals", source="crm", columns=columns, key=())
    extract = written(tmp_path, as_rows({"a": 1}))
    fresh(db, declared)
    landing.land(db, declared, load=1, extract=extract, full=True)
    assert state(db, declared, 1) == Counter([expected])


def test_a_new_key_column_is_no_key_of_an_old_extract(db: Database, tmp_path: Path) -> None:
    """The rows read before it was declared lack it, and are counted so."""
    declared = Dataset(
        id="crm.deals", source="crm", columns={"id": "string", "eu": "string"}, key=("id", "eu")
    )
    assert landing.duplicate_keys(db, declared, written(tmp_path, as_rows({"a": 1, "b": 2}))) == 2


def test_another_shape_makes_the_table_anew(db: Database) -> None:
    """Its loads are forgotten, so that they are landed again."""
    landing.prepare(db, [KEYED])
    db.run("INSERT INTO landing._loads VALUES ('crm.deals', 1, 'x')")
    assert (landing.prepare(db, [KEYLESS]), landing.landed_loads(db)) == (["crm.deals"], set())


def test_datasets_never_share_a_table() -> None:
    """Ids that differ in the place of their dot alone are two tables."""
    assert landing.table_of("a.b__c") != landing.table_of("a__b.c")


def test_the_newest_value_is_no_plan(db: Database, tmp_path: Path) -> None:
    """A date beyond the reading says nothing of how fresh the data is; on the day itself it does."""
    declared = Dataset(id="crm.deals", source="crm", columns={"id": "string", "on": "date"})
    days = {"a": date(2026, 8, 1), "b": date(2026, 8, 3), "c": date(2027, 1, 1)}
    rows = [{"id": id, "on": on} for id, on in days.items()]
    fresh(db, declared)
    schema = pa.schema({"id": pa.string(), "on": pa.date32()})
    landing.land(db, declared, load=1, extract=written(tmp_path, rows, schema), full=True)
    found = [landing.newest(db, "crm.deals", "on", load=1, until=date(2026, 8, day)) for day in (2, 3, 4)]
    assert found == [date(2026, 8, 1), date(2026, 8, 3), date(2026, 8, 3)]


def test_the_newest_instant_is_in_utc(db: Database, tmp_path: Path) -> None:
    """Whatever zone the warehouse is set to; at the bound counts, after it does not."""
    declared = Dataset(id="crm.deals", source="crm", columns={"at": "timestamp"})
    noon = datetime(2026, 8, 1, 12, tzinfo=UTC)
    fresh(db, declared)
    schema = pa.schema({"at": pa.timestamp("us", "UTC")})
    landing.land(db, declared, load=1, extract=written(tmp_path, [{"at": noon}], schema), full=True)
    assert landing.newest(db, "crm.deals", "at", load=1, until=noon) == noon
    assert landing.newest(db, "crm.deals", "at", load=1, until=noon.replace(hour=11)) is None
