"""The real server, daemon and code location, started against a project and asked over the loopback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dagster_project import two_sources

ROOT = Path(__file__).parents[2]
LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries {
  name loadStatus locationOrLoadError { __typename ... on RepositoryLocation { repositories { name } } }
} } } }"""
LAUNCH = """mutation($job: JobOrPipelineSelector!) {
  launchRun(executionParams: {selector: $job, runConfigData: {}}) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
} }"""
COMMAND = ("-m", "dagster", "dev", "-w", "deploy/workspace.yaml", "-h", "127.0.0.1", "-p")
STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
FAILURES = """query($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { events {
  ... on ExecutionStepFailureEvent { error { message causes { message } } }
} } } }"""


class Server:
    """A running `dagster dev`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self._url = f"http://127.0.0.1:{port}/graphql"

    def ask(self, query: str, **variables: Any) -> Any:
        """Return the data of one answer; OSError while there is none."""
        if self._process.poll() is not None:
            pytest.fail(f"dagster dev ended with {self._process.returncode}")
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)["data"]

    def wait_for(self, *wanted: str, query: str, path: tuple[str | int, ...], **variables: Any) -> Any:
        """Ask again until what lies at *path* is one of *wanted*, for 90 s at most; return what it is."""
        end, seen = time.monotonic() + 90, None
        while seen not in wanted and time.monotonic() < end:
            try:
                seen = self.ask(query, **variables)
                for step in path:
                    seen = seen[step]
            except OSError:
                pass
            time.sleep(0.5)
        return seen


@pytest.fixture(name="server")
def _server(tmp_path: Path) -> Iterator[Server]:
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    shutil.copy(ROOT / "deploy/sqlite/dagster.yaml", home)
    two_sources(project)
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, *COMMAND, str(port)],
        cwd=ROOT,
        env={**os.environ, "DAGSTER_HOME": str(home), "OKR_PROJECT": str(project)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    yield Server(process, port)
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.timeout(240)
def test_the_server_loads_the_project_and_runs_its_job(server: Server) -> None:
    """The code location of the deployment files loads, and a run launched in the server succeeds."""
    entry = ("workspaceOrError", "locationEntries", 0)
    assert server.wait_for("LOADED", query=LOCATIONS, path=(*entry, "loadStatus")) == "LOADED"
    located = server.ask(LOCATIONS)["workspaceOrError"]["locationEntries"][0]
    assert (located["name"], located["locationOrLoadError"]["__typename"]) == ("okr", "RepositoryLocation")
    [repository] = located["locationOrLoadError"]["repositories"]
    job = {"repositoryLocationName": "okr", "repositoryName": repository["name"], "jobName": "sync_all"}
    run = server.ask(LAUNCH, job=job)["launchRun"]["run"]["runId"]
    status = ("runOrError", "status")
    ended = server.wait_for("SUCCESS", "FAILURE", query=STATUS, path=status, id=run)
    assert ended == "SUCCESS", server.ask(FAILURES, id=run)
