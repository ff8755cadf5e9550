"""What a connector is asked for one dataset; made alike by a check, which asks nobody, and by a read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from connectors.contract import ExtractRequest, Judging, Misfit, Mode
from okr_pipeline.model.metric import Dataset

if TYPE_CHECKING:
    from pydantic import BaseModel


def request_of(
    dataset: Dataset, options: BaseModel, *, mode: Mode = "full", since: str | None = None
) -> ExtractRequest:
    """Return what to ask for *dataset*: all of it, or from *since* on, inside."""
    return ExtractRequest(
        dataset=dataset.id,
        columns=dataset.columns,
        options=options,
        mode=mode,
        key=dataset.key,
        cursor=dataset.cursor,
        since=since,
        zone=dataset.zone,
        reject_limit=dataset.reject_limit,
        deleted=dataset.deleted,
    )


def misfits(request: ExtractRequest) -> Iterator[Misfit]:
    """Yield what can be told to be wrong before anybody is asked; nothing where the kind cannot tell."""
    if isinstance(request.options, Judging):
        yield from request.options.misfits(request)
