"""The calls to Google: gspread writes them, our transport sends them, and numbers stay as they came."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from gspread.http_client import HTTPClient
from gspread.urls import DRIVE_FILES_API_V3_URL

from connectors import json_text
from connectors.errors import Incomplete, Transient
from connectors.google_sheets import grid_json, refusal
from connectors.google_sheets.book import FIELDS, Book
from connectors.google_sheets.grid_json import ValueRange
from connectors.google_sheets.options import SheetsConnection
from connectors.google_sheets.sign_in import READ, SIGN_IN_HOST, SIGN_IN_PATH, SignIn
from connectors.transport.answer import MALFORMED_TRIES, Answer
from connectors.transport.bucket import Rate, shared_bucket
from connectors.transport.client import Transport
from connectors.transport.fault import Disturbed
from connectors.transport.policy import Policy, Timing
from connectors.transport.redaction import remember

READS = Rate(60, 60)
"""What Google lets one user of one project read."""
POLICY = Policy(body_bytes=2 << 30, quota_window_s=60)
IN_MEMORY = 4 << 20
"""Values up to this size (bytes) are kept in memory, larger ones in a temporary file."""
_HOSTS = ("sheets.googleapis.com", "www.googleapis.com", SIGN_IN_HOST)
_REFUSALS = range(400, 500)


class Values:
    """The value ranges of one values:batchGet, in a file of their own; close it when done."""

    def __init__(self) -> None:
        self.file = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115
        self.ranges: list[ValueRange] = []

    def close(self) -> None:
        """Drop the values."""
        self.file.close()


class Api:
    """One connection's calls, paced with all others of the same credential in this process."""

    def __init__(
        self,
        connection: SheetsConnection,
        *,
        base: Path,
        policy: Policy,
        timing: Timing,
        scopes: tuple[str, ...] = (READ,),
    ) -> None:
        self.timing = timing
        self.sign_in = SignIn(connection, scopes=scopes)
        secrets = [connection.service_account, connection.api_key]
        if connection.oauth is not None:
            secrets += [connection.oauth.refresh_token, connection.oauth.client_secret]
        known = [secret for secret in secrets if secret]
        self.transport = Transport(
            network=connection,
            base=base,
            hosts=_HOSTS,
            bucket=shared_bucket(self.sign_in.email or known[0], READS),
            policy=policy,
            timing=timing,
            secrets=known,
            repeatable_paths=(SIGN_IN_PATH,),
        )
        self._into: Values | None = None
        self._client = HTTPClient(None, session=_Session(self))  # type: ignore[arg-type]

    def book(self, id: str) -> Book:
        """Return the spreadsheet *id* without its cells."""
        remember([id])
        found = self._client.fetch_sheet_metadata(id, {"fields": FIELDS, "prettyPrint": "false"})
        try:
            return Book.of(found)
        except (KeyError, TypeError, ValueError):
            raise _shapeless() from None

    def values(self, id: str, asked: Sequence[str]) -> Values:
        """
        Return the values of the ranges *asked*, in their order, as one call gives them.

        Raises:
            RangeGoneError: If one of them is not there.
            Incomplete: If other ranges came than were asked for.
        """
        found = Values()
        try:
            self._into = found
            self._client.values_batch_get(
                id,
                list(asked),
                {
                    "majorDimension": "ROWS",
                    "valueRenderOption": "UNFORMATTED_VALUE",
                    "dateTimeRenderOption": "SERIAL_NUMBER",
                    "prettyPrint": "false",
                },
            )
            if len(found.ranges) != len(asked):
                raise Incomplete(
                    f"Google Sheets gave {len(found.ranges)} of {len(asked)} ranges",
                    mend="nothing of it is used; it is read again next run",
                )
        except BaseException:
            found.close()
            raise
        finally:
            self._into = None
        return found

    def top_rows(self, id: str, asked: Sequence[str]) -> Any:
        """Return the first rows of tabs with the format of each cell, as a Spreadsheet resource."""
        cells = "effectiveValue,formattedValue,effectiveFormat(numberFormat(type))"
        fields = f"sheets(properties(sheetId,title),data(rowData(values({cells}))))"
        return self._client.fetch_sheet_metadata(
            id,
            {"includeGridData": "true", "ranges": list(asked), "fields": fields, "prettyPrint": "false"},
        )

    def spreadsheets(self, most: int) -> list[tuple[str, str]]:
        """Return id and title of what may be read, at most *most*, the last changed first."""
        params: dict[str, str | int | bool | float | list[str] | None] = {
            "q": 'mimeType="application/vnd.google-apps.spreadsheet" and trashed=false',
            "orderBy": "modifiedTime desc",
            "pageSize": most,
            "supportsAllDrives": "true",
            "includeItemsFromAllDrives": "true",
            "fields": "files(id,name)",
        }
        found = self._client.request("get", DRIVE_FILES_API_V3_URL, params=params).json()
        try:
            return [(str(file["id"]), str(file["name"])) for file in found["files"]]
        except (KeyError, TypeError):
            raise _shapeless() from None

    def change(self, id: str, requests: Sequence[Mapping[str, Any]]) -> None:
        """
        Apply *requests* to the spreadsheet *id*: all of them or none. Numbers are Decimal.

        Raises:
            Transient: If no answer came; whether they were applied is not known, and they are not sent again.
        """
        self._client.batch_update(id, {"requests": list(requests)})

    def close(self) -> None:
        """Close every connection."""
        self.transport.close()

    def call(self, method: str, url: str, params: Any, body: Any) -> Any:
        """Return the parsed answer to a call; values go to where `values` wants them."""
        answer = self._sent(method, url, params, body)
        if answer.status == 401 and self.sign_in.forget():
            answer = self._sent(method, url, params, body)
        if answer.status >= 300:
            raise refusal.of(answer, email=self.sign_in.email, scope=self.sign_in.scope)
        return answer.value

    def _sent(self, method: str, url: str, params: Any, body: Any) -> Answer:
        into = self._into
        headers = dict(self.sign_in.headers(self.transport))
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self.transport.request(
            method,
            url,
            params=params,
            headers=headers,
            # Not `json=`, which would make floats of the numbers.
            data=None if body is None else json_text.canonical(body).encode(),
            accept=_REFUSALS,
            into=None if into is None else into.file,
            judge=None if into is None else lambda answer: _looked_through(answer, into),
        )


class _Session:
    """What gspread takes for a session: answers were judged, and numbers are as written, either way."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def request(self, *, method: str, url: str, params: Any, json: Any, **_: object) -> _Reply:
        return _Reply(self._api.call(method, url, params, json))


class _Reply:
    ok = True

    def __init__(self, value: Any) -> None:
        self._value = value

    def json(self) -> Any:
        return self._value


def _looked_through(answer: Answer, values: Values) -> None:
    """Raise Disturbed unless *answer*, if it is a success, holds whole value ranges."""
    if answer.status != 200:
        return
    try:
        values.ranges = grid_json.ranges(values.file)
    except ValueError as problem:
        raise Disturbed(f"the answer cannot be used: {problem}", tries=MALFORMED_TRIES) from None


def _shapeless() -> Transient:
    return Transient("Google Sheets gave an answer of another shape", mend="it is read again next run")
