"""What an expression may hold, and what is said of one that may not."""

from __future__ import annotations

import pytest

from okr_pipeline.expression import check_formula, check_query, check_value, check_where

COLUMNS = {
    "amount": "decimal(18,2)",
    "seats": "integer",
    "name": "string",
    "won": "boolean",
    "at": "timestamp",
    "Account.Segment__c": "string",
}


@pytest.mark.parametrize(
    "text",
    [
        "sum(amount)",
        "count(*)",
        "count(distinct name)",
        "count_if(won) / count(*)",
        "avg(amount) FILTER (WHERE won)",
        "quantile_cont(amount, 0.95)",
        "sum(CASE WHEN won THEN amount ELSE 0 END)",
        "max(seats) - min(seats)",
        "sum(amount) FILTER (WHERE Account.Segment__c = 'mid')",
        "sum(coalesce(amount, 0) * seats) / 100",
        "datediff('day', min(at), max(at))",
        "sum(seats % 2)",
    ],
)
def test_allowed_values(text: str) -> None:
    """Aggregates, arithmetic, CASE and FILTER over declared columns are what a value is made of."""
    assert check_value(text, COLUMNS) == []


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("first(amount)", "name the row you mean: min(...) or max(...)"),
        ("any_value(amount)", "name the row you mean: min(...) or max(...)"),
        ("approx_count_distinct(name)", "use count(distinct ...)"),
        ("approx_quantile(amount, 0.5)", "use quantile_cont(...)"),
        ("random()", "a random answer cannot be computed again"),
        ("now()", "the as-of decides what counts: use `time:` and `window:`"),
        ("stddev(amount)", "it is computed in floating point and its last digits depend on row order"),
        ("sum(amount) ** 2", "it is computed in floating point; multiply instead"),
        ("round(sum(amount), 2)", "values are rounded once, when stored; readers round again for display"),
        ("sum(amount::double)", "cast to decimal, integer, date, timestamptz, text or boolean"),
        ("sum(amount) * 1e3", "write its digits out: it would be a floating-point number"),
        (f"sum(amount) * 0.{'1' * 39}", "it would be a floating-point number"),
        ("sum(amount) OVER ()", "use a `sql:` metric"),
        ("(SELECT 1)", "use a `sql:` metric"),
        ("sum(amont)", "did you mean `amount`?"),
        ("amount", "write sum(...), count(*), ... so that one number comes out"),
        ("sum(amount) + seats", "wrap it: sum(...), max(...)"),
        ("sum(sum(amount))", "declare the inner one as its own metric"),
        ("sum(amount) FILTER (WHERE sum(seats) > 1)", "declare the inner one as its own metric"),
        ("sum(name)", "aggregate a number, or count rows"),
        ("max(at)", "a metric yields one number"),
        ("sum(*)", "name the column you mean"),
        ("quantile_cont(amount, 95)", "write a number from 0 to 1: quantile_cont(x, 0.95)"),
        ("sum(amount); DROP TABLE x", "write a single expression, without SELECT or `;`"),
        ("sum(amount) FROM x", "write a single expression, without SELECT or `;`"),
        ("sum(amount", "check brackets, quotes and operators"),
        ("sum(getenv('HOME'))", "docs/configuration.md lists what an expression may hold"),
        ("sum(seats // 2)", "docs/configuration.md lists what an expression may hold"),
    ],
)
def test_refused_values_name_the_rewrite(text: str, mend: str) -> None:
    """Whatever cannot be computed again, exactly, is refused with what to write instead."""
    assert mend in [problem.mend for problem in check_value(text, COLUMNS)]


def test_extract_of_a_floating_point_part_is_refused() -> None:
    """The epoch of an instant has fractions; whole parts are allowed."""
    refused, allowed = (check_value(f"sum(extract({part} FROM at))", COLUMNS) for part in ("epoch", "year"))
    assert ([problem.message for problem in refused], allowed) == (["extract(epoch ...)"], [])


def test_a_problem_points_into_the_text() -> None:
    """Offset and length mark the name that is wrong."""
    [problem] = check_value("sum(amount) / count(nme)", COLUMNS)
    assert (problem.offset, problem.length) == (20, 3)


@pytest.mark.parametrize(
    "text", ["won", "amount > 10 AND name LIKE 'a%'", "at IS NOT NULL", "seats IN (1, 2)"]
)
def test_allowed_conditions(text: str) -> None:
    """A condition compares columns of one row."""
    assert check_where(text, COLUMNS) == []


def test_not_of_a_column_is_warned_of() -> None:
    """NOT leaves out empty cells; the warning offers the other meaning."""
    [problem] = check_where("NOT won", COLUMNS)
    assert (problem.warning, "won IS NOT TRUE" in problem.mend) == (True, True)


@pytest.mark.parametrize("text", ["sum(amount) > 1", "amount", "name", "at > now()"])
def test_refused_conditions(text: str) -> None:
    """Aggregates, bare values and the clock are no condition on a row."""
    assert [problem.warning for problem in check_where(text, COLUMNS)] == [False]


def test_names_of_a_formula() -> None:
    """They come once each, in order of first use."""
    assert check_formula("(start_mrr + crm.new - churn) / start_mrr") == (
        ("start_mrr", "crm.new", "churn"),
        [],
    )


@pytest.mark.parametrize("text", ["1 + 1", "sum(a)", "random() + a", "a > b", "a + :as_of", "a; b"])
def test_refused_formulas(text: str) -> None:
    """A formula is arithmetic over at least one metric, and yields a number."""
    assert len(check_formula(text)[1]) == 1


def test_datasets_of_a_query() -> None:
    """Every dataset is named once, sorted; a common table expression is none."""
    sql = (
        "WITH w AS (SELECT * FROM crm.deals) SELECT sum(amount) FROM w JOIN crm.teams USING (id), crm.deals d"
    )
    assert check_query(sql) == (("crm.deals", "crm.teams"), [])


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT 1", "the query reads no dataset"),
        ("SELECT count(*) FROM read_csv('/etc/passwd')", "a table function"),
        ("SELECT count(*) FROM '/etc/passwd'", "`/etc/passwd` names no dataset"),
        ("SELECT count(*) FROM 'https://a.example/b.csv'", "`https://a.example/b.csv` names no dataset"),
        ("SELECT count(*) FROM query('SELECT 1')", "a table function"),
        ("SELECT count(*) FROM glob('/*')", "a table function"),
        ("SELECT sum(amount) FROM crm.deals; DROP TABLE x", "not exactly one SELECT"),
        ("COPY crm.deals TO 'x'", "not exactly one SELECT"),
        ("ATTACH 'x' AS y", "not exactly one SELECT"),
        ("PRAGMA version", "not exactly one SELECT"),
        ("SET threads = 1", "not exactly one SELECT"),
        ("INSTALL httpfs", "not exactly one SELECT"),
        ("SELECT now() FROM crm.deals", "`now` is not allowed here"),
        ("SELECT any_value(amount) FROM crm.deals", "`any_value` is not allowed here"),
        ("SELECT count(*) FROM crm.deals USING SAMPLE 10", "a sample"),
        ("SELECT sum(amount::double) FROM crm.deals", "a cast to a floating-point number"),
        ("SELECT sum(amount * 1e3) FROM crm.deals", "a number with an exponent"),
        ("SELECT avg(amount) OVER () FROM crm.deals", "avg over a window"),
        ("SELECT sum(amount) FROM crm.deals WHERE at < :today", "no parameter :today"),
        ("SELECT current_setting('x') FROM crm.deals", "`current_setting` is not allowed here"),
        ("SELECT sum(amount FROM crm.deals", "the expression cannot be read"),
    ],
)
def test_refused_queries(sql: str, message: str) -> None:
    """A query is one SELECT over datasets, and can be asked again."""
    assert [problem.message for problem in check_query(sql)[1]] == [message]


@pytest.mark.parametrize("depth", [201, 100_000])
def test_brackets_that_nest_too_deep_are_refused_unread(depth: int) -> None:
    """A compiled parser once ended the process on them."""
    text = "(" * depth + "sum(n)" + ")" * depth
    found = [
        check_value(text, {"n": "integer"}),
        check_formula(text)[1],
        check_query(f"SELECT {text} FROM a.b")[1],
    ]
    assert [["the brackets nest too deep"]] * 3 == [[problem.message for problem in each] for each in found]
