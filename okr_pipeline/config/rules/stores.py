"""Rule 43: stores that this version can write to."""

from __future__ import annotations

from collections.abc import Iterator

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Draft
from okr_pipeline.config.masking import is_reference
from okr_pipeline.model.okr import Stores


def lake_and_warehouse_are_paths(draft: Draft) -> Iterator[Diagnostic]:
    """43. The lake is a folder and the warehouse a file: neither lies behind an address."""
    for key in ("lake", "warehouse"):
        written = getattr(draft.settings.stores, key)
        if draft.settings.place and "://" in written and not is_reference(written):
            message = f"a {key} behind an address is not supported by this version"
            mend = f"write a path on this machine, such as {getattr(Stores(), key)}"
            yield draft.settings.place.below("store", key).problem("OKR199", message, mend)
