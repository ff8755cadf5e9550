"""One look and one read a spreadsheet, shared by all datasets of it that were announced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from connectors.contract import ExtractRequest
from connectors.errors import ConnectorError
from connectors.google_sheets import grid_json
from connectors.google_sheets.api import Api, Values
from connectors.google_sheets.book import Book, Region
from connectors.google_sheets.options import SheetsDataset
from connectors.google_sheets.refusal import RangeGoneError


@dataclass(slots=True)
class Part:
    """What of a spreadsheet one dataset is. *place* counts its range among those of *values*."""

    book: Book
    region: Region
    values: Values
    place: int

    def lines(self) -> Iterator[Sequence[Any]]:
        """Yield its rows; ends of rows that are empty are left out."""
        return grid_json.rows(self.values.file, self.values.ranges[self.place])


class Readings:
    """
    Parts of spreadsheets, each given out once.

    Datasets that were announced come with the first of their spreadsheet that is asked for; anything
    else, and anything asked for again, is read anew.
    """

    def __init__(self) -> None:
        self._announced: dict[str, ExtractRequest] = {}
        self._held: dict[str, Part | ConnectorError] = {}
        self._open: list[Values] = []

    def announce(self, requests: Sequence[ExtractRequest]) -> None:
        """Say what will be asked for. Nothing is read."""
        self._announced = {request.dataset: request for request in requests}

    def take(self, request: ExtractRequest, api: Api) -> Part:
        """
        Return the part that *request* asks for; its spreadsheet's failure is every dataset's.

        Raises:
            ConnectorError: If it cannot be read.
        """
        if request.dataset not in self._held:
            self._read(request, api)
        self._announced.pop(request.dataset, None)
        found = self._held.pop(request.dataset)
        if isinstance(found, ConnectorError):
            raise found
        return found

    def close(self) -> None:
        """Drop whatever is left."""
        for values in self._open:
            values.close()
        self._open.clear()
        self._held.clear()

    def _read(self, request: ExtractRequest, api: Api) -> None:
        id = _options(request).spreadsheet_id
        together = {
            name: other
            for name, other in {**self._announced, request.dataset: request}.items()
            if _options(other).spreadsheet_id == id
        }
        try:
            try:
                found = self._looked_up(id, together, api)
            except RangeGoneError:  # somebody renamed a tab between our look and our read
                found = self._looked_up(id, together, api)
        except ConnectorError as problem:
            found = dict.fromkeys(together, problem)
        self._held.update(found)

    def _looked_up(
        self, id: str, together: dict[str, ExtractRequest], api: Api
    ) -> dict[str, Part | ConnectorError]:
        book = api.book(id)
        found: dict[str, Part | ConnectorError] = {}
        regions: dict[str, Region] = {}
        for name, request in together.items():
            try:
                regions[name] = book.region(_options(request))
            except ConnectorError as problem:
                found[name] = problem
        asked = list(dict.fromkeys(region.asked for region in regions.values()))
        if not asked:
            return found
        values = api.values(id, asked)
        self._open.append(values)
        parts = {name: Part(book, r, values, asked.index(r.asked)) for name, r in regions.items()}
        return {**found, **parts}


def _options(request: ExtractRequest) -> SheetsDataset:
    return cast("SheetsDataset", request.options)
