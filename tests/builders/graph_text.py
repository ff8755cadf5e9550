"""Everything that Definitions declare, as text to compare."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
from dagster._core.definitions.freshness import TimeWindowFreshnessPolicy


def graph_text(definitions: dg.Definitions) -> str:
    """Return one line a fact, in a fixed order: assets, checks, jobs, schedules, sensors."""
    repository = definitions.get_repository_def()
    graph = repository.asset_graph
    lines: list[str] = []
    for key in sorted(graph.get_all_asset_keys()):
        lines += _asset(graph.get(key))
    for check in sorted(graph.asset_check_keys):
        blocking = graph.get_check_spec(check).blocking
        lines.append(f"check {check.asset_key.to_user_string()}:{check.name} blocking={blocking}")
    for job in sorted(repository.get_all_jobs(), key=lambda job: job.name):
        lines.append(f"job {job.name}: {' '.join(sorted(node.name for node in job.nodes))}")
    for schedule in sorted(repository.schedule_defs, key=lambda schedule: schedule.name):
        when = f"{schedule.cron_schedule} {schedule.execution_timezone}"
        lines.append(
            f"schedule {schedule.name}: {schedule.job_name} at {when} {schedule.default_status.value}"
        )
    for sensor in repository.sensor_defs:
        every = sensor.minimum_interval_seconds
        lines.append(f"sensor {sensor.name}: {sensor.job_name} every {every} s {sensor.default_status.value}")
    return "".join(f"{line}\n" for line in lines)


def _asset(node: dg.AssetNode) -> Iterator[str]:
    yield f"asset {node.key.to_user_string()}"
    facts = {
        "after": sorted(key.to_user_string() for key in node.parent_keys),
        "group": [node.group_name],
        "kinds": sorted(node.kinds),
        "owners": node.owners,
        "tags": [f"{k}={v}" for k, v in sorted(node.tags.items()) if not k.startswith("dagster/")],
        "pools": sorted(node.pools or ()),
        "overdue after": [_window(node.freshness_policy)] if node.freshness_policy else [],
        "partitions": [type(node.partitions_def).__name__] if node.partitions_def else [],
        "metadata": sorted(node.metadata),
    }
    yield from (f"    {name}: {', '.join(map(str, values))}" for name, values in facts.items() if values)


def _window(policy: dg.FreshnessPolicy) -> str:
    assert isinstance(policy, TimeWindowFreshnessPolicy)
    return str(policy.fail_window.to_timedelta())
