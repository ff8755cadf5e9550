"""What everything is called in Dagster: asset keys, check names, job names, owners."""

import re

import dagster as dg

from okr_pipeline.config.refresh import REFRESH_PRESETS
from okr_pipeline.coverage import HISTORY
from okr_pipeline.model.metric import Dataset
from okr_pipeline.warehouse.checks import declared_checks

WAREHOUSE_POOL = "warehouse_writer"
"""Whoever opens the warehouse takes it: its file has one writer, and readers wait for that one too."""

_PRESETS = {cron: name for name, cron in REFRESH_PRESETS.items()}
_CRON_WORDS = {"*": "any", "/": "by", "-": "to", ",": "and", " ": "_"}
_PLACES = ("path", "sheet", "table")


def source_key(dataset: Dataset) -> dg.AssetKey:
    """Return the key of what *dataset* reads: a file, sheet or table; a query goes by the dataset's name."""
    named = [str(dataset.options[option]) for option in _PLACES if dataset.options.get(option)]
    parts = [part for name in named for part in name.split("/") if part not in ("", ".")]
    return dg.AssetKey(["source", dataset.source, *(parts or [_name(dataset)])])


def extract_key(dataset: Dataset) -> dg.AssetKey:
    """Return the key of the extracts of *dataset* in the lake."""
    return dg.AssetKey(["extract", dataset.source, _name(dataset)])


def landing_key(dataset: Dataset) -> dg.AssetKey:
    """Return the key of the landing table of *dataset*."""
    return dg.AssetKey(["landing", dataset.source, _name(dataset)])


def key_result_key(key_result: str) -> dg.AssetKey:
    """Return the key of one key result, `<objective>.<name>`."""
    return dg.AssetKey(["key_result", *key_result.split(".")])


def objective_key(objective: str) -> dg.AssetKey:
    """Return the key of one objective."""
    return dg.AssetKey(["objective", objective])


def snapshot_key(project: str) -> dg.AssetKey:
    """Return the key of the project's snapshots, each as of its run."""
    return dg.AssetKey(["snapshot", project])


def day_key(project: str) -> dg.AssetKey:
    """Return the key of the project's snapshots as of the end of past days."""
    return dg.AssetKey(["snapshot_by_day", project])


def publish_key(publisher: str) -> dg.AssetKey:
    """Return the key of one rendering."""
    return dg.AssetKey(["publish", publisher])


def check_names(dataset: Dataset) -> dict[str, str]:
    """
    Return all checks that a load of *dataset* may fail, each with the name that Dagster allows it.

    `not_null(Amount)` is `not_null_Amount`; two that would share a name are told apart by a number.
    """
    names: dict[str, str] = {}
    for check in [HISTORY, *declared_checks(dataset)]:
        name = re.sub(r"\W+", "_", check, flags=re.ASCII).strip("_")
        taken = sum(1 for other in names.values() if re.sub(r"__\d+$", "", other) == name)
        names[check] = f"{name}__{taken + 1}" if taken else name
    return names


def extract_job_name(refresh: str) -> str:
    """Return the name of the job for a cron line: `extract_hourly`; any other cron line is spelled out."""
    return "extract_" + (_PRESETS.get(refresh) or "".join(_CRON_WORDS.get(sign, sign) for sign in refresh))


def owners_of(owner: str | None) -> list[str]:
    """Return *owner* if Dagster takes it: an e-mail address or `team:name`; otherwise nobody."""
    if owner and (owner.startswith("team:") or re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", owner)):
        return [owner]
    return []


def _name(dataset: Dataset) -> str:
    return dataset.id.partition(".")[2]
