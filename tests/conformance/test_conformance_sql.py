"""The sql connector against the conformance suite: SQLite, PostgreSQL by both of its ways, MariaDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from connectors.registry import kinds
from connectors.testing import ConnectorConformance, Row

CREATE = (
    "CREATE TABLE sample (id integer PRIMARY KEY, amount {number}, paid_on date, "
    "changed_at {instant}, name text, is_won boolean)"
)
INSERT = "INSERT INTO sample VALUES (:id, :amount, :paid_on, :changed_at, :name, :is_won)"


class SqlFeed:
    kind = "sql"

    def __init__(
        self, base: Path, *, url: str, write_url: str, instant: str, number: str = "numeric"
    ) -> None:
        self.base = base
        self.connection: Mapping[str, object] = {"url": url}
        self._engine = sqlalchemy.create_engine(write_url, poolclass=sqlalchemy.NullPool)
        self._types = {"instant": instant, "number": number}

    def dataset(self) -> Mapping[str, object]:
        return {"table": "sample"}

    def fill(self, rows: Sequence[Row]) -> None:
        with self._engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE IF EXISTS sample")
            connection.exec_driver_sql(CREATE.format(**self._types))
            if rows:
                sent = [{name: self._sent(value) for name, value in found.items()} for found in rows]
                connection.execute(sqlalchemy.text(INSERT), sent)

    def _sent(self, value: Any) -> Any:
        if self._engine.dialect.name != "sqlite" or value is None or isinstance(value, bool):
            return value
        if isinstance(value, Decimal):
            return float(value)
        return value.isoformat() if hasattr(value, "isoformat") else value


class TestSqlite(ConnectorConformance):
    @pytest.fixture
    def feed(self, tmp_path: Path) -> SqlFeed:
        path = tmp_path / "sample.db"
        return SqlFeed(
            tmp_path, url="sqlite:///sample.db", write_url=f"sqlite:///{path}", instant="timestamp"
        )


@pytest.mark.postgres
class TestPostgresInArrow(ConnectorConformance):
    @pytest.fixture
    def feed(self, tmp_path: Path, postgres_url: str) -> SqlFeed:
        return SqlFeed(tmp_path, url=postgres_url, write_url=postgres_url, instant="timestamptz")


@pytest.mark.postgres
class TestPostgresInRows(ConnectorConformance):
    @pytest.fixture
    def feed(self, tmp_path: Path, postgres_url: str) -> SqlFeed:
        url = postgres_url.replace("postgresql://", "postgresql+psycopg://")
        return SqlFeed(tmp_path, url=url, write_url=postgres_url, instant="timestamp")


@pytest.mark.mysql
class TestMysql(ConnectorConformance):
    @pytest.fixture
    def feed(self, tmp_path: Path, mysql_url: str) -> SqlFeed:
        types = {"instant": "datetime(6)", "number": "decimal(30,6)"}
        return SqlFeed(tmp_path, url=mysql_url, write_url=mysql_url, **types)


def test_every_built_in_kind_is_held_to_the_suite() -> None:
    """No kind is registered that the conformance tests leave out."""
    assert kinds() == ("files", "google_sheets", "rest", "salesforce", "sql")
