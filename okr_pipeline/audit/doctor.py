"""Ask every source whether it could be read, and the published sheet too; say how to mend what could not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

from connectors.contract import Check, Connector, ExtractRequest
from connectors.errors import ConnectorError
from okr_pipeline.extract import request_for
from okr_pipeline.model.metric import Dataset
from okr_pipeline.model.okr import Publisher
from okr_pipeline.workspace import Workspace


def examine(workspace: Workspace) -> Iterator[tuple[str, list[Check]]]:
    """Yield each source with what its connector found out, then the sheet; nothing is stored or written."""
    for source in workspace.project.sources.values():
        datasets = [d for d in workspace.project.datasets.values() if d.source == source.id]
        try:
            connector = workspace.connect(source)
        except ConnectorError as error:
            yield source.id, [Check(subject="connection", passed=False, seen=error.message, mend=error.mend)]
            continue
        try:
            requests, unresolved = _requests(datasets, connector, workspace)
            yield source.id, [*unresolved, *connector.check(tuple(requests))]
        except ConnectorError as error:
            yield source.id, [Check(subject="source", passed=False, seen=error.message, mend=error.mend)]
        finally:
            connector.close()
    if sheet := workspace.project.publishers.get("sheet"):
        yield "publish.sheet", [_sheet(sheet, workspace)]


def _sheet(publisher: Publisher, workspace: Workspace) -> Check:
    from okr_pipeline.publish.sheet import board_of, refusal

    try:
        with closing(board_of(workspace.resolved(publisher.options), base=workspace.base)) as board:
            held = board.read()
            if problem := refusal(held, workspace.project.id):
                raise problem
            seen = f"tab {held.tab.title} is there for {board.who}"
            return Check(subject="sheet", passed=True, seen=seen, mend="")
    except ConnectorError as error:
        return Check(subject="sheet", passed=False, seen=error.message, mend=error.mend)


def _requests(
    datasets: Sequence[Dataset], connector: Connector, workspace: Workspace
) -> tuple[list[ExtractRequest], list[Check]]:
    """Return what to ask for, and what is wrong with datasets that refer to what is not there."""
    requests: list[ExtractRequest] = []
    wrong: list[Check] = []
    for dataset in datasets:
        try:
            requests.append(request_for(dataset, connector, resolve=workspace.resolved))
        except ConnectorError as error:
            wrong.append(Check(subject=dataset.id, passed=False, seen=error.message, mend=error.mend))
    return requests, wrong
