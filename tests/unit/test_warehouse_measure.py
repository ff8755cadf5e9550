"""The same rows give the same digits: at any thread count, in any order, by either strategy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from project_builder import ProjectFolder, files_source

from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.metric import Aggregate, Dataset, Formula, Metric, Ratio
from okr_pipeline.model.okr import Project
from okr_pipeline.warehouse import landing
from okr_pipeline.warehouse.cube import refresh_cubes
from okr_pipeline.warehouse.database import Database, Settings
from okr_pipeline.warehouse.direct import answer_directly, query_text
from okr_pipeline.warehouse.local_day import by_hours, day_sql
from okr_pipeline.warehouse.measure import measure
from okr_pipeline.warehouse.question import Ask
from okr_pipeline.warehouse.sandbox import Sandbox

ROWS = 200_000
WIDE = Dataset(id="crm.deals", source="crm", columns={"x": "decimal(18,4)", "n": "integer", "g": "string"})
VALUES = [
    "sum(x)",
    "sum(x / 3)",
    "sum(x / 100)",
    "avg(x)",
    "sum(x) / sum(n)",
    "median(x)",
    "quantile_cont(x, 0.95)",
    "quantile_disc(x, 0.3)",
    "count(DISTINCT g)",
    "sum(x) FILTER (WHERE x / n > 0.5)",
    "min(x) * max(n)",
]


def filled(threads: int, order: str) -> Database:
    db = Database(None, settings=Settings(threads=threads))
    landing.prepare(db, [WIDE])
    db.run(f"""
        INSERT INTO {landing.table_of(WIDE.id)}
        SELECT CAST(hash(i) % 1000000007 AS BIGINT) * 0.0137,
               1 + i % 97, 'g' || hash(i) % 1013, 1, NULL
        FROM range({ROWS}) t(i) ORDER BY {order}
    """)
    return db


@pytest.mark.parametrize(("threads", "order"), [(2, "i"), (8, "hash(i)"), (1, "i DESC")])
def test_threads_and_order_change_no_digit(threads: int, order: str) -> None:
    """200,000 rows on 1, 2 and 8 threads, sorted three ways."""
    texts = [query_text(Aggregate(dataset=WIDE.id, value=value), WIDE, None, load=1) for value in VALUES]
    with filled(1, "i") as one, filled(threads, order) as other:
        assert [one.rows(text) for text in texts] == [other.rows(text) for text in texts]


@pytest.fixture(scope="module", name="project")
def _project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = ProjectFolder(tmp_path_factory.mktemp("project"))
    columns = {
        "id": "string",
        "amount": "decimal(18,2)",
        "won": "boolean",
        "who": "string",
        "at": "timestamp",
    }
    folder.sources = {"crm": files_source({"deals": {"columns": columns, "key": ["id"], "zone": "UTC"}})}
    flows = {
        "total": {"value": "sum(amount)"},
        "mean": {"value": "avg(amount)"},
        "won": {"value": "sum(amount)", "where": "won"},
        "ours": {"value": "count(*)", "where": "who = 'a' AND NOT won"},
        "share": {"value": "sum(amount) FILTER (WHERE won) / sum(amount)"},
        "named": {"value": "count(who)", "where": "amount > 1"},
        "third": {"value": "sum(amount / 3)", "window": "trailing 3 days"},
        "week": {"value": "count_if(won)", "window": "last complete week"},
        "ever": {"value": "sum(amount)", "window": "all time"},
        "most": {"value": "max(amount)"},
        "people": {"value": "count(DISTINCT who)"},
        "too_large": {"value": f"sum(amount) * 1{'0' * 35}"},
    }
    folder.metrics = {
        "crm": {name: {"dataset": "crm.deals", "time": "at", **flow} for name, flow in flows.items()}
    }
    folder.key_results = {}
    folder.objectives = {}
    return folder.write().workspace().project


# Hypothesis wants bounds without a zone.
instants = st.datetimes(datetime(2026, 7, 30), datetime(2026, 8, 14), timezones=st.just(UTC))  # noqa: DTZ001
cells = st.fixed_dictionaries({
    "amount": st.none() | st.decimals(-50, 50, places=2),
    "won": st.none() | st.booleans(),
    "who": st.none() | st.sampled_from("ab"),
    "at": st.none() | instants,
})  # fmt: skip
SCHEMA = pa.schema({
    "id": pa.string(), "amount": pa.decimal128(18, 2), "won": pa.bool_(), "who": pa.string(),
    "at": pa.timestamp("us", "UTC"),
})  # fmt: skip


@given(
    loads=st.lists(st.lists(cells, max_size=12), min_size=1, max_size=3),
    extra=instants,
)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_cube_answers_like_one_query_each(
    project: Project, tmp_path: Path, loads: list[list[dict[str, Any]]], extra: datetime
) -> None:
    """Every metric at every cut, after loads that amend and delete: the same answer to the last digit."""
    dataset = project.datasets["crm.deals"]
    cuts = [project.calendar.end_of(date(2026, 8, 1) + timedelta(days=n)) for n in range(9)] + [extra]
    settings_ = Settings(zone="Europe/Berlin", threads=2)
    with (
        Database(None, settings=settings_, readable=[tmp_path]) as db,
        Sandbox(tmp_path, settings=settings_) as box,
    ):
        landing.prepare(db, [dataset])
        for load, rows in enumerate(loads, start=1):
            file = tmp_path / "extract.parquet"
            pq.write_table(
                pa.Table.from_pylist([{"id": str(i), **r} for i, r in enumerate(rows)], SCHEMA), file
            )
            landing.land(db, dataset, load=load, extract=file, full=True)
            refresh_cubes(db, project, [dataset.id])
        held = (("crm.deals", len(loads)),)
        asks = [Ask(name, "aug", cut, loads=held) for name in project.metrics for cut in cuts]
        fast = measure(db, project, asks, sandbox=box)
        for ask, answer in zip(asks, fast, strict=True):
            of = project.metrics[ask.metric].measure
            assert isinstance(of, Aggregate)
            assert of.window
            span = project.calendar.span(of.window, cut=ask.cut, cycle=project.cycles["aug"])
            slow = answer_directly(db, Ask(ask.metric, "aug", ask.cut, loads=held, span=span), of, dataset)
            assert (ask.metric, ask.cut, answer) == (ask.metric, ask.cut, slow)


@pytest.fixture(name="tiny")
def _tiny(tmp_path: Path) -> ProjectFolder:
    return ProjectFolder(tmp_path)


def test_one_cut_that_overflows_leaves_the_others(tiny: ProjectFolder) -> None:
    """A formula that is too large on one day is invalid that day alone."""
    tiny.dataset["columns"]["amount"] = "decimal(38,2)"
    tiny.metrics["crm"]["square"] = {"formula": "won * won * won"}
    tiny.key_results = {
        "square": {"title": "s", "metric": "crm.square", "indicator": "leading", "from": 0, "to": 9}
    }
    tiny.csv("crm/deals", ["id,amount,won,closed_on", "a,2,true,2026-08-01", "b,9000000000,true,2026-08-03"])
    tiny.sync_at()
    values = [said["value"] for _, said in sorted(tiny.history().items())][:4]
    assert values == ["8", "8", None, None]


def test_a_date_counts_on_its_day_and_an_instant_before_the_cut(project: Project) -> None:
    """The condition is half-open for instants, and takes a day whole for dates."""
    of = project.metrics["crm.total"].measure
    assert isinstance(of, Aggregate)
    dated = Dataset(
        id="crm.deals", source="crm", columns={**project.datasets["crm.deals"].columns, "at": "date"}
    )
    cut = datetime(2026, 8, 3, 10, tzinfo=UTC)
    assert of.window
    span = project.calendar.span(of.window, cut=cut, cycle=project.cycles["aug"])
    texts = [query_text(of, dataset, span, load=1) for dataset in (project.datasets["crm.deals"], dated)]
    assert "< TIMESTAMPTZ '2026-08-03T10:00:00+00:00'" in texts[0]
    assert "< DATE '2026-08-04'" in texts[1]


def test_values_are_decimals_of_nine_places(project: Project) -> None:
    """Not floats, not more places, not fewer."""
    with filled(2, "i") as db:
        value = db.rows(query_text(Aggregate(dataset=WIDE.id, value="avg(n)"), WIDE, None, load=1))[0][
            "value"
        ]
    assert (type(value), value.as_tuple().exponent) == (Decimal, -9)


@pytest.mark.parametrize("name", ["day", "Edge", "place", "shape", "k0"])
def test_a_column_called_like_a_cell_s_own(tiny: ProjectFolder, name: str) -> None:
    """A text column named `day` is not the day that cells are grouped by."""
    tiny.dataset["columns"][name] = "string"
    tiny.metrics["crm"]["won"]["where"] = f"{name} = '2026-08-05'"
    tiny.csv(
        "crm/deals",
        [f"id,amount,won,closed_on,{name}", *(f"{n},1,true,2026-08-0{n},2026-08-05" for n in "123")],
    )
    tiny.sync_at()
    values = [said["value"] for _, said in sorted(tiny.history().items())]
    assert values == ["1", "2", *["3"] * 8]


@pytest.mark.parametrize("value", ["sum(amount / (amount - 2))", "sum(amount * amount * amount * amount)"])
def test_a_cube_that_cannot_be_made_stops_nothing(tiny: ProjectFolder, value: str) -> None:
    """A row that divides by zero or overflows is the fault of one metric, not of all over its dataset."""
    tiny.metrics["crm"]["bad"] = {"dataset": "crm.deals", "value": value, "time": "closed_on"}
    tiny.key_results["bad"] = {**tiny.key_results["won"], "metric": "crm.bad"}
    tiny.dataset["columns"]["amount"] = "decimal(38,2)"
    tiny.csv("crm/deals", ["id,amount,won,closed_on", "a,2,true,2026-08-01", f"b,{'9' * 15},true,2026-08-02"])
    found = tiny.seen_at()
    assert (found["bad"].state, found["won"].state) == ("invalid", "ok")


OFF_BY_MINUTES = ("Australia/Lord_Howe", "Asia/Kathmandu")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu"])
def test_the_day_of_a_row_is_its_local_day(zone: str) -> None:
    """Offsets written out place every instant of three years on the day that the zone itself says."""
    dataset = Dataset(id="crm.deals", source="crm", columns={"at": "timestamp"})
    with Database(None, settings=Settings(zone=zone)) as db:
        landing.prepare(db, [dataset])
        instants = "TIMESTAMPTZ '2024-12-30 23:00+00' + i * INTERVAL 17 minutes"
        db.run(
            f"INSERT INTO {landing.table_of(dataset.id)} SELECT {instants}, 1, NULL FROM range(93000) t(i)"
        )
        day = day_sql(db, dataset, "at", Calendar(ZoneInfo(zone)))
        local = 'CAST("at" AS DATE)'
        rows, by_hour = by_hours(db, dataset, "at", day) or (landing.table_of(dataset.id), day)
        assert (by_hour == day) == (zone in OFF_BY_MINUTES)
        assert db.rows(f"SELECT * FROM {rows} WHERE {day} <> {local} OR {by_hour} <> {local}") == []


def test_formulas_alike_are_computed_together(project: Project, tmp_path: Path) -> None:
    """Equal expressions over other metrics share a statement, and each keeps its own numbers and reasons."""
    made = {
        "crm.one": Formula(expression="a - b", inputs={"a": "crm.total", "b": "crm.ever"}),
        "crm.two": Formula(expression="a - b", inputs={"a": "crm.ever", "b": "crm.ours"}),
        "crm.part": Ratio(of="crm.ours", to="crm.total"),
        "crm.none": Ratio(of="crm.total", to="crm.mean"),
    }
    metrics = {**project.metrics, **{id: Metric(id=id, measure=of) for id, of in made.items()}}
    project = replace(project, metrics=metrics)
    with (
        Database(None, settings=Settings(), readable=[tmp_path]) as db,
        Sandbox(tmp_path, settings=Settings()) as box,
    ):
        landing.prepare(db, [project.datasets["crm.deals"]])
        at = datetime(2026, 8, 3, 9, tzinfo=UTC)
        rows = [{"id": "x", "amount": Decimal(8), "won": False, "who": "a", "at": at}]
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), tmp_path / "extract.parquet")
        landing.land(
            db, project.datasets["crm.deals"], load=1, extract=tmp_path / "extract.parquet", full=True
        )
        asks = [
            Ask(id, "aug", project.calendar.end_of(day), loads=(("crm.deals", 1),))
            for day in (date(2026, 8, 3), date(2026, 7, 31))
            for id in made
        ]
        found = [(a.value, a.reason) for a in measure(db, project, asks, sandbox=box)]
    nothing = (None, "crm.ever: no rows match")
    assert found == [
        *[(Decimal(n), None) for n in (0, 7)],
        (Decimal("0.125"), None),
        (Decimal(1), None),
        (None, "crm.total: no rows match"),
        nothing,
        *[(None, "crm.total: no rows match")] * 2,
    ]
