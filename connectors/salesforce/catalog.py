"""What there is to read: objects, their fields and types, which can be a cursor, which are calculated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connectors.contract import Table
from connectors.salesforce.schema import STAMPS, Field

if TYPE_CHECKING:
    from connectors.salesforce.api import Api

MOST_OBJECTS = 100
"""Each costs a request."""


def tables(api: Api) -> list[Table]:
    """Return the objects that people work with, custom ones first, without fields that no type can hold."""
    api.begin()
    offered = [found for found in _listed(api) if _is_offered(found)]
    offered.sort(key=lambda found: (not found.get("custom"), str(found["name"])))
    return [_table(api, str(found["name"])) for found in offered[:MOST_OBJECTS]]


def table(api: Api, name: str) -> Table | None:
    """Return the object that is called *name*, however many there are; None if the user sees none."""
    api.begin()
    seen = any(found["name"] == name and found.get("queryable") for found in _listed(api))
    return _table(api, name) if seen else None


def _listed(api: Api) -> list[Mapping[str, Any]]:
    from connectors.salesforce.api import objects

    return objects(api.get("/sobjects"), "sobjects", each_with="name")


def _is_offered(found: Mapping[str, Any]) -> bool:
    return bool(found.get("queryable") and found.get("layoutable") and not found.get("deprecatedAndHidden"))


def _table(api: Api, name: str) -> Table:
    described = [Field.of(field, path=str(field["name"])) for field in api.describe(name).get("fields", ())]
    fields = {field.path: field for field in described if field.is_readable}
    return Table(
        name=name,
        columns={path: field.told() for path, field in fields.items()},
        cursors=tuple(stamp for stamp in STAMPS if stamp in fields),
        calculated=tuple(path for path, field in fields.items() if field.calculated),
        declared={path: field.declared() for path, field in fields.items()},
        key=("Id",),
        deleted="IsDeleted" if "IsDeleted" in fields else None,
        options={"object": name, **({"include_deleted": True} if "IsDeleted" in fields else {})},
    )
