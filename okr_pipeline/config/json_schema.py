"""JSON Schema of one project: what may stand where, and the ids that exist, so that editors complete."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from connectors import registry
from okr_pipeline.config import schema as text
from okr_pipeline.config.draft import Draft
from okr_pipeline.config.refresh import REFRESH_PRESETS
from okr_pipeline.config.values import COLUMN_TYPES, FULL_READ_PRESETS, WINDOW_WORDS

Schema = dict[str, Any]

_ID = {"pattern": "^[a-z][a-z0-9_]{0,63}$"}
_NUMBER: Schema = {"type": ["number", "string"], "pattern": r"^-?(\d+(\.\d+)?|\.\d+)([kMB]|\s?%)?$"}
_TARGET: Schema = {
    "anyOf": [
        _NUMBER,
        {"type": "string", "pattern": r"^([+-](\d+(\.\d+)?|\.\d+)\s*(%|points?)|x\s?(\d+(\.\d+)?|\.\d+))$"},
    ],
    "description": "The number to reach: 4M, 38%, +15%, +5 points, x2",
}
_DATE: Schema = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
_DURATION: Schema = {"type": "string", "pattern": r"^\d{1,9}[smhdwy]$"}
_KEEP: Schema = {"type": "string", "examples": ["<= 2.5%", ">= 99.9%", "22..28"]}
_BASELINE: Schema = {
    "anyOf": [_NUMBER, {"const": "auto"}, {"type": "object", "properties": {"at": _DATE}, "required": ["at"]}]
}


def json_schema(draft: Draft) -> Schema:
    """
    Return the JSON Schema of *draft*: any of the four kinds of file.

    Each is also under `$defs` (`okr`, `source`, `metrics`, `objectives`), for editors that choose by path.
    """
    shared: Schema = {}
    files = {
        "okr": _settings(draft),
        "source": _source(shared),
        "metrics": _metrics(draft),
        "objectives": _objectives(draft),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": draft.settings.text.project if draft.settings.text else "okr_config",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in files],
        "$defs": files | shared,
    }


def _settings(draft: Draft) -> Schema:
    cycle = _of(text.CycleText, start=_DATE, end=_DATE, parent=_one_of(draft.cycles))
    return _of(
        text.SettingsText,
        project={"type": "string", **_ID},
        fiscal_year_start={"type": "string", "pattern": r"^\d{2}-\d{2}$"},
        cycles=_by_id(cycle),
        north_star=_one_of(draft.metrics),
        strategy=_by_id({"type": "string"}),
        status=_of(text.StatusText),
        publish=_of(text.PublishText, page=_of(text.PageText), tables=_of(text.TablesText)),
        store=_of(text.StoreText),
    )


def _source(shared: Schema) -> Schema:
    kinds = registry.kinds()
    source = _of(
        text.SourceText,
        connector=_one_of(kinds),
        connection={"type": "object"},
        refresh={"anyOf": [{"enum": list(REFRESH_PRESETS)}, {"type": "string"}]},
        datasets={"type": "object", "propertyNames": _ID},
    )
    source["allOf"] = [
        {"if": {"properties": {"connector": {"const": kind}}}, "then": {"properties": _of_kind(kind, shared)}}
        for kind in kinds
    ]
    return source


def _of_kind(kind: str, shared: Schema) -> Schema:
    connection, options = (_of_connector(model, kind, shared) for model in registry.model_of(kind))
    column = {"type": "string", "anyOf": [{"enum": list(COLUMN_TYPES)}, {"pattern": r"^decimal\(\d+,\d+\)$"}]}
    dataset = _of(
        text.DatasetText,
        columns={
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": "^[^_]"},
            "additionalProperties": column,
        },
        overlap=_DURATION,
        full_read={"anyOf": [{"enum": list(FULL_READ_PRESETS)}, _DURATION]},
        freshness={"anyOf": [_DURATION, _of(text.FreshnessText, within=_DURATION)]},
        checks=_of(text.ChecksText, max_change=_NUMBER),
    )
    dataset["properties"] |= options["properties"]
    dataset["required"] = [*dataset.get("required", ()), *options.get("required", ())]
    return {"connection": connection, "datasets": _by_id(dataset)}


def _metrics(draft: Draft) -> Schema:
    metric = _of(
        text.MetricText,
        dataset=_one_of(draft.datasets),
        window={"anyOf": [{"enum": list(WINDOW_WORDS)}, {"pattern": r"^trailing \d+ days?$"}]},
        ratio=_of(text.RatioText, of=_maybe(draft.metrics), to=_maybe(draft.metrics)),
        unit=_maybe({"percent", *(m.text.unit for m in draft.metrics.values() if m.text and m.text.unit)}),
    )
    return _of(text.MetricsText, metrics=_by_id(metric))


def _objectives(draft: Draft) -> Schema:
    owners = {o.text.owner for o in draft.objectives.values() if o.text and o.text.owner}
    owners |= {k.text.owner for k in draft.key_results.values() if k.text and k.text.owner}
    names = {name.partition(".")[2] for name in draft.key_results}
    key_result = _of(
        text.KeyResultText,
        **{"from": _BASELINE},
        metric=_one_of(draft.metrics),
        to=_TARGET,
        keep=_KEEP,
        commit=_NUMBER,
        stretch=_NUMBER,
        weight=_NUMBER,
        owner=_maybe(owners),
        led_by={"type": "array", "items": _maybe({*names, *draft.key_results})},
    )
    objective = _of(
        text.ObjectiveText,
        owner=_maybe(owners),
        strategy=_one_of(draft.settings.text.strategy if draft.settings.text else ()),
        supports={"type": "array", "items": _maybe(draft.objectives)},
        depends_on={"type": "array", "items": _maybe({*draft.objectives, *draft.key_results})},
        contributes_to=_maybe(draft.objectives),
        key_results=_by_id(key_result),
    )
    return _of(text.ObjectivesText, cycle=_one_of(draft.cycles), objectives=_by_id(objective))


def _of(model: type[BaseModel], **known: Schema) -> Schema:
    """Return the schema of *model*, with *known* in place of what pydantic knows of a key."""
    return _closed(model.model_json_schema(by_alias=True), known)


def _of_connector(model: type[BaseModel], kind: str, shared: Schema) -> Schema:
    """Return the schema of a connector's *model*; models inside it go to *shared*, under the kind's name."""
    made = model.model_json_schema(by_alias=True, ref_template=f"#/$defs/{kind}.{{model}}")
    shared |= {f"{kind}.{name}": inner for name, inner in made.pop("$defs", {}).items()}
    return _closed(made, {})


def _closed(made: Schema, known: Schema) -> Schema:
    properties = made.get("properties", {})
    for key, value in properties.items():
        value.pop("title", None)
        properties[key] = known.get(key, value)
    kept: Schema = {key: made[key] for key in ("description", "required") if key in made}
    return {"type": "object", **kept, "properties": properties, "additionalProperties": False}


def _by_id(value: Schema) -> Schema:
    return {"type": "object", "propertyNames": _ID, "additionalProperties": value}


def _one_of(names: Iterable[str]) -> Schema:
    listed = sorted(names)
    return {"type": "string", "enum": listed} if listed else {"type": "string"}


def _maybe(names: Iterable[str]) -> Schema:
    listed = sorted(names)
    return {"anyOf": [{"enum": listed}, {"type": "string"}]} if listed else {"type": "string"}
