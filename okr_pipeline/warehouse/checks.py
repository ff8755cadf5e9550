"""A dataset's declared checks, asked of its current state: counts in, verdicts out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from okr_pipeline.counts import counted
from okr_pipeline.model.metric import Dataset
from okr_pipeline.model.observation import CheckResult
from okr_pipeline.warehouse.database import Database, quoted
from okr_pipeline.warehouse.landing import Landed, table_of


def run_checks(db: Database, dataset: Dataset, landed: Landed, *, duplicates: int) -> list[CheckResult]:
    """Return the verdict on every check, in a fixed order. *duplicates* are the extract's repeated keys."""
    return [
        *_key(dataset, duplicates),
        *_min_rows(dataset, landed),
        *_max_change(dataset, landed),
        *_not_null(db, dataset),
        *_unique(db, dataset),
    ]


def declared_checks(dataset: Dataset) -> list[str]:
    """Return the names of all checks that `run_checks` may give a verdict on, in its order."""
    checks = dataset.checks
    return [
        *([_key_name(dataset)] if dataset.key else []),
        *(["min_rows"] if checks.min_rows > 0 else []),
        *(["max_change"] if checks.max_change is not None else []),
        *map(_not_null_name, checks.not_null),
        *map(_unique_name, checks.unique),
    ]


def whole_checks(db: Database, dataset: Dataset, whole: Mapping[str, str]) -> list[CheckResult]:
    """
    Hold the current state against what the source says of the whole dataset: `rows`, `sum <column>`.

    What differs was changed meanwhile, or changed without a trace: a full read tells.
    """
    found = []
    for name, expected in whole.items():
        column = name.removeprefix("sum ")
        expression = "count(*)" if name == "rows" else f"coalesce(sum({quoted(column)}), 0)"
        passed = Decimal(str(_value(db, dataset, expression))) == Decimal(expected)
        # No figures: a sum is a value of the data, and what is told here is read by anybody.
        seen = "what the source says" if passed else "another number"
        found.append(_result(dataset, f"whole({name})", "what the source says", seen, passed=passed))
    return found


def is_whole_check(check: CheckResult) -> bool:
    """Return whether *check* compares with the source: it holds no load back."""
    return check.check.startswith("whole(")


def is_key_check(check: CheckResult) -> bool:
    """Return whether *check* is the one that every dataset with a key has."""
    return check.check.startswith("key(")


def _key(dataset: Dataset, duplicates: int) -> Iterator[CheckResult]:
    if dataset.key:
        yield _result(
            dataset,
            _key_name(dataset),
            "each key once, none empty",
            f"{counted(duplicates, 'row')} without a key of its own",
            passed=duplicates == 0,
        )


def _min_rows(dataset: Dataset, landed: Landed) -> Iterator[CheckResult]:
    if (least := dataset.checks.min_rows) > 0:
        yield _result(
            dataset,
            "min_rows",
            f"at least {counted(least, 'row')}",
            counted(landed.after, "row"),
            passed=landed.after >= least,
        )


def _max_change(dataset: Dataset, landed: Landed) -> Iterator[CheckResult]:
    most = dataset.checks.max_change
    if most is not None and landed.before > 0:
        change = Decimal(abs(landed.after - landed.before)) / landed.before
        expected = f"at most {most * 100:f} % more or fewer than {counted(landed.before, 'row')}"
        yield _result(dataset, "max_change", expected, counted(landed.after, "row"), passed=change <= most)


def _not_null(db: Database, dataset: Dataset) -> Iterator[CheckResult]:
    for column in dataset.checks.not_null:
        empty = _count(db, dataset, f"count(*) - count({quoted(column)})")
        yield _result(dataset, _not_null_name(column), "no empty cell", f"{empty} empty", passed=empty == 0)


def _unique(db: Database, dataset: Dataset) -> Iterator[CheckResult]:
    for columns in dataset.checks.unique:
        repeated = _count(db, dataset, f"count(*) - count(DISTINCT ({_row(columns)}))")
        yield _result(
            dataset,
            _unique_name(columns),
            "no value twice",
            counted(repeated, "repeat"),
            passed=repeated == 0,
        )


def _key_name(dataset: Dataset) -> str:
    return f"key({', '.join(dataset.key)})"


def _not_null_name(column: str) -> str:
    return f"not_null({column})"


def _unique_name(columns: Sequence[str]) -> str:
    return f"unique({', '.join(columns)})"


def _row(columns: Sequence[str]) -> str:
    return f"row({', '.join(map(quoted, columns))})"


def _count(db: Database, dataset: Dataset, expression: str) -> int:
    return int(str(_value(db, dataset, expression)))


def _value(db: Database, dataset: Dataset, expression: str) -> object:
    sql = f"SELECT {expression} AS n FROM {table_of(dataset.id)} WHERE _to_load IS NULL"
    found: object = db.rows(sql)[0]["n"]
    return found


def _result(dataset: Dataset, check: str, expected: str, observed: str, *, passed: bool) -> CheckResult:
    return CheckResult(check=check, dataset=dataset.id, expected=expected, observed=observed, passed=passed)
