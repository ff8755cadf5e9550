"""
Many additive metrics over many landed rows: one scan, cube cold and warm, one query each, and their past.

    python tests/benchmarks/measure_speed.py [--rows 10000000]

Prints CPU seconds and ratios within this run. "scan" is one SELECT that reads the columns that the
cube reads, time included, and sums the measured ones by those that the metrics filter on; all else is
given in scans. Exits with 1 if a bound is missed.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pyarrow as pa

from okr_pipeline.model.calendar import Calendar, Cycle, CycleToDate, ToDate, Trailing, Window
from okr_pipeline.model.goal import Reach
from okr_pipeline.model.metric import Aggregate, Dataset, Metric
from okr_pipeline.model.okr import KeyResult, Objective, Project
from okr_pipeline.progress.tables import terms_tables
from okr_pipeline.progress.terms import terms_of
from okr_pipeline.warehouse.cube import cube_table, read_cubes, refresh_cubes
from okr_pipeline.warehouse.database import Database, Settings
from okr_pipeline.warehouse.direct import answer_directly
from okr_pipeline.warehouse.landing import prepare, table_of
from okr_pipeline.warehouse.measure import measure
from okr_pipeline.warehouse.measure import placed as ask_placed
from okr_pipeline.warehouse.progress import placed, progress_sql
from okr_pipeline.warehouse.question import Ask
from okr_pipeline.warehouse.sandbox import Sandbox
from okr_pipeline.warehouse.series import Series

DAYS = 730
FIRST = date(2025, 1, 1)
REGIONS, PLANS = 10, 2
CALENDAR = Calendar(ZoneInfo("Europe/Berlin"))
CYCLE = Cycle(id="two_years", start_on=FIRST, end_on=FIRST + timedelta(days=DAYS - 1))
SCAN = f"""
    SELECT region, plan, max(sold_at), sum(amount), sum(seconds), count(*)
    FROM {table_of("shop.orders")} GROUP BY ALL
"""
DATASET = Dataset(
    id="shop.orders",
    source="shop",
    columns={
        "id": "integer",
        "sold_at": "timestamp",
        "region": "string",
        "plan": "string",
        "seconds": "integer",
        "customer": "integer",
        "amount": "decimal(18,2)",
    },
    key=("id",),
)


def fill(db: Database, rows: int) -> None:
    """Land *rows* rows over the cycle, with amounts, regions, plans and channels spread evenly."""
    prepare(db, [DATASET])
    start = CALENDAR.midnight(FIRST).isoformat()
    db.run(f"""
        INSERT INTO {table_of(DATASET.id)}
        SELECT n, TIMESTAMPTZ '{start}' + to_seconds(CAST(hash(n) % {DAYS * 86_400} AS BIGINT)),
               'region ' || CAST(hash(n, 1) % {REGIONS} AS INTEGER),
               'plan ' || CAST(hash(n, 2) // 64 % {PLANS} AS INTEGER),
               CAST(hash(n, 3) % 1000 AS BIGINT), CAST(hash(n, 4) % 100000 AS BIGINT),
               CAST(CAST(hash(n, 5) % 100000 AS INTEGER) * 0.01 AS DECIMAL(18, 2)), 1, NULL
        FROM range({rows}) AS t(n)
    """)
    db.run("INSERT INTO landing._loads (dataset, load, extract) VALUES ('shop.orders', 1, 'benchmark')")


def metrics_of(
    count: int, values: Sequence[str], windows: Sequence[Window] | None = None
) -> dict[str, Metric]:
    """Return *count* metrics: every combination of windows, values and filters, over and over."""
    tests = [
        [None, *(f"region = 'region {i}'" for i in range(REGIONS))],
        [None, *(f"plan = 'plan {i}'" for i in range(PLANS))],
    ]
    wheres = [" AND ".join(filter(None, some)) or None for some in itertools.product(*tests)]
    metrics = {}
    kinds = list(itertools.product(windows or WINDOWS, values, wheres))
    for n in range(count):
        window, value, where = kinds[n % len(kinds)]
        of = Aggregate(dataset=DATASET.id, value=value, where=where, time="sold_at", window=window)
        metrics[f"shop.m{n}"] = Metric(id=f"shop.m{n}", measure=of)
    return metrics


ADDITIVE = (
    "sum(amount)",
    "count(*)",
    "sum(amount) / count(*)",
    "sum(seconds)",
    "sum(seconds) / 60",
    "avg(amount)",
)
WINDOWS = (CycleToDate(), ToDate("month"), ToDate("quarter"), ToDate("year"), Trailing(28))
MANY_WINDOWS = (*WINDOWS, *(Trailing(days) for days in range(1, 48) if days != 28))
MIXED = (*ADDITIVE, "count(distinct customer)", "quantile_cont(amount, 0.5)")


def project_of(metrics: dict[str, Metric]) -> Project:
    """Return a project of nothing but *metrics*."""
    return Project(
        id="bench",
        calendar=CALENDAR,
        cycles={CYCLE.id: CYCLE},
        sources={},
        datasets={DATASET.id: DATASET},
        metrics=metrics,
        objectives={},
    )


def cpu(work: Callable[[], object], *, times: int = 3) -> float:
    """Return the least CPU seconds of *work*."""
    spent = []
    for _ in range(times):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    return min(spent)


def main() -> int:
    """Fill a warehouse, measure every way, print; 1 if a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    with TemporaryDirectory() as folder:
        file = Path(folder) / "warehouse.duckdb"
        settings = Settings(zone="Europe/Berlin")
        with Database(file, settings=settings) as db:
            fill(db, rows)
            missed = run(db, Sandbox(file, settings=settings), rows)
    print("missed: " + "; ".join(missed) if missed else "no bound is missed")
    return int(bool(missed))


def run(db: Database, sandbox: Sandbox, rows: int) -> list[str]:
    """Measure and print every figure; return those that miss their bound."""
    as_of = CALENDAR.end_of(CYCLE.end_on)
    thousand, ten_thousand, different = (
        project_of(metrics_of(*how))
        for how in ((1_000, ADDITIVE), (10_000, ADDITIVE), (10_000, ADDITIVE, MANY_WINDOWS))
    )
    scan = cpu(lambda: db.read(SCAN), times=8)
    print(f"{rows:,} rows; one scan of the same columns {scan:.3f} s CPU")

    def ask(project: Project) -> list[Ask]:
        return [Ask(id, CYCLE.id, as_of, ((DATASET.id, 1),)) for id in project.metrics]

    def cold() -> None:
        db.run("DROP SCHEMA IF EXISTS cube CASCADE")
        refresh_cubes(db, thousand, [DATASET.id])
        measure(db, thousand, ask(thousand), sandbox=sandbox)

    def warm(project: Project) -> float:
        asks = ask(project)
        return cpu(lambda: measure(db, project, asks, sandbox=sandbox), times=5)

    few = ask(thousand)[::40]
    each = cpu(lambda: one_by_one(db, thousand, few), times=1) / len(few)
    first = cpu(cold, times=8)
    warm_1, warm_10, warm_different = map(warm, (thousand, ten_thousand, different))
    cells = db.rows(f"SELECT count(*) AS n FROM {cube_table(DATASET.id, 'sold_at')}")[0]["n"]
    print(f"{cells:,} cells; one query each: {each * 1000:.1f} ms CPU")
    values, finished = map(min, zip(*(past(db, ten_thousand) for _ in range(3)), strict=True))
    told = [
        ("1,000 metrics today, cold, scans", first / scan, 3),
        ("1,000 metrics today, warm, scans", warm_1 / scan, 1),
        ("10,000 metrics today, warm, scans", warm_10 / scan, None),
        ("10,000 metrics of 51 windows, all different, warm, scans", warm_different / scan, None),
        ("10,000 warm, part of one query each", warm_10 / (each * 10_000), 1 / 150),
        ("growth exponent from 1,000 to 10,000 metrics", log(warm_10 / warm_1, 10), 0.15),
        ("growth exponent to 10,000 all different", log(warm_different / warm_1, 10), None),
        ("values of 10,000 metrics x 730 days, scans", values / scan, None),
        ("the same with progress and status, scans", finished / scan, 12),
        ("50 mixed with distinct and quantiles, times one query each", mixed(db, sandbox, as_of), 1.2),
    ]
    return [what for what, seen, bound in told if tell(what, seen, bound)]


def tell(what: str, seen: float, bound: float | None) -> bool:
    """Print one figure with its bound; return whether it is missed."""
    limit = "" if bound is None else f"   bound {bound:.4g}"
    print(f"{what:<60}{seen:9.4f}{limit}")
    return bound is not None and seen > bound


def past(db: Database, project: Project) -> tuple[float, float]:
    """
    Keep every metric's value, and its progress and status, at the end of every day in two tables.

    Return the CPU seconds until the values stand, and in all.
    """
    goals = goals_of(db, project)
    begun = time.process_time()
    series = Series(read_cubes(db, project)[DATASET.id, "sold_at"], project)
    with db.offered(**followed(project, series), **series.tables()):
        db.run("""
            CREATE OR REPLACE TEMP TABLE wanted AS
            SELECT DISTINCT formula, place, span
            FROM (SELECT DISTINCT formula, place, span_kind FROM metrics) JOIN times USING (span_kind)
        """)
        answers = series.statement(series.cube.table, range(len(ADDITIVE)))
        db.run(f"""
            CREATE OR REPLACE TEMP TABLE days AS
            SELECT formula, place, span_kind, cut, CAST(value * 1000000000 AS BIGINT) AS value
            FROM ({answers}) JOIN times USING (span)
        """)
        db.run("""
            CREATE OR REPLACE TEMP TABLE observed AS
            SELECT key_result, cut, value, CAST(NULL AS UTINYINT) AS fixed
            FROM metrics JOIN days USING (formula, place, span_kind)
        """)
    valued = time.process_time()
    with placed(db, goals):
        # No value lies 2^63 ninths from its baseline: an overflow would be an error.
        db.run(f"CREATE OR REPLACE TEMP TABLE judged AS {progress_sql(wide=False)}")
    done = time.process_time()
    [counts] = db.rows(
        "SELECT count(progress) AS told, (SELECT count(value) FROM observed) AS all FROM judged"
    )
    assert counts == {"told": len(project.metrics) * DAYS, "all": len(project.metrics) * DAYS}
    return valued - begun, done - begun


def goals_of(db: Database, project: Project) -> dict[str, pa.Table]:
    """Return what `progress.sql` reads beside `observed`: each metric held against a goal of its own."""
    key_results = tuple(
        KeyResult(
            id=f"all.{n}",
            objective="all",
            title=metric,
            metric=metric,
            goal=Reach(baseline=Decimal(n), target=Decimal(1_000_000 + 7 * n)),
            indicator="lagging",
        )
        for n, metric in enumerate(project.metrics)
    )
    objective = Objective(id="all", cycle=CYCLE.id, title="all", key_results=key_results)
    project = replace(project, objectives={"all": objective})
    found = terms_of(db, project, key_results, baselines={}, past_cycles={})
    terms = {own: n for n, [own] in enumerate(found.values())}
    rules = {rule: n * DAYS for n, rule in enumerate(dict.fromkeys(own.rule for own in terms))}
    days = [(n, (FIRST + timedelta(n)).toordinal()) for n in range(DAYS)]
    return {
        **terms_tables(terms, rules, wide=False),
        "cuts": whole_numbers(days, "cut", "day"),
        "stood": pa.schema(
            {
                "key_result": pa.int32(),
                "cut": pa.int32(),
                "rule": pa.int32(),
                "fixed": pa.uint8(),
                "progress": pa.int64(),
                "standing": pa.int64(),
            }
        ).empty_table(),
    }


def followed(project: Project, series: Series) -> dict[str, pa.Table]:
    """Return `metrics`, one row a metric, and `times`, one row a day of each kind of window."""
    kinds = {window: n for n, window in enumerate(WINDOWS)}
    measures = [m.measure for m in project.metrics.values() if isinstance(m.measure, Aggregate)]
    metrics = [(n, *series.flow(of), kinds[of.window]) for n, of in enumerate(measures) if of.window]
    times = [
        (kind, n, series.span(CALENDAR.span(window, cut=CALENDAR.end_of(FIRST + timedelta(n)), cycle=CYCLE)))
        for window, kind in kinds.items()
        for n in range(DAYS)
    ]
    return {
        "metrics": whole_numbers(metrics, "key_result", "formula", "place", "span_kind"),
        "times": whole_numbers(times, "span_kind", "cut", "span"),
    }


def whole_numbers(rows: Sequence[tuple[int, ...]], *names: str) -> pa.Table:
    """Return *rows* as a table of integers."""
    columns = zip(*rows, strict=True)
    return pa.table({name: pa.array(column, pa.int32()) for name, column in zip(names, columns, strict=True)})


def one_by_one(db: Database, project: Project, asks: Sequence[Ask]) -> None:
    """Answer every ask with a query of its own."""
    for ask in asks:
        of = project.metrics[ask.metric].measure
        assert isinstance(of, Aggregate)
        answer_directly(db, ask_placed(project, ask), of, DATASET)


def mixed(db: Database, sandbox: Sandbox, as_of: datetime) -> float:
    """Return what the planner takes where a part of the metrics does not add up, in times one query each."""
    project = project_of(metrics_of(1_650, MIXED))
    asks = [Ask(id, CYCLE.id, as_of, ((DATASET.id, 1),)) for id in list(project.metrics)[::33]]
    planned = cpu(lambda: measure(db, project, asks, sandbox=sandbox), times=2)
    return planned / cpu(lambda: one_by_one(db, project, asks), times=2)


if __name__ == "__main__":
    sys.exit(main())
