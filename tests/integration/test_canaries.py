"""Thirty-four secrets through every failure path, looked for in everything that the program leaves behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from canaries import BOARDS, KEYS, MAKERS, PATHS, environ, forms, found_in, planted, server, write
from doc_pages import ROOT
from project_builder import ProjectFolder

from connectors.transport.redaction import Known

RUNNER = """
import logging, sys, time, traceback
time.sleep = lambda seconds: None          # how long is waited is not what is looked at
logging.basicConfig(level=logging.DEBUG, filename=sys.argv[1])
{body}
"""
COMMAND_LINE = RUNNER.format(body="from okr_pipeline.cli import main\nmain(sys.argv[2:])")
TRACEBACKS = RUNNER.format(
    body="""
import os
from pathlib import Path
from connectors.errors import ConnectorError
from okr_pipeline.extract import request_for
from okr_pipeline.workspace import Workspace
workspace = Workspace.load(Path(sys.argv[2]), environ=os.environ)
for dataset in workspace.project.datasets.values():
    connector = None
    try:
        connector = workspace.connect(workspace.project.sources[dataset.source])
        print(repr(connector), vars(connector))
        for batch in connector.extract(request_for(dataset, connector, resolve=workspace.resolved)):
            pass
    except ConnectorError as error:
        print(dataset.id, repr(error), error.args)
        traceback.print_exception(error)
        while error is not None:
            logging.getLogger("seen").error("failed", exc_info=error)
            error = error.__cause__ or error.__context__
"""
)
PUBLISHING = RUNNER.format(
    body="""
import os
from contextlib import suppress
from pathlib import Path
from connectors.errors import ConnectorError
from connectors.google_sheets.board import Cell
from okr_pipeline.cli import main
from okr_pipeline.publish.sheet import board_of
from okr_pipeline.workspace import Workspace
root, no_key = Path(sys.argv[2]), {"service_account": os.environ["BOARD_CLIENT_SECRET"]}
for name in sys.argv[3:]:
    os.environ["BOARD"] = name
    with suppress(SystemExit):
        main(["-C", str(root), "page"])
    workspace = Workspace.load(root, environ=os.environ)
    options = workspace.resolved(workspace.project.publishers["sheet"].options)
    for given in (options, options | {"connection": no_key}):
        try:
            board = board_of(given, base=root)
            print(repr(board), vars(board))
            board.write([[Cell("x")]], over=board.read(), cleared=(0, 0), head=1)
        except ConnectorError as error:
            print(sys.argv.index(name), repr(error), error.args)
            traceback.print_exception(error)
"""
)
DAGSTER = RUNNER.format(
    body="""
import os
from pathlib import Path
import dagster as dg
from okr_pipeline.orchestration import build_definitions, executor_named, extracts, keys
from okr_pipeline.workspace import Workspace
extracts.READ_AGAIN = dg.RetryPolicy(max_retries=1)     # again, and at once
workspace = Workspace.load(Path(sys.argv[2]), environ=os.environ)
definitions = build_definitions(workspace, executor=executor_named("in_process"))
chosen = [dg.AssetKey(["extract", source, "deals"]) for source in sys.argv[3:]] + [keys.publish_key("sheet")]
with dg.DagsterInstance.get() as instance:
    job = definitions.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(instance=instance, raise_on_error=False, asset_selection=chosen)
    for event in result.all_events:
        print(event, event.event_specific_data)
"""
)


class Sinks:
    """A project, run in processes of its own, and what they left."""

    def __init__(self, root: Path) -> None:
        self.root = root / "project"
        self.logs = root / "logs"
        self.dagster = root / "dagster"
        self.held: dict[str, bytes] = {}
        self.logs.mkdir()
        self.dagster.mkdir()
        self.folder = ProjectFolder(self.root)

    def run(self, name: str, code: str, *words: str, env: dict[str, str]) -> str:
        """Run *code* and keep its output and its log; return its output."""
        log = self.logs / f"{name}.log"
        base = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        done = subprocess.run(
            [sys.executable, "-c", code, str(log), *words],
            env={**base, **env, "PYTHONPATH": str(ROOT), "DAGSTER_HOME": str(self.dagster)},
            cwd=self.root,
            capture_output=True,
            timeout=150,
            check=False,
        )
        self.held |= {
            f"{name}: stdout": done.stdout,
            f"{name}: stderr": done.stderr,
            f"{name}: log": log.read_bytes(),
        }
        return done.stdout.decode()

    def keep_files(self, name: str, folder: Path, *patterns: str) -> None:
        """Keep the bytes of the files below *folder*; of Parquet and DuckDB also what they hold."""
        files = sorted({path for pattern in patterns for path in folder.rglob(pattern) if path.is_file()})
        assert files, f"{name}: nothing was left"
        self.held[name] = b"\n".join(path.read_bytes() + _unpacked(path) for path in files)


def _unpacked(path: Path) -> bytes:
    if path.suffix == ".parquet":
        return repr(pq.read_table(path).to_pylist()).encode()
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as db:
            tables = db.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
            return repr([db.execute(f'FROM "{s}"."{t}"').fetchall() for s, t in tables]).encode()
    return b""


@pytest.fixture(scope="module")
def sinks(tmp_path_factory: pytest.TempPathFactory) -> Sinks:
    """Everything that the command line, a notebook's errors and Dagster leave of the failing project."""
    made = Sinks(tmp_path_factory.mktemp("canaries"))
    with server(made.root) as fake:
        write(made.folder)
        env = environ(fake)
        home = ["-C", str(made.root)]
        made.run("sync", COMMAND_LINE, *home, "sync", "--as-of", "2026-08-10T12:00", env=env)
        made.run("doctor", COMMAND_LINE, *home, "doctor", env=env)
        made.run("show", COMMAND_LINE, *home, "show", env=env)
        made.run("errors", TRACEBACKS, str(made.root), env=env)
        made.run("publishing", PUBLISHING, str(made.root), *BOARDS, env=env)
        chosen = [f"{kind}_{path}" for turn, path in enumerate(PATHS) for kind in [list(MAKERS)[turn % 4]]]
        made.run("dagster", DAGSTER, str(made.root), *chosen, env=env)
    state = made.root / ".okr"
    made.keep_files("ledger", state, "ledger.db*")
    made.keep_files("lake", state / "lake", "*")
    made.keep_files("warehouse", state, "*.duckdb*")
    made.keep_files("page", made.root / "public", "*.html")
    made.keep_files("tables", made.root / "public", "*.csv", "*.parquet")
    made.keep_files("dagster: events and metadata", made.dagster, "*")
    return made


@pytest.mark.fault(50, on="files google_sheets rest salesforce sheet")
def test_thirty_four_secrets_are_in_no_sink(sinks: Sinks) -> None:
    """0 of 34 found: not plain, not in an address, not in JSON, not in base64."""
    found = {sink: names for sink, held in sinks.held.items() if (names := found_in(held))}
    leaked = {name for names in found.values() for name in names}
    print(f"{len(leaked)} of {len(planted)} found in {len(sinks.held)} sinks x {len(PATHS)} paths")
    assert (34, {}) == (len(planted), found)


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("path", PATHS)
def test_each_path_fails_as_it_should(sinks: Sinks, kind: str, path: str) -> None:
    """Every connector met every path, and failed there: otherwise nothing was proved."""
    told = sinks.held["errors: stdout"].decode()
    [line] = [line for line in told.splitlines() if line.startswith(f"{kind}_{path}.deals ")]
    assert any(name in line for name in EXPECTED[path])


@pytest.mark.parametrize("board", BOARDS)
def test_each_publication_fails_as_it_should(sinks: Sinks, board: str) -> None:
    """The published sheet met every path too, at its first call or at its write, and says so."""
    told = sinks.held["publishing: stdout"].decode()
    path = next(path for path in PATHS if board.endswith(path))
    assert any(f"{BOARDS.index(board) + 3} {name}" in told for name in EXPECTED[path])


def test_the_publication_fails_in_dagster_too(sinks: Sinks) -> None:
    """Its step ran there, and failed: what it leaves was looked through."""
    events = sinks.held["dagster: stdout"].decode().splitlines()
    assert any("STEP_FAILURE" in event and "publish__sheet" in event for event in events)


EXPECTED = {
    "credential": ("SetupError",),
    "denied": ("SetupError", "SessionEnded", "TokenEnded"),
    "forbidden": ("SetupError",),
    "quota": ("QuotaExhausted",),
    "broken": ("Transient",),
    "webpage": ("Transient",),
    "cutoff": ("Transient",),
    "malformed": ("Transient", "SchemaChanged"),
    "misfit": ("BadValue", "SchemaChanged"),
    "renamed": ("SchemaChanged",),
}


def test_a_planted_canary_is_found() -> None:
    """The search itself works, for every form of every canary."""
    for name, canary in planted.items():
        assert {True} == {name in found_in(b"before " + form + b" after") for form in forms(canary)}


def test_one_known_key_gives_no_other_away() -> None:
    """A key that nobody knew is still seen by its first line once another one is known."""
    known = Known()
    known.remember([KEYS["sheets private key"]])
    assert not found_in(known.hide(KEYS["salesforce private key"]).encode())
