"""Ask every source whether it could be read, and say how to mend what could not."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.contract import Check
from connectors.errors import ConnectorError
from okr_pipeline.extract import request_for
from okr_pipeline.workspace import Workspace


def examine(workspace: Workspace) -> Iterator[tuple[str, list[Check]]]:
    """Yield each source with what its connector found out; nothing is stored."""
    for source in workspace.project.sources.values():
        datasets = [d for d in workspace.project.datasets.values() if d.source == source.id]
        try:
            connector = workspace.connect(source)
        except ConnectorError as error:
            yield source.id, [Check(subject="connection", passed=False, seen=error.message, mend=error.mend)]
            continue
        try:
            yield source.id, connector.check(tuple(request_for(dataset, connector) for dataset in datasets))
        except ConnectorError as error:
            yield source.id, [Check(subject="source", passed=False, seen=error.message, mend=error.mend)]
        finally:
            connector.close()
