"""What a mapped query may be, and that it reaches the database as it was written."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite

from connectors.errors import SetupError
from connectors.sql.session import parsed
from connectors.sql.statement import from_query, from_table, refused_in_any_dialect, select


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM t",
        "SELECT 1; DROP TABLE t",
        "SELECT 1) q; DROP TABLE t; --",
        "WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone",
        "SELECT * INTO copy FROM t",
        "SELECT * FROM t FOR UPDATE",
        "SELECT * FROM t FOR SHARE",
        "COPY t TO STDOUT",
        "EXPLAIN ANALYZE DELETE FROM t",
        "SET ROLE admin",
        "CALL wipe()",
        "DO $$ BEGIN END $$",
        "VACUUM",
        "PRAGMA writable_schema = 1",
        "ATTACH 'x' AS y",
        "TRUNCATE t",
        "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE",
        "SELECT a FROM t WHERE a = :other",
        "SELECT a FROM t WHERE a = :since OR b = :Until",
        "",
        ";",
        "not sql at all (",
        "(" * 5000 + "SELECT 1" + ")" * 5000,
    ],
)
def test_only_one_select_is_read(query: str) -> None:
    """Writes, locks, several statements, unknown parameters and nonsense are refused by the parser."""
    for backend in ("postgresql", "sqlite"):
        with pytest.raises(SetupError, match="exactly one SELECT"):
            from_query(query, backend=backend)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT a FROM t",
        "select a from t;",
        "SELECT a FROM t -- the end",
        "SELECT a FROM t /* ; */ ; ;",
        "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
        "SELECT a FROM t UNION ALL SELECT a FROM u ORDER BY a LIMIT 3",
        "(SELECT a FROM t) EXCEPT (SELECT a FROM u)",
        "SELECT a FROM t WHERE at >= :since AND at < :until",
        "SELECT 'DELETE FROM t; :nothing' AS a FROM \"update\"",
        "SELECT 'pg_reload_conf()' AS set_config, pg_sleep(0), pg_size_pretty(1) FROM get_lock",
    ],
)
def test_every_form_of_select_is_read(query: str) -> None:
    """WITH, set operations, comments, closing semicolons and words inside texts are no obstacle."""
    assert from_query(query, backend="postgresql").sql.startswith("(\n")


@pytest.mark.parametrize(
    ("call", "effect"),
    [
        ("pg_terminate_backend(7)", "ends the work of others"),
        ('pg_catalog . "pg_reload_conf" /**/ ()', "steers the server"),
        ("pg_stat_reset_shared('io')", "writes what no rollback undoes"),
        ("PG_TRY_ADVISORY_LOCK (1)", "takes a lock"),
        ("set_config('statement_timeout', '0', false)", "lifts the limits of the read"),
        ("load_file('/etc/passwd')", "reads files of the server"),
        ("query_export_to_s3('SELECT 1', 'x')", "writes what no rollback undoes"),
        ("openrowset('SQLNCLI', 'host=x', 'EXEC wipe')", "runs a text as SQL"),
        ("dblink_exec('host=x', 'DELETE FROM t')", "runs a text as SQL"),
        ('U&"pg\\005freload_conf"()', "is called by an escaped name"),
    ],
)
def test_a_call_that_does_more_than_read_is_refused(call: str, effect: str) -> None:
    """In every place of a SELECT, quoted or not; the error names the call and what it does."""
    for query in (f"SELECT {call} AS a", f"SELECT a FROM t WHERE a IN (SELECT {call})", f"TABLE {call}"):
        with pytest.raises(SetupError, match=f"does more than read .* {effect}.*SELECT that only reads"):
            from_query(query, backend="postgresql")
        assert effect in str(refused_in_any_dialect(query))


@pytest.mark.parametrize("hint", ["MAX_EXECUTION_TIME(0)", "INDEX(t i) set_var (max_execution_time = 0)"])
def test_a_hint_that_lifts_the_limit_is_refused(hint: str) -> None:
    """MySQL puts what a hint says before the limit of the session; other hints are let through."""
    with pytest.raises(SetupError, match="lifts the limits of the read"):
        from_query(f"SELECT /*+ {hint} */ a FROM t", backend="mysql")
    assert from_query("SELECT /*+ INDEX(t i) */ a FROM t", backend="mysql").tables == ("t",)


@pytest.mark.parametrize("backend", ["mysql", "mariadb", "sqlite"])
def test_a_select_into_a_file_is_refused(backend: str) -> None:
    """Wherever INTO OUTFILE and INTO DUMPFILE stand."""
    for query in ("SELECT a INTO OUTFILE '/tmp/x' FROM t", "SELECT a FROM t INTO DUMPFILE '/tmp/x'"):
        with pytest.raises(SetupError, match=r"does more than read \(INTO (OUT|DUMP)FILE\)"):
            from_query(query, backend=backend)


def test_only_bounds_are_bound() -> None:
    """Casts, times and texts with colons stay what they are; :since and :until become parameters."""
    query = "SELECT a::int, '10:30 :since' AS b, 5 % 2 AS c FROM t WHERE at >= :since AND at < :until;"
    source = from_query(query, backend="postgresql")
    compiled = text(select(source, columns=["a"], conditions=[], order=[])).compile(
        dialect=postgresql.dialect()
    )
    assert source.bound == ("since", "until")
    assert set(compiled.params) == {"since", "until"}
    assert "a::int, '10:30 :since' AS b, 5 %% 2" in str(compiled)


def test_names_are_quoted() -> None:
    """A table's name is an identifier, whatever it is called."""
    quote = sqlite.dialect().identifier_preparer.quote
    assert from_table('app.Wild "name"; --', quote=quote).sql == 'app."Wild ""name""; --"'


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("SELEC id FROM t", "does not begin with SELECT or WITH"),
        ("DELETE FROM t RETURNING id", "is no SELECT"),
        ("SELECT 1; SELECT 2", "holds 2 statements"),
        ("SELECT * INTO x FROM y", "does more than read (INTO)"),
        ("SELECT [a] FROM t", None),
        ("-- why\nSELECT id FROM t WHERE at >= :since", None),
        ("WITH a AS (SELECT 1) SELECT * FROM a", None),
        ("SELECT a FROM t # crosstab (by month)", None),
        ("SELECT 'isn\\'t get_lock(a)' AS a, 'isn\\'t' AS b", None),
        ("SELECT $$ pg_reload_conf() $$ AS a", None),
    ],
)
def test_what_no_database_would_read_is_refused_offline(query: str, refusal: str | None) -> None:
    """Whatever the dialect; what may be some database's own grammar is left to it."""
    assert refused_in_any_dialect(query) == refusal


def test_a_url_with_a_port_that_is_none_is_told_without_it() -> None:
    """The driver's own error quotes the URL."""
    with pytest.raises(SetupError) as caught:
        parsed("postgresql://someone:hunter2@db.example:port/x")
    assert "hunter2" not in str(caught.value)
