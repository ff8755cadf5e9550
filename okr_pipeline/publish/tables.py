"""The snapshot as tables for analysts: built once as Arrow, written as Parquet, CSV and one DuckDB file."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Context, Decimal, Inexact
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from okr_pipeline.model.report import KeyResultLine, ObjectiveLine, Report
from okr_pipeline.publish.atomic import path_in, replace_text, replacing
from okr_pipeline.publish.columns import HISTORY, KEY_RESULTS, OBJECTIVES, PARTS, Columns

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("parquet", "csv", "duckdb")
MANIFEST = "manifest.json"
DATABASE = "okr.duckdb"

_NINE_PLACES = Decimal("1e-9")
_EXACT = Context(prec=60, traps=[Inexact])
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


def write_tables(report: Report, folder: Path, *, formats: Iterable[str] = FORMATS) -> Path:
    """
    Write every table of *report* into *folder* in each of *formats*, then the manifest, and return its path.

    Each file is replaced in one step; the manifest comes last and names snapshot and hashes, so
    that a reader who finds another hash knows that the set is being replaced.

    Raises:
        ValueError: If a format is none of `parquet`, `csv`, `duckdb`.
    """
    wanted = tuple(dict.fromkeys(formats))
    if unknown := sorted(set(wanted) - set(FORMATS)):
        raise ValueError(f"no such table format: {', '.join(unknown)}; choose from {', '.join(FORMATS)}")
    tables = build_tables(report)
    names = [name for one in wanted for name in _WRITERS[one](tables, folder)]
    manifest = {
        "version": 1,
        "project": report.project,
        "snapshot": report.snapshot,
        "as_of": _instant(report.as_of),
        "ledger": {"seq": report.seq, "head": report.head},
        "files": {name: _file_facts(path_in(folder, name)) for name in sorted(names)},
    }
    return replace_text(folder, MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


def build_tables(report: Report) -> dict[str, pa.Table]:
    """Return the five tables of *report* by name; columns, grain and order are in `docs/tables.md`."""
    pairs = [(objective, line) for objective in report.objectives for line in objective.key_results]
    rows = [(line.indicator, _key_result(report, objective, line)) for objective, line in pairs]
    return {
        "key_results_leading": _table(KEY_RESULTS, (row for kind, row in rows if kind == "leading")),
        "key_results_lagging": _table(KEY_RESULTS, (row for kind, row in rows if kind == "lagging")),
        "parts": _table(PARTS, _parts(report, pairs)),
        "history": _table(HISTORY, _history(report, pairs)),
        "objectives": _table(OBJECTIVES, (_objective(report, line) for line in report.objectives)),
    }


def _key_result(report: Report, objective: ObjectiveLine, line: KeyResultLine) -> tuple[object, ...]:
    return (
        *(report.snapshot, report.as_of, objective.id, objective.title, objective.cycle, line.id, line.title),
        *(line.owner, line.indicator, line.goal, line.keep, line.unit, line.status.value, line.state.value),
        *(line.reason, line.value, line.baseline, line.target, line.progress, line.expected, line.gap),
        *(line.change_7d, line.carried_from, line.newest_at, ", ".join(line.sources), ", ".join(line.led_by)),
        *(line.note, line.held, *(line.periods[:2] if line.periods else (None, None)), line.outside_since),
        *(line.raw_status and line.raw_status.value, line.provisional_from, line.baseline_reads),
        *(line.aspiration, line.proxy_for, "masked" if line.masked else "public"),
        *(line.retired or (None, None, None)),
        *_of_people(line),
    )


def _of_people(line: KeyResultLine) -> Iterator[object]:
    """Yield the columns from `confidence` on."""
    said, override, graded = line.said, line.override, line.graded
    yield from (said.confidence, said.on, said.author, said.note) if said else (None,) * 4
    if override:
        yield from (override.status.value, override.until, override.author, override.why)
    else:
        yield from (None,) * 4
    yield from (graded.score, graded.grade, graded.learned) if graded else (None,) * 3


def _parts(
    report: Report, pairs: Iterable[tuple[ObjectiveLine, KeyResultLine]]
) -> Iterator[tuple[object, ...]]:
    for objective, line in pairs:
        for part in line.parts:
            said = (part.name, part.title, part.keep, part.unit, part.value, part.progress, part.reason)
            yield (report.snapshot, report.as_of, objective.id, line.id, *said, part.by, part.weight)


def _history(
    report: Report, pairs: Iterable[tuple[ObjectiveLine, KeyResultLine]]
) -> Iterator[tuple[object, ...]]:
    for objective, line in pairs:
        start = (report.snapshot, report.as_of, objective.id, line.id, line.indicator)
        for point in line.trend:
            seen = (point.day, point.value, point.progress, point.expected)
            yield (*start, *seen, point.status.value, point.read_at)


def _objective(report: Report, line: ObjectiveLine) -> tuple[object, ...]:
    return (
        *(report.snapshot, report.as_of, line.id, line.title, line.owner, line.level, line.why, line.cycle),
        *(line.start_on, line.end_on, line.progress, line.status.value, line.counted, line.declared),
        *(line.expected, line.no_data, line.measuring, line.no_target, line.retired, line.strategy),
        *(", ".join(line.supports) or None, ", ".join(line.depends_on) or None, line.contributes_to),
        line.retirement and line.retirement.on,
    )


def _table(columns: Columns, rows: Iterable[tuple[object, ...]]) -> pa.Table:
    import pyarrow as pa

    types = {
        "text": pa.string(),
        "decimal": pa.decimal128(38, 9),
        "instant": pa.timestamp("us", tz="UTC"),
        "day": pa.date32(),
        "count": pa.int64(),
    }
    schema = pa.schema([pa.field(c.name, types[c.kind], metadata={"comment": c.meaning}) for c in columns])
    by_column = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [
        pa.array(
            [_nine_places(value) for value in values] if column.kind == "decimal" else values,
            types[column.kind],
        )
        for column, values in zip(columns, by_column, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _nine_places(value: object) -> Decimal | None:
    """Return a decimal at the stored scale; a value with more places is a fault upstream and raises."""
    return value.quantize(_NINE_PLACES, context=_EXACT) if isinstance(value, Decimal) else None


def _write_parquet(tables: Mapping[str, pa.Table], folder: Path) -> list[str]:
    import pyarrow.parquet as pq

    for name, table in tables.items():
        with replacing(folder, f"{name}.parquet") as draft:
            pq.write_table(table, draft, compression="zstd")
    return [f"{name}.parquet" for name in tables]


def _write_csv(tables: Mapping[str, pa.Table], folder: Path) -> list[str]:
    for name, table in tables.items():
        with (
            replacing(folder, f"{name}.csv") as draft,
            draft.open("w", encoding="utf-8", newline="") as handle,
        ):
            writer = csv.writer(handle)
            writer.writerow(table.column_names)
            columns = [[csv_cell(value) for value in column.to_pylist()] for column in table.columns]
            writer.writerows(zip(*columns, strict=True))
    return [f"{name}.csv" for name in tables]


def _write_duckdb(tables: Mapping[str, pa.Table], folder: Path) -> list[str]:
    from okr_pipeline.warehouse.export import write_duckdb

    with replacing(folder, DATABASE) as draft:
        write_duckdb(tables, draft)
    return [DATABASE]


_WRITERS: Mapping[str, Callable[[Mapping[str, pa.Table], Path], list[str]]] = {
    "parquet": _write_parquet,
    "csv": _write_csv,
    "duckdb": _write_duckdb,
}


def csv_cell(value: object) -> str:
    """
    Return *value* as a CSV cell; None is empty.

    Text that a spreadsheet would run as a formula gets a leading apostrophe. Numbers, days and
    instants are written plain: -2 stays a number.
    """
    match value:
        case None:
            return ""
        case str():
            return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
        case Decimal():
            plain = f"{value:f}"
            return plain.rstrip("0").rstrip(".") if "." in plain else plain
        case datetime():
            return _instant(value)
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _file_facts(path: Path) -> dict[str, object]:
    content = path.read_bytes()
    return {"sha256": sha256(content).hexdigest(), "bytes": len(content)}
