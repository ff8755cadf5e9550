"""The JSON Schema of a project knows the project's own ids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from okr_pipeline.config import read_draft
from okr_pipeline.config.json_schema import json_schema
from okr_pipeline.config.schema import SettingsText, keys_of
from okr_pipeline.config.schema_objectives import KeyResultText
from tests.builders.config_project import COMPANY, OBJECTIVES, checked, replaced


def schema(root: Path, changes: dict[str, str | bytes] | None = None) -> dict[str, Any]:
    """Return the schema of the correct files after *changes*."""
    checked(root, changes)
    return json_schema(read_draft(root)[1])


def key_result_of(found: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of a key result."""
    objectives = found["$defs"]["objectives"]["properties"]["objectives"]["additionalProperties"]
    properties: dict[str, Any] = objectives["properties"]["key_results"]["additionalProperties"]["properties"]
    return properties


def test_ids_that_exist_are_offered(tmp_path: Path) -> None:
    """Metrics, cycles, owners and key results of this project complete in an editor."""
    text = OBJECTIVES.replace("    key_results", "    owner: a.okafor@fernhill.example\n    key_results")
    found = schema(tmp_path, {COMPANY: text})
    properties = key_result_of(found)
    assert ["crm.deals", "crm.new_arr", "crm.win_rate", "crm.won"] == properties["metric"]["enum"]
    assert ["a.okafor@fernhill.example"] == properties["owner"]["anyOf"][0]["enum"]
    assert ["mid_market.pipeline", "pipeline"] == properties["led_by"]["items"]["anyOf"][0]["enum"]
    assert ["fy26", "fy26_q3"] == found["$defs"]["objectives"]["properties"]["cycle"]["enum"]


def test_a_project_with_problems_has_a_schema_too(tmp_path: Path) -> None:
    """While a file is being written its ids already complete elsewhere."""
    found = schema(tmp_path, replaced("value: sum(Amount)", "valeu: sum(Amount)", file="metrics/crm.yaml"))
    assert "crm.new_arr" in key_result_of(found)["metric"]["enum"]


def test_options_follow_the_connector(tmp_path: Path) -> None:
    """A dataset of files has a path beside what every dataset has."""
    kinds = {
        rule["if"]["properties"]["connector"]["const"]: rule["then"]
        for rule in schema(tmp_path)["$defs"]["source"]["allOf"]
    }
    dataset = kinds["files"]["properties"]["datasets"]["additionalProperties"]
    assert {"path", "columns", "key", "cursor"} <= set(dataset["properties"])
    assert {"path", "columns"} <= set(dataset["required"])


def test_every_reference_leads_somewhere(tmp_path: Path) -> None:
    """All `$ref` are to definitions of the same document, which is plain JSON."""
    found = schema(tmp_path)
    targets = {name.removeprefix("#/$defs/") for name in _references(json.loads(json.dumps(found)))}
    assert set() == targets - set(found["$defs"])


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)


def test_names_in_every_kind_of_goal_complete(tmp_path: Path) -> None:
    """Metrics of conditions, milestones and key results to take over or to replace are offered."""
    properties = key_result_of(schema(tmp_path))
    metrics = ["crm.deals", "crm.new_arr", "crm.win_rate", "crm.won"]
    assert metrics == properties["all_of"]["items"]["properties"]["metric"]["enum"]
    done = properties["milestones"]["additionalProperties"]["properties"]["done"]
    assert "crm.deals = 1" in done["anyOf"][0]["enum"]
    taken = next(way for way in properties["from"]["anyOf"] if "close_of" in way.get("properties", {}))
    assert ["mid_market.pipeline"] == taken["properties"]["close_of"]["enum"]
    replaced_by = properties["retired"]["properties"]["replaced_by"]["anyOf"][0]
    assert ["mid_market.pipeline", "pipeline"] == replaced_by["enum"]


def test_check_ins_complete(tmp_path: Path) -> None:
    """The file of check-ins has a schema of its own, with the key results that there are."""
    check_in = schema(tmp_path)["$defs"]["check_ins"]["properties"]["check_ins"]["items"]["properties"]
    assert ["mid_market.pipeline"] == check_in["key_result"]["enum"]
    assert {"status", "until", "why"} == set(check_in["override"]["properties"])


def test_every_key_of_the_language_is_in_the_schema(tmp_path: Path) -> None:
    """An editor that marks unknown keys marks none that `okr check` accepts."""
    found = schema(tmp_path)
    assert set(keys_of(SettingsText)) == set(found["$defs"]["okr"]["properties"])
    assert set(keys_of(KeyResultText)) == set(key_result_of(found))
