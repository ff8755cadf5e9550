"""The connector for Google Sheets: signs in, reads each spreadsheet once, says what came of it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.column_type import arrow_schema
from connectors.contract import Check, Extract, ExtractRequest, Table
from connectors.errors import ConnectorError, SetupError
from connectors.google_sheets.options import SheetsConnection, SheetsDataset
from connectors.probe import one_row
from connectors.typed import TypedRows
from connectors.window import within

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

    from connectors.google_sheets.api import Api
    from connectors.google_sheets.reading import Part, Readings
    from connectors.transport.policy import Policy, Timing

SKEW_S = 60
"""Seconds by which our clock may differ from Google's before it is worth a word."""


@dataclass(slots=True)
class _Seen:
    """What one extract has found out so far."""

    origin: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    facts: dict[str, object] = field(default_factory=dict)


class GoogleSheetsConnector:
    """Tables and single cells of Google spreadsheets, one values:batchGet a spreadsheet."""

    kind: ClassVar[str] = "google_sheets"
    Connection: ClassVar[type[BaseModel]] = SheetsConnection
    Dataset: ClassVar[type[BaseModel]] = SheetsDataset

    def __init__(
        self,
        connection: SheetsConnection,
        *,
        base: Path,
        policy: Policy | None = None,
        timing: Timing | None = None,
    ) -> None:
        self._connection = connection
        self._base = base
        self._policy = policy
        self._timing = timing
        self._opened: tuple[Api, Readings] | None = None
        self._announced: tuple[ExtractRequest, ...] = ()

    def announce(self, requests: tuple[ExtractRequest, ...]) -> None:
        """Say what will be extracted next, so that what lies in one spreadsheet is read together."""
        self._announced = requests
        if self._opened is not None:
            self._opened[1].announce(requests)

    def extract(self, request: ExtractRequest) -> Extract:
        """Read one dataset. What was announced and lies in the same spreadsheet comes with it."""
        seen = _Seen()

        def facts() -> dict[str, Any]:
            return {
                "complete": "yes",
                "origin": seen.origin,
                "source_schema": seen.columns,
                "warnings": seen.warnings,
                "libraries": {name: version(name) for name in ("gspread", "google-auth", "pyarrow")},
                **seen.facts,
            }

        batches = within(self._batches(request, seen), request)
        return Extract(request, arrow_schema(request.columns), batches, facts)

    def check(self, requests: tuple[ExtractRequest, ...]) -> list[Check]:
        """Say who signs in, whether the clocks agree, and of every dataset whether it gives a row."""
        try:
            api, _ = self._open()
            api.sign_in.headers(api.transport)
        except ConnectorError as problem:
            return [Check(subject="sign-in", passed=False, seen=problem.message, mend=problem.mend)]
        self.announce(requests)
        rows = [one_row(self.extract, request) for request in requests]
        signed_in = Check(subject="sign-in", passed=True, seen=f"signed in as {api.sign_in.who}")
        return [signed_in, *_clock(api), *rows]

    def discover(self) -> list[Table]:
        """Return the tabs of the spreadsheets changed last, with the types that their first rows show."""
        api = self._api(listing=True)
        try:
            from connectors.google_sheets.discovery import tables

            return tables(api)
        finally:
            api.close()

    def close(self) -> None:
        """Drop what is held, and every connection."""
        if self._opened is not None:
            api, readings = self._opened
            readings.close()
            api.close()
            self._opened = None

    def _batches(self, request: ExtractRequest, seen: _Seen) -> Generator[pa.RecordBatch]:
        from connectors.google_sheets.table import Table as Below
        from connectors.google_sheets.table import cell_batch

        api, readings = self._open()
        before = api.transport.begin()
        part = readings.take(request, api)
        seen.facts = (api.transport.tally() - before).facts()
        seen.origin = f"Google Sheets {part.book.title}, tab {part.region.tab.title}"
        seen.warnings = part.region.warnings
        rows = TypedRows(replace(request, zone=_zone(request, part)))
        options = cast("SheetsDataset", request.options)
        if options.cell is not None:
            seen.columns = {options.cell: "cell"}
            yield cell_batch(part.region, part.lines(), request, rows)
        else:
            below = Below(part.region, part.lines(), request)
            seen.columns = below.columns
            yield from below.batches(rows)
        seen.facts |= rows.facts()

    def _open(self) -> tuple[Api, Readings]:
        if self._opened is None:
            api = self._api(listing=False)
            from connectors.google_sheets.reading import Readings

            self._opened = api, Readings()
            self._opened[1].announce(self._announced)
        return self._opened

    def _api(self, *, listing: bool) -> Api:
        from connectors.google_sheets.opening import open_api
        from connectors.google_sheets.sign_in import LIST, READ

        return open_api(
            self._connection,
            base=self._base,
            policy=self._policy,
            timing=self._timing,
            scopes=(READ, LIST) if listing else (READ,),
        )


def _clock(api: Api) -> list[Check]:
    """Return whether our clock is Google's, as it last told; nothing if it told none."""
    told = api.transport.tally().server_time_at
    if told is None:
        return []
    skew_s = round((api.timing.now() - told).total_seconds())
    seen = f"this host's clock is {abs(skew_s)} s {'ahead of' if skew_s > 0 else 'behind'} Google's"
    mend = "" if abs(skew_s) <= SKEW_S else "set the clock"
    return [Check(subject="clock", passed=not mend, seen=seen, mend=mend, advice=True)]


def _zone(request: ExtractRequest, part: Part) -> str | None:
    """Return where clock times are: as declared, else where the spreadsheet says."""
    if request.zone is not None or "timestamp" not in request.columns.values():
        return request.zone
    try:
        return ZoneInfo(part.book.zone).key
    except (ZoneInfoNotFoundError, ValueError):
        pass
    raise SetupError("the spreadsheet's time zone is not a known one", mend="write `zone:` at the dataset")
