"""
Whole queries of users, run where they can do no harm.

A `sql:` metric may be anything that is one SELECT, so it runs in a process of its own: read-only,
without files, with little memory, and killed at its deadline.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb

from okr_pipeline.expression import compile_query
from okr_pipeline.model.metric import Query
from okr_pipeline.model.observation import State
from okr_pipeline.warehouse.database import Database, Settings, quoted
from okr_pipeline.warehouse.direct import failed
from okr_pipeline.warehouse.errors import WarehouseError
from okr_pipeline.warehouse.landing import state_at
from okr_pipeline.warehouse.question import NEVER_READ, NO_ROWS, Answer, Ask

_EXACT_TYPES = ("DECIMAL", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")


class Sandbox:
    """
    A child process that answers queries over the warehouse at *path*, one at a time.

    It starts with the first query. A query that takes longer than *deadline_s* ends with its
    process; the next query gets a new one.
    """

    def __init__(
        self, path: Path, *, settings: Settings, deadline_s: float = 60, memory: str = "1GB"
    ) -> None:
        self._setup = {"path": str(path), "settings": {**asdict(settings), "memory": memory}}
        self._deadline_s = deadline_s
        self._child: subprocess.Popen[str] | None = None
        self._asked = 0

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def ask(self, question: dict[str, Any]) -> Answer:
        """Return the answer of the child to *question*, or why there is none."""
        child = self._child or self._start()
        self._asked += 1
        assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018
        reply: str | None = ""
        with suppress(BrokenPipeError):
            child.stdin.write(json.dumps({**question, "number": self._asked}) + "\n")
            child.stdin.flush()
            reply = self._line(child)
        answered = json.loads(reply) if reply else {}
        if answered.get("number") == self._asked:
            return _answer(answered)
        self._end()
        if reply is None:
            return Answer(None, State.ERROR, f"the query took longer than {self._deadline_s:g} s")
        return Answer(None, State.ERROR, "the query ended its process: it needs more memory than it may use")

    def _start(self) -> subprocess.Popen[str]:
        # The child finds its modules where this process found them, installed or not.
        code = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import main; main({self._setup!r})"
        self._child = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        return self._child

    def _line(self, child: subprocess.Popen[str]) -> str | None:
        assert child.stdout is not None  # noqa: S101
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            return child.stdout.readline() if selector.select(self._deadline_s) else None

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None


def answer_query(sandbox: Sandbox, ask: Ask, of: Query) -> Answer:
    """Return the single number that a query gives at one cut."""
    loads = {dataset: load for dataset, load in ask.loads if dataset in of.datasets}
    if len(loads) < len(of.datasets) or ask.span is None:
        return NEVER_READ
    return sandbox.ask(
        {
            "sql": compile_query(of.sql, lambda dataset: dataset),
            "loads": loads,
            "times": {
                "as_of": ask.cut.isoformat(),
                "window_start": ask.span.start.isoformat() if ask.span.start else "-infinity",
                "window_end": ask.span.end.isoformat(),
            },
        }
    )


def _answer(reply: dict[str, Any]) -> Answer:
    value = reply["value"]
    return Answer(None if value is None else Decimal(value), State(reply["state"]), reply["reason"])


# -- inside the child ---------------------------------------------------------------------------


def main(setup: dict[str, Any]) -> None:
    """Answer one JSON question a line until standard input ends."""
    # Whatever else is printed in this process is no answer.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with Database(Path(setup["path"]), settings=Settings(**setup["settings"]), read_only=True) as db:
        for line in sys.stdin:
            question = json.loads(line)
            answer = _run(db, question)
            reply = {
                "number": question["number"],
                "value": None if answer.value is None else str(answer.value),
                "state": answer.state,
                "reason": answer.reason,
            }
            answers.write(json.dumps(reply) + "\n")
            answers.flush()


def _run(db: Database, question: dict[str, Any]) -> Answer:
    try:
        for dataset, load in question["loads"].items():
            rows = f"SELECT * EXCLUDE (_from_load, _to_load) FROM {state_at(dataset, load)}"
            db.run(f"CREATE OR REPLACE TEMP VIEW {quoted(dataset)} AS {rows}")
        sql = question["sql"]
        times = {name: at for name, at in question["times"].items() if f"${name}" in sql}
        for name in times:
            sql = sql.replace(f"${name}", f"CAST(${name} AS TIMESTAMPTZ)")
        if reason := _shape_problem(db, sql, times):
            return Answer(None, State.INVALID, reason)
        found = db.rows(f"SELECT nine(value) AS value FROM ({sql}) AS answer(value) LIMIT 2", times)
    except duckdb.Error as error:
        return failed(error)
    except WarehouseError as error:
        return Answer(None, State.ERROR, f"the query cannot run: {error.message}")
    if len(found) > 1:
        return Answer(None, State.INVALID, "the query gives more than one row; it must give exactly one")
    return NO_ROWS if not found or found[0]["value"] is None else Answer(found[0]["value"])


def _shape_problem(db: Database, sql: str, times: dict[str, str]) -> str | None:
    columns = db.rows(f"DESCRIBE {sql}", times)
    if len(columns) != 1:
        return f"the query gives {len(columns)} columns; it must give exactly one number"
    if not columns[0]["column_type"].startswith(_EXACT_TYPES):
        kind = columns[0]["column_type"]
        return f"the query gives a {kind}; cast to DECIMAL before aggregating, so that the answer is exact"
    return None
