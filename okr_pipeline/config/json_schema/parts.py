"""What the schemas of all files are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from okr_pipeline.config.draft import Draft

Schema = dict[str, Any]

ID = {"pattern": "^[a-z][a-z0-9_]{0,63}$"}
NUMBER: Schema = {"type": ["number", "string"], "pattern": r"^-?(\d+(\.\d+)?|\.\d+)([kMB]|\s?%)?$"}
DATE: Schema = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
DURATION: Schema = {"type": "string", "pattern": r"^\d{1,9}[smhdwy]$"}
THRESHOLD: Schema = {"type": ["number", "string"], "examples": ["-10 points", "90%"]}


def of(model: type[BaseModel], **known: Schema) -> Schema:
    """Return the schema of *model*, with *known* in place of what pydantic knows of a key."""
    return closed(model.model_json_schema(by_alias=True), known)


def of_connector(model: type[BaseModel], kind: str, shared: Schema) -> Schema:
    """Return the schema of a connector's *model*; models inside it go to *shared*, under the kind's name."""
    made = model.model_json_schema(by_alias=True, ref_template=f"#/$defs/{kind}.{{model}}")
    shared |= {f"{kind}.{name}": inner for name, inner in made.pop("$defs", {}).items()}
    return closed(made, {})


def closed(made: Schema, known: Schema) -> Schema:
    """Return the schema *made* by pydantic, closed, with *known* in place of what it knows of a key."""
    properties = made.get("properties", {})
    for key, value in properties.items():
        value.pop("title", None)
        properties[key] = known.get(key, value)
    kept: Schema = {key: made[key] for key in ("description", "required") if key in made}
    return {"type": "object", **kept, "properties": properties, "additionalProperties": False}


def by_id(value: Schema) -> Schema:
    """Return a mapping of ids to *value*."""
    return {"type": "object", "propertyNames": ID, "additionalProperties": value}


def one_of(names: Iterable[str]) -> Schema:
    """Return one of *names*; any text where there are none yet."""
    listed = sorted(names)
    return {"type": "string", "enum": listed} if listed else {"type": "string"}


def maybe(names: Iterable[str]) -> Schema:
    """Return any text, of which *names* are offered."""
    listed = sorted(names)
    return {"anyOf": [{"enum": listed}, {"type": "string"}]} if listed else {"type": "string"}


def by_day(value: Schema) -> Schema:
    """Return a mapping of days to *value*."""
    return {"type": "object", "propertyNames": {"pattern": DATE["pattern"]}, "additionalProperties": value}


def list_of(value: Schema) -> Schema:
    """Return a list of *value*."""
    return {"type": "array", "items": value}


def status(model: type[BaseModel]) -> Schema:
    """Return the schema of a status policy."""
    return of(model, on_track=THRESHOLD, at_risk=THRESHOLD)


def people(draft: Draft) -> set[str]:
    """Return everybody who is named as an owner."""
    named = [declared.text.owner for declared in draft.objectives.values() if declared.text]
    named += [declared.text.owner for declared in draft.key_results.values() if declared.text]
    return {name for name in named if name}
