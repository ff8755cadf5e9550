"""Compiled expressions against Python's Decimal: every digit, every rounding, every absence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, Context, Decimal, localcontext
from fractions import Fraction
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from okr_pipeline.expression import compile_formula, compile_query, compile_row, compile_value
from okr_pipeline.model.observation import State
from okr_pipeline.warehouse.database import Database, Settings
from okr_pipeline.warehouse.direct import answer_of, failed, outcome
from okr_pipeline.warehouse.question import Answer

NINE = Decimal("0.000000001")
WIDE = Context(prec=90)
SCHEMA = pa.schema([("x", pa.decimal128(38, 9)), ("n", pa.int64()), ("s", pa.string()), ("ok", pa.bool_())])

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
small = st.decimals(-(10**15), 10**15, places=9)
huge = st.decimals(Decimal(-(10**19)), Decimal(10**19), places=9)
shares = st.integers(0, 1000).map(lambda n: Decimal(n) / 1000)


@pytest.fixture(scope="module", name="db")
def _db() -> Iterator[Database]:
    with Database(None, settings=Settings(zone="Europe/Berlin")) as db:
        yield db


def value_of(db: Database, text: str, rows: Sequence[dict[str, Any]]) -> Answer:
    compiled = compile_value(text)
    results = ", ".join(f'{a.sql} AS "#{i}"' for i, a in enumerate(compiled.aggregations))
    with db.offered(given_rows=pa.Table.from_pylist(rows, SCHEMA)):
        try:
            return answer_of(
                **db.rows(f"SELECT {outcome(compiled)} FROM (SELECT {results} FROM given_rows)")[0]
            )
        except duckdb.Error as error:
            return failed(error)


def xs(*values: Decimal | int | str | None) -> list[dict[str, Any]]:
    return [{"x": None if value is None else Decimal(value)} for value in values]


def nine(value: Fraction) -> Decimal:
    with localcontext(WIDE):
        scaled = value * 10**9
        whole = round(scaled)  # Python rounds a Fraction half to even
        return Decimal(whole).scaleb(-9).quantize(NINE)


@quick
@given(above=huge, below=huge.filter(bool))
def test_division_is_exact(db: Database, above: Decimal, below: Decimal) -> None:
    """A quotient has nine places, rounded once, half to even, up to twenty digits before the point."""
    with db.offered(
        pair=pa.table({"a": pa.array([above], SCHEMA[0].type), "b": pa.array([below], SCHEMA[0].type)})
    ):
        found = db.rows("SELECT exact_div(a, b) AS d, exact_ratio(a, b) AS r FROM pair")[0]
    expected = nine(Fraction(above) / Fraction(below))
    assert (found["d"], found["r"]) == (expected, expected)


@pytest.mark.parametrize("scale", [1, 1_000, 1_000_000, 10**9, 10**12])
def test_a_quotient_is_exact_wherever_floating_point_stops_to_be(db: Database, scale: int) -> None:
    """Quotients of every size, on a tie and a ninth place beside one: floats decide only where proven."""
    units = [2, 3, 7, 1_024, 1_000_003, 2_000_000_000]
    pairs = [
        (Decimal(sign * (scale * d * k + d // 2 + beside)).scaleb(-9), Decimal(d))
        for d in units
        for k in (1, 2, 3, 999_999)
        for beside in (-1, 0, 1)
        for sign in (1, -1)
    ]
    columns = {
        name: pa.array(column, SCHEMA[0].type)
        for name, column in zip("ab", zip(*pairs, strict=True), strict=True)
    }
    with db.offered(pairs=pa.table(columns)):
        found = db.rows(
            "SELECT exact_div(a, b) AS d, exact_ratio(a, b) AS r, exact_div_nested(a, b) AS n FROM pairs"
        )
    expected = [nine(Fraction(a) / Fraction(b)) for a, b in pairs]
    assert [list(row.values()) for row in found] == [[value] * 3 for value in expected]


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        ("0.0000000005", "0.000000000"),
        ("0.0000000015", "0.000000002"),
        ("-0.0000000025", "-0.000000002"),
        ("123456789012345678.1234567885", "123456789012345678.123456788"),
        ("123456789012345678.1234567875", "123456789012345678.123456788"),
    ],
)
def test_a_tie_goes_to_the_even_digit(db: Database, value: str, rounded: str) -> None:
    """Nine places, half to even, on both sides of zero and beyond what a double holds."""
    found = db.rows(f"SELECT nine(CAST('{value}' AS DECIMAL(38, 10))) AS v")[0]["v"]
    assert found == Decimal(rounded)


@quick
@given(values=st.lists(huge, min_size=1, max_size=9))
def test_average_is_the_exact_sum_by_the_count(db: Database, values: list[Decimal]) -> None:
    """An average is rounded once, at the end."""
    found = value_of(db, "avg(x)", xs(*values))
    assert found.value == nine(sum(map(Fraction, values), Fraction()) / len(values))


@quick
@given(values=st.lists(small, min_size=1, max_size=12), share=shares)
def test_a_quantile_is_interpolated_in_decimals(db: Database, values: list[Decimal], share: Decimal) -> None:
    """DuckDB's own gives 9.549999999 for the 0.95 of 1 to 10; the straight line says 9.55."""
    place = Fraction(share) * (len(values) - 1)
    ordered = sorted(map(Fraction, values))
    low, high = ordered[place.__floor__()], ordered[place.__ceil__()]
    expected = nine(low) + nine((high - low) * (place - place.__floor__()))
    assert value_of(db, f"quantile_cont(x, {share})", xs(*values)).value == expected


def test_the_quantile_that_was_silently_wrong(db: Database) -> None:
    """quantile_cont of 1 to 10 at 0.95 was 9.549999999."""
    assert value_of(db, "quantile_cont(x, 0.95)", xs(*range(1, 11))).value == Decimal("9.55")


@quick
@given(values=st.lists(huge, min_size=1, max_size=12))
def test_the_median_lies_midway(db: Database, values: list[Decimal]) -> None:
    """Of an even count it is halfway between the two in the middle, however far apart they are."""
    ordered = sorted(map(Fraction, values))
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    assert value_of(db, "median(x)", xs(*values)).value == nine(low) + nine((high - low) / 2)


@quick
@given(values=st.lists(small, min_size=1, max_size=12), share=shares)
def test_a_discrete_quantile_is_one_of_the_values(
    db: Database, values: list[Decimal], share: Decimal
) -> None:
    """The least value that at least that share of all lie at or below."""
    place = max((Decimal(len(values)) * share).to_integral_value(ROUND_CEILING), Decimal(1))
    assert value_of(db, f"quantile_disc(x, {share})", xs(*values)).value == sorted(values)[int(place) - 1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum(x) / 100", "0.06"),
        ("sum(x / 100)", "0.06"),
        ("sum(n) / 7", "0.857142857"),
        ("sum(n) / 10000000000", "0.000000001"),
        ("sum(x) / (sum(n) / 4)", "4"),
        ("sum(x / 3)", "2"),
        ("sum(x) / count(*) / 2", "1"),
        ("sum(x) FILTER (WHERE x / 3 > 0.5)", "5"),
        ("avg(x) FILTER (WHERE n > 1)", "2.5"),
        ("median(x) FILTER (WHERE n > 1)", "2.5"),
        ("avg(DISTINCT n % 2)", "0.5"),
        ("count(DISTINCT s)", "2"),
        ("count(s)", "2"),
        ("count_if(ok)", "1"),
        ("sum(CASE WHEN ok THEN x ELSE -x END)", "-4"),
        ("sum(-x)", "-6"),
        ("sum(x) - sum(x) FILTER (WHERE ok IS NOT TRUE)", "1"),
        ("greatest(sum(x), 10)", "10"),
        ("coalesce(sum(x) FILTER (WHERE n > 9), 7)", "7"),
        ("abs(min(x) - max(x)) % 2", "0"),
        ("sum(nullif(n, 2))", "4"),
    ],
)
def test_small_expressions(db: Database, text: str, expected: str) -> None:
    """Three rows, 1 to 3; the first is ok, the third has no name."""
    rows = [
        {"x": Decimal(1), "n": 1, "s": "a", "ok": True},
        {"x": Decimal(2), "n": 2, "s": "b", "ok": False},
        {"x": Decimal(3), "n": 3, "s": None, "ok": None},
    ]
    assert value_of(db, text, rows) == Answer(Decimal(expected).quantize(NINE))


@pytest.mark.parametrize(
    ("text", "state", "reason"),
    [
        ("sum(x) / sum(n)", State.NO_DATA, "denominator is zero"),
        ("sum(x) / (sum(n) * 5)", State.NO_DATA, "denominator is zero"),
        ("greatest(sum(x) / sum(n), 5)", State.NO_DATA, "denominator is zero"),
        ("sum(x) / 0", State.NO_DATA, "denominator is zero"),
        ("sum(x / n)", State.INVALID, "a row divides by zero"),
        ("sum(x % n)", State.INVALID, "a row divides by zero"),
        ("sum(x) FILTER (WHERE x / n > 1)", State.INVALID, "a row divides by zero"),
        ("sum(x) FILTER (WHERE n > 9)", State.NO_DATA, "no rows match"),
        ("least(1, sum(x) FILTER (WHERE n > 9))", State.NO_DATA, "no rows match"),
        ("greatest(0, max(x) FILTER (WHERE n > 9))", State.NO_DATA, "no rows match"),
        ("median(x) FILTER (WHERE n > 9)", State.NO_DATA, "no rows match"),
        ("avg(x) FILTER (WHERE n > 9)", State.NO_DATA, "denominator is zero"),
        ("sum(CAST(s AS INTEGER))", State.INVALID, "a cell cannot be cast to the type that is asked for"),
    ],
)
def test_absence_has_a_reason(db: Database, text: str, state: State, reason: str) -> None:
    """Never 0, never NaN: two rows whose n is 0."""
    rows = [{"x": Decimal(1), "n": 0, "s": "a"}, {"x": Decimal(2), "n": 0, "s": "b"}]
    found = value_of(db, text, rows)
    assert (found.value, found.state, found.reason) == (None, state, reason)


@pytest.mark.parametrize("text", ["sum(x)", "sum(x) * 1000000000", "sum(x) / 3", "avg(x)"])
def test_too_many_digits_are_invalid(db: Database, text: str) -> None:
    """A sum, a product or a quotient that DECIMAL cannot hold is no number, and never a double."""
    found = value_of(db, text, xs(*["99999999999999999999999999999"] * 3))
    assert (found.value, found.state) == (None, State.INVALID)


def test_a_floating_point_result_is_refused(db: Database) -> None:
    """An integer sum modulo a decimal is a double in DuckDB."""
    found = value_of(db, "sum(n) % 0.3", [{"n": 1}])
    assert (found.value, found.state) == (None, State.INVALID)


def test_integers_beyond_a_double_stay_exact(db: Database) -> None:
    """2**53 + 1 is where a double would round."""
    assert value_of(db, "avg(n)", [{"n": 2**53 + 1}]).value == Decimal(2**53 + 1)


@pytest.mark.parametrize(("x", "counts"), [("0.3", True), ("0.299999997", False)])
def test_a_row_condition_divides_exactly(db: Database, x: str, counts: bool) -> None:
    """0.1 + 0.2 is 0.3 here, and a ninth place decides."""
    condition = compile_row("x / 3 >= 0.1")
    assert db.rows(f"SELECT {condition} AS c FROM (SELECT CAST('{x}' AS DECIMAL(38, 9)) AS x)") == [
        {"c": counts}
    ]


def test_a_formula_guards_every_division() -> None:
    """Each divisor is asked, the inner before the outer."""
    compiled = compile_formula("a / (b / c)", lambda name: name)
    assert compiled.divisors == ('"c"', '(EXACT_RATIO("b", "c"))')


def test_a_query_averages_and_interpolates_exactly(db: Database) -> None:
    """avg and quantiles of a whole query are as exact as those of an expression."""
    sql = compile_query("SELECT avg(x) + quantile_cont(x, 0.95) AS v FROM crm.t", lambda dataset: dataset)
    db.run(
        'CREATE OR REPLACE TEMP VIEW "crm.t" AS SELECT CAST(i AS DECIMAL(18, 2)) AS x FROM range(1, 11) t(i)'
    )
    assert db.rows(sql) == [{"v": Decimal("15.05")}]


def test_dotted_and_odd_column_names_are_one_name() -> None:
    """A column is quoted whole, whatever it is called."""
    assert compile_row("Account.Segment__c = 'x'") == "(\"Account.Segment__c\" = 'x')"
