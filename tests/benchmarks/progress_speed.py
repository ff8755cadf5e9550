"""
Progress, expected, gap and status of 10,000 key results on 730 days, in the product's one statement.

    python tests/benchmarks/progress_speed.py [--key-results 10000]

Compares CPU seconds with the same arithmetic in NumPy on arrays in memory, best of several runs of
each in turn, and proves some of it against Python's fractions. Fails beyond three times NumPy.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa

from okr_pipeline.model.calendar import Cycle
from okr_pipeline.model.goal import Bounds, Keep, Reach
from okr_pipeline.model.okr import KeyResult
from okr_pipeline.model.policy import POLICIES
from okr_pipeline.ninths import ONE, ninths, number, places
from okr_pipeline.progress.bands import Band
from okr_pipeline.progress.rule import rule_of
from okr_pipeline.progress.tables import terms_tables
from okr_pipeline.progress.terms import Terms
from okr_pipeline.warehouse.database import Database, Settings
from okr_pipeline.warehouse.progress import placed, progress_sql

DAYS, BOUND, RUNS = 730, 3, 11
CYCLE = Cycle(id="c", start_on=date(2025, 1, 1), end_on=date(2025, 1, 1) + timedelta(days=DAYS - 1))
ON_TRACK, AT_RISK = POLICIES["pace"].on_track, POLICIES["pace"].at_risk


class Company:
    """
    Key results by thousands, the last tenth of them keeps; *values* are in units of the ninth place.

    One value of a hundred is missing, and one status of a hundred is fixed (stale, say).
    """

    def __init__(self, count: int) -> None:
        made = np.random.default_rng(1)
        self.count = count
        self.values = made.integers(0, 10**6, (count, DAYS)) * 10**7
        self.missing = made.random((count, DAYS)) < 0.01
        self.fixed = np.where(made.random((count, DAYS)) < 0.01, 5, 0).astype(np.uint8)
        self.floats = np.where(self.missing, np.nan, self.values)
        self.keeps = np.arange(count) >= count * 9 // 10
        self.starts = made.integers(0, 10**5, count) * 10**7
        self.ways = made.integers(10**5, 10**6, count) * 10**7 * np.where(np.arange(count) % 2, -1, 1)
        self.low = 3 * 10**12
        self.elapsed = np.array([ninths_of(n + 1, DAYS) for n in range(DAYS)])

    def terms(self) -> dict[Terms, int]:
        """Return the terms of key results as the product has them, with their numbers."""
        found = {}
        for n in range(self.count):
            goal: Keep | Reach
            if self.keeps[n]:
                goal, ends, band = Keep(bounds=Bounds(low=number(self.low))), (None, None), Band(low=self.low)
            else:
                ends, band = (number(int(self.starts[n])), number(int(self.starts[n] + self.ways[n]))), None
                goal = Reach(baseline=ends[0] or Decimal(0), target=ends[1] or Decimal(0))
            kr = KeyResult(
                id=f"o.k{n}", objective="o", title="", metric="m.x", goal=goal, indicator="lagging"
            )
            rule = rule_of(kr, cycle=CYCLE, policy=POLICIES["pace"], baseline=ends[0], past=None)
            terms = Terms(key_result=kr, rule=rule, baseline=ends[0], target=ends[1], band=band)
            found[terms] = n
        return found

    def tables(self) -> dict[str, pa.Table]:
        """Return the tables that the statement names, apart from `observed`."""
        terms = self.terms()
        rules = {rule: n * DAYS for n, rule in enumerate(dict.fromkeys(own.rule for own in terms))}
        first = CYCLE.start_on.toordinal()
        days = pa.array(range(first, first + DAYS), pa.int64())
        none = {
            name: pa.array([], pa.int64()) for name in ("key_result", "cut", "rule", "progress", "standing")
        }
        none |= {"key_result": places([], below=0), "cut": places([], below=0)}
        return {
            **terms_tables(terms, rules, wide=False),
            "cuts": pa.table({"cut": places(range(DAYS), below=DAYS), "day": days}),
            "stood": pa.table({**none, "fixed": pa.array([], pa.uint8())}),
        }

    def observed(self) -> pa.Table:
        """Return one row a key result and day."""
        return pa.table(
            {
                "key_result": places(np.repeat(np.arange(self.count), DAYS), below=self.count),
                "cut": places(np.tile(np.arange(DAYS), self.count), below=DAYS),
                "value": pa.array(self.values.ravel(), mask=self.missing.ravel()),
                "fixed": pa.array(self.fixed.ravel(), mask=self.fixed.ravel() == 0),
            }
        )

    def in_numpy(self) -> tuple[Any, ...]:
        """Return the same in floating point: progress, expected, gap and the codes of statuses."""
        progress = np.round((self.floats - self.starts[:, None]) / self.ways[:, None], 9)
        kept = self.floats[self.keeps]
        progress[self.keeps] = np.where(np.isnan(kept), np.nan, kept >= self.low)
        expected = np.broadcast_to(self.elapsed / ONE, (self.count, DAYS)).copy()
        expected[self.keeps] = np.nan
        gap = progress - expected
        limits = [progress >= 1, gap >= float(ON_TRACK), gap >= float(AT_RISK), gap < float(AT_RISK)]
        status = np.select(limits, [4, 3, 2, 1], 0).astype(np.uint8)
        last = np.arange(DAYS) == DAYS - 1
        kept = progress[self.keeps]
        status[self.keeps] = np.select([(kept == 1) & last, kept == 1, kept == 0], [4, 3, 1], 0)
        return progress, expected, gap, np.where(self.fixed > 0, self.fixed, status)


def ninths_of(n: int, d: int) -> int:
    """Return n / d in units of the ninth place, rounded half-even."""
    return round(Fraction(n, d) * ONE)


def cpu(work: Callable[[], Any]) -> float:
    """Return the CPU seconds of *work*."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def main() -> None:
    """Run both in turn, print the figures, prove a sample, fail where the bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--key-results", type=int, default=10_000)
    company = Company(parser.parse_args().key_results)
    with Database(None, settings=Settings()) as db, placed(db, company.tables()):
        with db.offered(arrow=company.observed()):
            db.run("CREATE TEMP TABLE observed AS FROM arrow")
        sql = progress_sql(wide=False)
        ours, theirs = [], []
        for _ in range(RUNS):
            theirs.append(cpu(company.in_numpy))
            ours.append(cpu(lambda: db.read(sql)))
        prove(company, db.read(f"SELECT * FROM ({sql}) USING SAMPLE 20000").to_pylist())
    ratio = min(ours) / min(theirs)
    rows = company.count * DAYS
    print(
        f"{rows:,} rows: {min(ours):.3f} s CPU, NumPy {min(theirs):.3f} s: {ratio:.2f} times (bound {BOUND})"
    )
    sys.exit(ratio > BOUND)


def prove(company: Company, sample: list[dict[str, Any]]) -> None:
    """Compare *sample* with fractions, to the last digit."""
    for row in sample:
        n, day = row["key_result"], row["cut"]
        value = int(company.values[n, day])
        expected = None if company.keeps[n] else ninths_of(day + 1, DAYS)
        progress, gap, status = None, None, 0
        if company.keeps[n] and not company.missing[n, day]:
            progress = ONE * (value >= company.low)
            status = (4 if day == DAYS - 1 else 3) if progress else 1
        elif not company.missing[n, day]:
            progress = ninths_of(value - int(company.starts[n]), int(company.ways[n]))
            gap = progress - (expected or 0)
            status = 4 - sum([progress < ONE, gap < ninths(ON_TRACK), gap < ninths(AT_RISK)])
        wanted = (progress, expected, gap, int(company.fixed[n, day]) or status)
        assert wanted == (row["progress"], row["expected"], row["gap"], row["status"]), row


if __name__ == "__main__":
    main()
