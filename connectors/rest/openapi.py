"""What an API's OpenAPI description (version 3, JSON) says can be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.contract import Table

MOST_TABLES = 1_000
_MOST_REFERENCES = 8

Schema = Mapping[str, Any]


def tables(document: Any) -> list[Table]:
    """
    Return each path whose GET answers with a list of objects, or with an object that holds one.

    Paths with a `{placeholder}` are left out: nobody but the user knows what to fill in.
    """
    paths = _mapping(document, "paths")
    found = (_table(document, name, _mapping(paths, name)) for name in sorted(paths) if "{" not in name)
    return [table for table in found if table is not None][:MOST_TABLES]


def _table(document: Any, name: str, operations: Schema) -> Table | None:
    answers = _mapping(_mapping(operations, "get"), "responses")
    content = _mapping(_resolved(document, _mapping(answers, "200")), "content")
    schema = next((_mapping(content[kind], "schema") for kind in content if "json" in kind), {})
    place, row = next(_rows(document, schema), ("", {}))
    fields = {field: _resolved(document, inner) for field, inner in _mapping(row, "properties").items()}
    if not fields:
        return None
    kinds = {field: str(inner.get("format") or _type(inner) or "object") for field, inner in fields.items()}
    return Table(
        name=name,
        columns=kinds,
        cursors=tuple(field for field, kind in kinds.items() if kind == "date-time"),
        declared={field: _declared(inner) for field, inner in fields.items()},
        key=("id",) if "id" in fields else (),
        options={"path": name.lstrip("/"), **({"rows": place} if place else {})},
    )


def _rows(document: Any, schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield place and schema of rows: of the list that *schema* is, and of those among its members."""
    whole = _resolved(document, schema)
    for place, candidate in {"": whole, **_mapping(whole, "properties")}.items():
        found = _resolved(document, candidate)
        if _type(found) == "array":
            yield place, _resolved(document, _mapping(found, "items"))


def _declared(schema: Schema) -> str:
    """Return the column type for values of *schema*; decimals have room for nine places."""
    kind, form = _type(schema), schema.get("format")
    if kind == "string" and form in ("date", "date-time"):
        return "date" if form == "date" else "timestamp"
    return {"integer": "integer", "number": "decimal(38,9)", "boolean": "boolean", "string": "string"}.get(
        str(kind), "json"
    )


def _type(schema: Schema) -> Any:
    """Return the type that *schema* names; of one type and null, which version 3.1 lists, that one."""
    kind = schema.get("type")
    kinds = [one for one in kind if one != "null"] if isinstance(kind, list) else [kind]
    return kinds[0] if len(kinds) == 1 else None


def _resolved(document: Any, schema: Any) -> Schema:
    """Follow `$ref` within the document; a reference to anything else is an empty schema."""
    for _ in range(_MOST_REFERENCES):
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        if not isinstance(reference, str) or not reference.startswith("#/"):
            break
        schema = document
        for step in reference[2:].split("/"):
            schema = _mapping(schema, step.replace("~1", "/").replace("~0", "~"))
    return schema if isinstance(schema, dict) and "$ref" not in schema else {}


def _mapping(value: Any, key: str) -> Schema:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
