"""What a credential could read: the tabs of its spreadsheets, and the types that their first rows show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.contract import Table
from connectors.errors import SetupError
from connectors.google_sheets.api import Api
from connectors.google_sheets.book import quoted
from connectors.suggest import declared_as

MOST_SPREADSHEETS = 20
LOOKED_AT = 50
"""Rows of each tab that types are guessed from; the first one with a text is the header."""

_BY_FORMAT = {"DATE": "date", "DATE_TIME": "timestamp"}


def tables(api: Api) -> list[Table]:
    """Return every tab of the 20 spreadsheets changed last; SetupError for an API key, which lists none."""
    if api.sign_in.is_api_key:
        raise SetupError(
            "an API key cannot list spreadsheets",
            mend="write the spreadsheet's id at a dataset, or sign in with a service account",
        )
    return [table for id, title in api.spreadsheets(MOST_SPREADSHEETS) for table in _tables(api, id, title)]


def _tables(api: Api, id: str, title: str) -> list[Table]:
    book = api.book(id)
    asked = [f"{quoted(tab.title)}!1:{min(LOOKED_AT, tab.rows)}" for tab in book.tabs]
    if not asked:
        return []
    return [_table(id, title, sheet) for sheet in api.top_rows(id, asked)["sheets"]]


def _table(id: str, title: str, sheet: Mapping[str, Any]) -> Table:
    rows = [row.get("values", []) for part in sheet.get("data", []) for row in part.get("rowData", [])]
    while rows and not any("stringValue" in cell.get("effectiveValue", {}) for cell in rows[0]):
        rows.pop(0)
    header = [" ".join(str(cell.get("formattedValue", "")).split()) for cell in rows[0]] if rows else []
    columns = {
        name: _type([row[at] for row in rows[1:] if at < len(row)]) for at, name in enumerate(header) if name
    }
    properties = sheet["properties"]
    tab = {"tab": properties["title"], "gid": int(properties.get("sheetId", 0))}
    return Table(
        name=f"{title}!{properties['title']}",
        columns=columns,
        declared={name: declared_as(kind) for name, kind in columns.items()},
        options={"spreadsheet": id, **tab},
        cursors=tuple(name for name, kind in columns.items() if kind in ("date", "timestamp")),
    )


def _type(cells: Sequence[Mapping[str, Any]]) -> str:
    """Return the one type that all filled *cells* show, `string` if they show several or none is filled."""
    found = {kind for cell in cells if (kind := _type_of(cell)) is not None}
    if found == {"integer", "decimal"}:
        return "decimal"
    return found.pop() if len(found) == 1 else "string"


def _type_of(cell: Mapping[str, Any]) -> str | None:
    value = cell.get("effectiveValue", {})
    if "boolValue" in value:
        return "boolean"
    if "numberValue" not in value:
        return "string" if "stringValue" in value else None
    form = cell.get("effectiveFormat", {}).get("numberFormat", {}).get("type")
    if form in _BY_FORMAT:
        return _BY_FORMAT[form]
    number = Decimal(value["numberValue"])
    return "integer" if number == number.to_integral_value() else "decimal"
