"""
A Trino coordinator that speaks its REST protocol: POST /v1/statement, then pages by `nextUri`.

The statements are really run, by DuckDB, so that a wrong bound, order or escape gives wrong rows.
Anything but a SELECT, plain or as EXECUTE IMMEDIATE with its values, is answered with an error.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import count
from typing import Any

import duckdb
import sqlglot
from fake_http import Reply, Request, reply_json

ROWS_A_PAGE = 2
_IMMEDIATE = re.compile(r"EXECUTE IMMEDIATE '((?:[^']|'')*)'(?: USING (.*))?", re.DOTALL)
_TEXT_OR_SIGN = re.compile(r"'(?:[^']|'')*'|\?")
_ERRORS = {
    duckdb.CatalogException: "TABLE_NOT_FOUND",
    duckdb.BinderException: "COLUMN_NOT_FOUND",
    duckdb.ParserException: "SYNTAX_ERROR",
}


class FakeTrino:
    """What `FakeServer` asks. *statements* are those it was sent; they see the tables of *database*."""

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self.statements: list[str] = []
        self._database = database
        self._results: dict[str, tuple[list[Any], list[Any]]] = {}
        self._numbers = count(1)

    def __call__(self, request: Request) -> Reply | None:
        address = f"http://{request.headers['Host']}/v1/statement/executing"
        if (request.method, request.path) == ("POST", "/v1/statement"):
            self.statements.append(request.body.decode())
            query = f"query_{next(self._numbers)}"
            try:
                self._results[query] = self._run(self.statements[-1])
            except duckdb.Error as problem:
                return _page(query, error=_error(problem))
            return _page(query, nextUri=f"{address}/{query}/0")
        found = re.fullmatch(r"/v1/statement/executing/(\w+)/(\d+)", request.path)
        if found is None or found[1] not in self._results:
            return None
        if request.method == "DELETE":
            return Reply(status=204)
        (columns, rows), page = self._results[found[1]], int(found[2])
        sent = {"columns": columns, "data": rows[page * ROWS_A_PAGE : (page + 1) * ROWS_A_PAGE]}
        if len(rows) > (page + 1) * ROWS_A_PAGE:
            sent["nextUri"] = f"{address}/{found[1]}/{page + 1}"
        return _page(found[1], **sent)

    def _run(self, statement: str) -> tuple[list[Any], list[Any]]:
        immediate = _IMMEDIATE.fullmatch(statement)
        sql, values = (immediate[1].replace("''", "'"), immediate[2] or "") if immediate else (statement, "")
        bound = iter(values.split(","))
        sql = _TEXT_OR_SIGN.sub(lambda found: next(bound) if found[0] == "?" else found[0], sql)
        if not sql.lstrip().upper().startswith("SELECT"):
            raise duckdb.ParserException("this fake reads only")
        cursor = self._database.cursor()
        cursor.execute("SET TimeZone = 'UTC'")
        cursor.execute(sqlglot.transpile(sql, read="trino", write="duckdb")[0])
        columns = [_column(name, str(kind)) for name, kind, *_ in cursor.description]
        return columns, [[_cell(value) for value in row] for row in cursor.fetchall()]


def _page(query: str, **more: Any) -> Reply:
    state = "FAILED" if "error" in more else "RUNNING" if "nextUri" in more else "FINISHED"
    return reply_json({"id": query, "infoUri": "http://fake/ui", "stats": {"state": state}, **more})


def _error(problem: duckdb.Error) -> dict[str, Any]:
    name = _ERRORS.get(type(problem), "GENERIC_USER_ERROR")
    message = re.sub(r"^.*?\b(\w+) does not exist", r"'\1'", str(problem))
    return {"message": message, "errorCode": 1, "errorName": name, "errorType": "USER_ERROR"}


def _column(name: str, kind: str) -> dict[str, Any]:
    plain, numbers = re.match(r"[A-Z ]+", kind)[0], re.findall(r"\d+", kind)
    raw = plain.lower()
    numbers = ["6"] if raw.startswith("timestamp") else ["2147483647"] if raw == "varchar" else numbers
    arguments = [{"kind": "LONG", "value": int(number)} for number in numbers]
    return {"name": name, "type": raw, "typeSignature": {"rawType": raw, "arguments": arguments}}


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        shown = value.astimezone(UTC) if value.tzinfo else value
        return shown.strftime("%Y-%m-%d %H:%M:%S.%f") + (" UTC" if value.tzinfo else "")
    return value if value is None or isinstance(value, (int, bool)) else str(value)
