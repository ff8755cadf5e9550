"""Personal columns as keyed hashes, before anything of them is kept: they still count and join."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from connectors.contract import Extract
from connectors.errors import SetupError
from okr_pipeline.model.metric import Dataset

if TYPE_CHECKING:
    import pyarrow as pa

_SHORTEST_KEY = 16


def key_of(dataset: Dataset, resolve: Callable[[Mapping[str, object]], Mapping[str, object]]) -> bytes | None:
    """
    Return the secret by which columns of *dataset* are hashed; None where none is.

    Raises:
        SetupError: If it is not there, or too short to be one.
    """
    if not dataset.hashed:
        return None
    key = str(resolve({"personal_key": dataset.personal_key})["personal_key"]).encode()
    if len(key) < _SHORTEST_KEY:
        what = f"the key of personal columns has fewer than {_SHORTEST_KEY} signs"
        raise SetupError(what, mend="make one, as by `openssl rand -hex 32`, and keep it")
    return key


def hashed(extract: Extract, columns: Collection[str], key: bytes | None) -> Extract:
    """Return *extract* with each text in *columns* as its HMAC-SHA256 by *key*, in hex; null stays null."""
    if key is None:
        return extract

    def change(batch: pa.RecordBatch) -> pa.RecordBatch:
        for name in columns:
            place = batch.schema.get_field_index(name)
            batch = batch.set_column(place, batch.schema.field(place), _digests(batch.column(place), key))
        return batch

    return extract.mapped(change)


def _digests(texts: pa.Array, key: bytes) -> pa.Array:
    import pyarrow as pa

    encoded = texts.dictionary_encode()
    found = [hmac.digest(key, text.encode(), "sha256").hex() for text in encoded.dictionary.to_pylist()]
    return pa.array(found, pa.string()).take(encoded.indices)
