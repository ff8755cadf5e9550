"""JSON Schema of one project: what may stand where, and the ids that exist, so that editors complete."""

from __future__ import annotations

from connectors import registry
from connectors.google_sheets.options import SheetTarget
from okr_pipeline.config import schema as text
from okr_pipeline.config.draft import Draft
from okr_pipeline.config.json_schema.objectives import check_ins, objectives
from okr_pipeline.config.json_schema.parts import (
    DATE,
    DURATION,
    ID,
    NUMBER,
    Schema,
    by_id,
    maybe,
    of,
    of_connector,
    one_of,
    status,
)
from okr_pipeline.config.refresh import REFRESH_PRESETS
from okr_pipeline.config.values import COLUMN_TYPES, FULL_READ_PRESETS, SINCE_WORDS, WINDOW_WORDS


def json_schema(draft: Draft) -> Schema:
    """
    Return the JSON Schema of *draft*: any of the five kinds of file.

    Each is also under `$defs` (`okr`, `source`, `metrics`, `objectives`, `check_ins`), for editors
    that choose by path.
    """
    shared: Schema = {}
    files = {
        "okr": _settings(draft, shared),
        "source": _source(shared),
        "metrics": _metrics(draft),
        "objectives": objectives(draft),
        "check_ins": check_ins(draft),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": draft.settings.text.project if draft.settings.text else "okr_config",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in files],
        "$defs": files | shared,
    }


def _settings(draft: Draft, shared: Schema) -> Schema:
    cycle = of(text.CycleText, start=DATE, end=DATE, parent=one_of(draft.cycles))
    return of(
        text.SettingsText,
        project={"type": "string", **ID},
        fiscal_year_start={"type": "string", "pattern": r"^\d{2}-\d{2}$"},
        calendar=of(
            text.CalendarText, pattern={"enum": ["4-4-5", "4-5-4", "5-4-4"]}, year_ends={"type": "string"}
        ),
        cycles=by_id(cycle),
        north_star=one_of(draft.metrics),
        strategy=by_id({"type": "string"}),
        status=status(text.StatusText),
        grades=of(text.GradesText, **dict.fromkeys(("2", "3", "4"), NUMBER)),
        lint=of(text.LintText),
        check_ins=of(text.CheckInsDatasetText, dataset=one_of(draft.datasets)),
        publish=of(
            text.PublishText,
            page=of(text.PageText),
            tables=of(text.TablesText),
            sheet=of_connector(SheetTarget, "google_sheets", shared),
        ),
        store=of(text.StoreText),
    )


def _source(shared: Schema) -> Schema:
    kinds = registry.kinds()
    source = of(
        text.SourceText,
        connector=one_of(kinds),
        connection={"type": "object"},
        refresh={"anyOf": [{"enum": list(REFRESH_PRESETS)}, {"type": "string"}]},
        datasets={"type": "object", "propertyNames": ID},
    )
    source["allOf"] = [
        {"if": {"properties": {"connector": {"const": kind}}}, "then": {"properties": _of_kind(kind, shared)}}
        for kind in kinds
    ]
    return source


def _of_kind(kind: str, shared: Schema) -> Schema:
    connection, options = (of_connector(model, kind, shared) for model in registry.model_of(kind))
    column = {"type": "string", "anyOf": [{"enum": list(COLUMN_TYPES)}, {"pattern": r"^decimal\(\d+,\d+\)$"}]}
    dataset = of(
        text.DatasetText,
        columns={
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": "^[^_]"},
            "additionalProperties": column,
        },
        overlap=DURATION,
        full_read={"anyOf": [{"enum": list(FULL_READ_PRESETS)}, DURATION]},
        freshness={"anyOf": [DURATION, of(text.FreshnessText, within=DURATION)]},
        checks=of(text.ChecksText, max_change=NUMBER),
        personal=of(text.PersonalText),
        retain=DURATION,
    )
    dataset["properties"] |= options["properties"]
    dataset["required"] = [*dataset.get("required", ()), *options.get("required", ())]
    return {"connection": connection, "datasets": by_id(dataset)}


def _metrics(draft: Draft) -> Schema:
    metric = of(
        text.MetricText,
        dataset=one_of(draft.datasets),
        window={"anyOf": [{"enum": list(WINDOW_WORDS)}, {"pattern": r"^trailing \d+ days?$"}]},
        by=maybe(_columns(draft)),
        change=of(text.ChangeText, of=maybe(draft.metrics), since={"enum": list(SINCE_WORDS)}),
        ratio=of(text.RatioText, of=maybe(draft.metrics), to=maybe(draft.metrics)),
        unit=maybe({"percent", *(m.text.unit for m in draft.metrics.values() if m.text and m.text.unit)}),
    )
    return of(text.MetricsText, metrics=by_id(metric))


def _columns(draft: Draft) -> set[str]:
    return {name for dataset in draft.datasets.values() if dataset.text for name in dataset.text.columns}
