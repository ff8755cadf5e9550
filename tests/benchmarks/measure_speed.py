"""
Many additive metrics over many landed rows: one scan, cube cold and warm, one query each, and their past.

    python tests/benchmarks/measure_speed.py [--rows 10000000]

Prints CPU seconds and ratios within this run. "scan" is one SELECT that sums the measured column
by the columns that the metrics filter on; all else is given in scans.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pyarrow as pa

from okr_pipeline.expression.pattern import Pattern, pattern_of
from okr_pipeline.model.calendar import Calendar, Cycle, CycleToDate, ToDate, Trailing, Window
from okr_pipeline.model.metric import Aggregate, Dataset, Metric
from okr_pipeline.model.okr import Project
from okr_pipeline.warehouse.cube import read_cubes, refresh_cubes
from okr_pipeline.warehouse.database import Database, Settings
from okr_pipeline.warehouse.direct import answer_directly
from okr_pipeline.warehouse.landing import prepare, table_of
from okr_pipeline.warehouse.measure import measure, placed
from okr_pipeline.warehouse.progress import statement
from okr_pipeline.warehouse.question import Ask
from okr_pipeline.warehouse.sandbox import Sandbox
from okr_pipeline.warehouse.series import Shape, cuts_table, valued_sql, wanted_table

DAYS = 730
FIRST = date(2025, 1, 1)
REGIONS, PLANS = 10, 2
CALENDAR = Calendar(ZoneInfo("Europe/Berlin"))
CYCLE = Cycle(id="two_years", start_on=FIRST, end_on=FIRST + timedelta(days=DAYS - 1))
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


def metrics_of(count: int, values: tuple[str, ...]) -> dict[str, Metric]:
    """Return *count* metrics: every combination of windows, values and filters, over and over."""
    tests = [
        [None, *(f"region = 'region {i}'" for i in range(REGIONS))],
        [None, *(f"plan = 'plan {i}'" for i in range(PLANS))],
    ]
    wheres = [" AND ".join(filter(None, some)) or None for some in itertools.product(*tests)]
    metrics = {}
    kinds = list(itertools.product(WINDOWS, values, wheres))
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


def main() -> None:
    """Fill a warehouse, measure every way, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    with TemporaryDirectory() as folder:
        file = Path(folder) / "warehouse.duckdb"
        settings = Settings(zone="Europe/Berlin")
        with Database(file, settings=settings) as db:
            fill(db, rows)
            run(db, Sandbox(file, settings=settings), rows)


def run(db: Database, sandbox: Sandbox, rows: int) -> None:
    """Measure and print every figure."""
    thousand, ten_thousand = project_of(metrics_of(1_000, ADDITIVE)), project_of(metrics_of(10_000, ADDITIVE))
    as_of = CALENDAR.end_of(CYCLE.end_on)
    scan_sql = f"""SELECT region, plan, sum(amount), sum(seconds), count(*) FROM {table_of(DATASET.id)}
                  WHERE sold_at < TIMESTAMPTZ '2100-01-01' GROUP BY ALL"""
    scan = cpu(lambda: db.read(scan_sql))
    print(f"{rows:,} rows; one scan of the same columns {scan:.3f} s CPU")

    def ask(project: Project) -> list[Ask]:
        return [Ask(id, CYCLE.id, as_of, ((DATASET.id, 1),)) for id in project.metrics]

    def cold() -> None:
        db.run("DROP SCHEMA IF EXISTS cube CASCADE")
        refresh_cubes(db, thousand, [DATASET.id])
        measure(db, thousand, ask(thousand), sandbox=sandbox)

    def warm(project: Project) -> Callable[[], object]:
        asks = ask(project)
        return lambda: measure(db, project, asks, sandbox=sandbox)

    tell("1,000 metrics today, cold", cpu(cold), scan)
    warm_1, warm_10 = cpu(warm(thousand)), cpu(warm(ten_thousand))
    tell("1,000 metrics today, warm", warm_1, scan)
    tell("10,000 metrics today, warm", warm_10, scan)
    print(f"  growth exponent from 1,000 to 10,000: {log(warm_10 / warm_1, 10):.2f}")
    few = ask(thousand)[::40]
    each = cpu(lambda: one_by_one(db, thousand, few), times=1) / len(few)
    faster = each * 10_000 / warm_10
    print(f"  one query each: {each * 1000:.1f} ms CPU; 10,000 of them {faster:.0f} times the warm cube")
    table = read_cubes(db, thousand)[DATASET.id, "sold_at"].table
    print(f"  cells: {db.rows(f'SELECT count(*) AS n FROM {table}')[0]['n']:,}")
    tell(
        "10,000 metrics x 730 days with progress and status",
        cpu(lambda: past(db, ten_thousand), times=2),
        scan,
    )
    mixed(db, sandbox, as_of)


def past(db: Database, project: Project) -> None:
    """Every metric's value, progress and status at the end of every day, into one table."""
    cube = read_cubes(db, project)[DATASET.id, "sold_at"]
    cuts = [CALENDAR.end_of(FIRST + timedelta(days=n)) for n in range(DAYS)]
    shapes: dict[tuple[Window, Shape], list[tuple[int, str, Pattern]]] = {}
    for n, metric in enumerate(project.metrics.values()):
        of = metric.measure
        assert isinstance(of, Aggregate)
        assert of.window is not None
        pattern = pattern_of(of.where, tuple(DATASET.columns.items()))
        shape = Shape(pattern.columns, pattern.rest)
        shapes.setdefault((of.window, shape), []).append((n, of.value, pattern))
    db.run("CREATE OR REPLACE TEMP TABLE observed (key_result BIGINT, cut BIGINT, value DECIMAL(38, 9))")
    for (window, shape), found in shapes.items():
        spans = [CALENDAR.span(window, cut=cut, cycle=CYCLE) for cut in cuts]
        values = list(dict.fromkeys(value for _, value, _ in found))
        ids = pa.array([n for n, _, _ in found], pa.int64())
        formulas = [values.index(value) for _, value, _ in found]
        metrics = wanted_table([pattern for _, _, pattern in found], values=formulas, cuts=[0] * len(found))
        with db.offered(metrics=metrics.append_column("id", ids), cuts=cuts_table(spans)):
            matches = "".join(f" AND CAST(v.k{i} AS VARCHAR) = m.k{i}" for i in range(len(shape.columns)))
            db.run(f"""
                INSERT INTO observed
                WITH {valued_sql(cube, shape, cube.table, values, few=False)}
                SELECT m.id, v.cut, v.value
                FROM valued AS v JOIN metrics AS m ON m.formula = v.formula{matches}
            """)
    db.run("""
        CREATE OR REPLACE TEMP VIEW offered_observed AS
        SELECT key_result, cut, 'ok' AS state, NULL AS reason, value, true AS fresh, NULL AS stale_reason,
               cut + 1 AS elapsed_days, true AS started FROM observed
    """)
    db.run(f"""
        CREATE OR REPLACE TEMP TABLE defined AS
        SELECT n AS key_result, 'reach' AS kind,
               CAST(0 AS DECIMAL(38, 9)) AS baseline, NULL AS baseline_reason,
               'absolute' AS target_how, CAST(1000000 AS DECIMAL(38, 9)) AS target_amount,
               CAST(NULL AS DECIMAL(38, 9)) AS low, CAST(NULL AS DECIMAL(38, 9)) AS high,
               NULL AS low_inclusive, NULL AS high_inclusive, {DAYS} AS cycle_days
        FROM range({len(project.metrics)}) AS t(n)
    """)
    text = (
        statement("progress.sql").replace("FROM observed", "FROM offered_observed").rsplit("ORDER BY", 1)[0]
    )
    kept = "key_result, cut, value, progress, expected, gap, status"
    db.run(f"CREATE OR REPLACE TEMP TABLE finished AS SELECT {kept} FROM ({text})")


def one_by_one(db: Database, project: Project, asks: Sequence[Ask]) -> None:
    """Answer every ask with a query of its own."""
    for ask in asks:
        of = project.metrics[ask.metric].measure
        assert isinstance(of, Aggregate)
        answer_directly(db, placed(project, ask), of, DATASET)


def mixed(db: Database, sandbox: Sandbox, as_of: datetime) -> None:
    """Compare the planner with one query each where a part of the metrics does not add up."""
    project = project_of(metrics_of(1_650, MIXED))
    some = list(project.metrics)[::33]
    asks = [Ask(id, CYCLE.id, as_of, ((DATASET.id, 1),)) for id in some]
    planned = cpu(lambda: measure(db, project, asks, sandbox=sandbox), times=1)

    alone = cpu(lambda: one_by_one(db, project, asks), times=1)
    print(f"{len(asks)} mixed with distinct and quantiles: {planned / alone:.2f} times one query each")


def tell(what: str, spent: float, scan: float) -> None:
    """Print one figure in seconds and in scans."""
    print(f"{what}: {spent:.3f} s CPU, {spent / scan:.2f} scans")


if __name__ == "__main__":
    main()
