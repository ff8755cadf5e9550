"""Cells against declared types: exact, strict, and the same whether read at once or one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.cells import Column, MisfitError, read_cell
from connectors.column_type import ColumnType
from connectors.columns import convert
from connectors.errors import SetupError

BERLIN = ZoneInfo("Europe/Berlin")


def column(kind: str, *, zone: ZoneInfo | None = None, form: str | None = None) -> Column:
    return Column("x", ColumnType.parse(kind), zone, form)


def text(*cells: str | None) -> pa.Array:
    return pa.array(cells, pa.string())


def reasons(values: pa.Array | Sequence[object], kind: str) -> list[str]:
    _, misfits = convert(values, column(kind))
    return [misfits.get(row, "") for row in range(len(values))]


@pytest.mark.parametrize(
    "cell",
    ["NaN", "inf", "-inf", "1e400", "１２３", "٣", "1_000", "$1,234", "(5)", "5 %", "1,234.50",
     "1.234,50", " 5", "5 ", "5.", "0x1f", "1e9999999", "", "--1", "1e", "sNaN", "TRUE"],
)  # fmt: skip
def test_no_number_is_guessed(cell: str) -> None:
    """What is not written as a plain or E number is a reject, never null and never another number."""
    found, misfits = convert(text("1", cell), column("decimal(18,2)"))
    assert found[0].as_py() == Decimal("1.00")
    assert list(misfits) == [1]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("1.441209288E7", "14412092.88"), ("1e2", "100.00"), ("-.5", "-0.50"), ("+7", "7.00"),
     ("0012.50", "12.50"), ("1.500000", "1.50"), ("9999999999999999.99", "9999999999999999.99")],
)  # fmt: skip
def test_numbers_are_exact(cell: str, expected: str) -> None:
    """Plain and E notation give the very number, trailing zeros do not count as decimals."""
    found, misfits = convert(text(cell), column("decimal(18,2)"))
    assert (found.to_pylist(), misfits) == ([Decimal(expected)], {})


@pytest.mark.parametrize("kind", ["decimal(18,2)", "integer"])
def test_zero_has_no_sign(kind: str) -> None:
    """`-0.00` was once a reject; it is zero, and no column holds another one."""
    cells = ["-0", "-00"] if kind == "integer" else ["-0", "-0.00", "-0e5", "-.0"]
    for values in (text(*cells), [*cells, None], [Decimal("-0"), 1], [-0.0, Decimal("-0.0")]):
        found, misfits = convert(values, column(kind))
        assert misfits == {}
        assert [] == [str(number) for number in found.to_pylist() if str(number).startswith("-")]


def test_scale_and_precision_are_limits() -> None:
    """Nothing is rounded into the declared decimals; the reason says which limit was passed."""
    assert reasons(text("1.005", "12345678.9", "1"), "decimal(9,2)") == [
        "more than 2 decimals",
        "more than 7 digits before the point",
        "",
    ]


def test_floats_are_their_shortest_text() -> None:
    """A float becomes the shortest decimal that names it, and must fit; NaN and infinities never do."""
    found, misfits = convert([14.0, 9.80000019, float("nan"), float("inf"), -0.0], column("decimal(12,8)"))
    assert found.to_pylist()[:2] == [Decimal("14.00000000"), Decimal("9.80000019")]
    assert (list(misfits), str(found[4])) == ([2, 3], "0E-8")


def test_narrow_floats_are_read_in_their_own_width() -> None:
    """9.8 stored in 32 bits is 9.8, not the 9.800000190734863 that widening makes of it."""
    found, _ = convert(pa.array([9.8], pa.float32()), column("decimal(9,2)"))
    assert found.to_pylist() == [Decimal("9.80")]


def test_booleans_are_few_words() -> None:
    """true, false, t, f, 1 and 0 in any case; yes and no are rejects."""
    found, misfits = convert(text("true", "F", "1", "0", "yes", "on"), column("boolean"))
    assert (found.to_pylist()[:4], list(misfits)) == ([True, False, True, False], [4, 5])


def test_integers_do_not_wrap_or_truncate() -> None:
    """64 bits are the limit, a fraction is a reject, a boolean is no number."""
    wide = [2**63 - 1, 2**63, 1.5, True, "7", "-0", Decimal("3.0")]
    found, misfits = convert(wide, column("integer"))
    assert list(misfits) == [1, 2, 3]
    assert [found[row].as_py() for row in (0, 4, 5, 6)] == [2**63 - 1, 7, 0, 3]


def test_dates_are_iso_days() -> None:
    """YYYY-MM-DD, midnight allowed behind it; other forms and days that do not exist are rejects."""
    cells = text("2026-02-28", "2026-02-28 00:00:00", "2026-02-30", "28.02.2026", "2026-02-28 10:00:00")
    found, misfits = convert(cells, column("date"))
    assert (found.to_pylist()[:2], list(misfits)) == ([date(2026, 2, 28)] * 2, [2, 3, 4])


def test_a_declared_format_is_the_only_one() -> None:
    """With a declared format the same column refuses ISO, and digits that are not ASCII."""
    found, misfits = convert(text("05.10.2026", "2026-10-05", "０5.10.2026"), column("date", form="%d.%m.%Y"))
    assert (found[0].as_py(), list(misfits)) == (date(2026, 10, 5), [1, 2])


def test_instants_need_a_zone() -> None:
    """A time without an offset is a reject unless the dataset names its zone."""
    cells = text("2026-07-01T09:00:00", "2026-07-01T09:00:00+02:00")
    assert reasons(cells, "timestamp") == ["an instant without a zone: write `zone:` at the dataset", ""]
    found, misfits = convert(cells, column("timestamp", zone=BERLIN))
    assert (found.to_pylist(), misfits) == ([datetime(2026, 7, 1, 7, tzinfo=UTC)] * 2, {})


def test_clock_changes_are_defined() -> None:
    """A repeated local hour means its first pass; a skipped one is a reject."""
    cells = text("2026-10-25 02:30:00", "2026-03-29 02:30:00")
    found, misfits = convert(cells, column("timestamp", zone=BERLIN))
    assert found[0].as_py() == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert misfits == {1: "a local time that the clocks of its zone skip"}


def test_typed_times_without_a_zone_stop_the_dataset() -> None:
    """A source whose own type has no zone is a matter of configuration, not of single rows."""
    for values in ([datetime(2026, 1, 1)], pa.array([datetime(2026, 1, 1)], pa.timestamp("us"))):  # noqa: DTZ001
        with pytest.raises(SetupError, match="zone"):
            convert(values, column("timestamp"))


def test_instants_beyond_the_calendar_are_rejects() -> None:
    """PostgreSQL's infinity arrives as a huge count of microseconds and becomes no date."""
    found = pa.array([2**62, 0], pa.timestamp("us", "UTC"))
    assert list(convert(found, column("timestamp"))[1]) == [0]


def test_json_is_strict_and_canonical() -> None:
    """Keys are sorted, numbers keep their digits; doubled keys, NaN and bombs are rejects."""
    cells = ['{"b": 1.50, "a": []}', '{"a": 1, "a": 2}', "NaN", "[" * 100_000, "9" * 5000, "1e999"]
    found, misfits = convert(text(*cells), column("json"))
    assert (found[0].as_py(), list(misfits)) == ('{"a":[],"b":1.50}', [1, 2, 3, 4, 5])


def test_text_takes_scalars_as_they_are_written() -> None:
    """A number in a text column is its digits; bytes and broken Unicode are rejects."""
    found, misfits = convert(["51100", 51100, 14.0, b"x", "\ud800", None], column("string"))
    assert (found.to_pylist()[:3], list(misfits)) == (["51100", "51100", "14"], [3, 4])


KINDS = st.sampled_from(["integer", "decimal(12,3)", "boolean", "date", "timestamp"])
NUMERALS = st.from_regex(r"\A[+-]?[0-9]{0,22}(\.[0-9]{0,5})?([eE][+-]?[0-9]{1,4})?\Z")
TIMES = st.from_regex(
    r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?\Z"
)
WORDS = st.sampled_from(
    ["true", "T", "0", "NaN", "2026-01-01", "2026-01-01 10:00Z", "-0", "1\n", "2024-02-29"]
)


@settings(max_examples=400)
@given(st.lists(NUMERALS | TIMES | WORDS | st.text(max_size=6), max_size=4), KINDS, st.booleans())
@example(["1", "1"], "decimal(12,3)", False)
@example(["0", "1E-900"], "decimal(12,3)", False)
def test_at_once_is_cell_by_cell(cells: list[str], kind: str, placed: bool) -> None:
    """For any text, the vectorised reading and the reading of each cell agree in values and in rejects."""
    spec = column(kind, zone=BERLIN if placed else None)
    found, misfits = convert(text(*cells), spec)
    for row, cell in enumerate(cells):
        try:
            assert (found[row].as_py(), row in misfits) == (read_cell(cell, spec), False)
        except MisfitError:
            assert row in misfits


@pytest.mark.parametrize(
    "kind", ["float", "decimal(39,2)", "decimal(5,6)", "decimal(5)", "decimal(0,0)", "Integer"]
)
def test_unknown_types_are_refused(kind: str) -> None:
    """Only the seven declared types exist, and decimals that Arrow can hold."""
    with pytest.raises(ValueError, match=r"type|digits"):
        ColumnType.parse(kind)
