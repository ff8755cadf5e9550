"""Rules 8 to 12: columns, and how a dataset is read by them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Declared, Draft
from okr_pipeline.config.place import Place
from okr_pipeline.config.schema import DatasetText
from okr_pipeline.config.yaml import YamlMapping
from okr_pipeline.model.metric import Dataset

TIMES = ("date", "timestamp")


def columns_are_declared(draft: Draft) -> Iterator[Diagnostic]:
    """8. Key, cursor, deleted, freshness, not_null and unique name declared columns."""
    for dataset in draft.datasets.values():
        if dataset.text is None:
            continue
        for name, place in _named_columns(dataset.text, dataset.place):
            if name not in dataset.text.columns:
                yield unknown_column(draft, name, place, dataset.text.columns)


def columns_differ_in_more_than_case(draft: Draft) -> Iterator[Diagnostic]:
    """9. No two columns differ in case only: SQL would take them for one."""
    for dataset in draft.datasets.values():
        seen: dict[str, str] = {}
        for name in dataset.text.columns if dataset.text else ():
            first = seen.setdefault(name.casefold(), name)
            if first != name:
                place = dataset.place.below("columns", name)
                yield place.key_problem(
                    "OKR308", f"`{name}` differs from `{first}` in case only", "rename one"
                )


def incremental_reading_is_complete(draft: Draft) -> Iterator[Diagnostic]:
    """10. A cursor has an order and a key beside it; overlap and full_read have a cursor."""
    for dataset in draft.datasets.values():
        if dataset.noun is not None and dataset.text is not None:
            yield from _incremental_problems(dataset.noun, dataset)


def freshness_looks_at_time(draft: Draft) -> Iterator[Diagnostic]:
    """11. The column that freshness looks at is a date or a timestamp; `deleted` may be a boolean, too."""
    for dataset in draft.datasets.values():
        noun = dataset.noun
        if noun is None:
            continue
        if (type_ := noun.columns.get(noun.deleted or "")) not in (None, "boolean", *TIMES):
            message = f"`deleted` looks at `{noun.deleted}`, which is {type_}"
            mend = "use a column that is boolean (true = gone), date or timestamp (filled = gone)"
            yield dataset.place.below("deleted").problem("OKR318", message, mend)
        if noun.freshness is None:
            continue
        type_ = noun.columns.get(noun.freshness.column)
        if type_ is not None and type_ not in TIMES:
            message = f"freshness looks at `{noun.freshness.column}`, which is {type_}"
            mend = "write freshness: {column: <a date or timestamp>, within: 6h}"
            yield dataset.place.below("freshness").problem("OKR305", message, mend)


def personal_columns_can_be_spared(draft: Draft) -> Iterator[Diagnostic]:
    """12. What is dropped is named nowhere else; what is hashed is text, and has a key to be hashed by."""
    for dataset in draft.datasets.values():
        text, noun = dataset.text, dataset.noun
        if text is None or noun is None or text.personal is None:
            continue
        place = dataset.place.below("personal")
        named = _named_columns(text, dataset.place)
        used = {name for name, where in named if where.path[-2:-1] != ("drop",)}
        for number, name in enumerate(text.personal.drop):
            if name in used:
                mend = "keep the column, or `hash` it, or name another one there"
                message = f"`{name}` is dropped, and needed elsewhere in this dataset"
                yield place.below("drop", number).problem("OKR331", message, mend)
        for number, name in enumerate(text.personal.hash_):
            if (type_ := noun.columns.get(name)) not in (None, "string"):
                message = f"`{name}` is {type_}; a hash is text"
                yield place.below("hash", number).problem("OKR331", message, "declare it as string")
        if noun.hashed and draft.settings.text and draft.settings.text.personal_key is None:
            message, mend = "there is no key to hash by", "write `personal_key: env:NAME` in okr.yaml"
            yield place.below("hash").key_problem("OKR331", message, mend)


def unknown_column(draft: Draft, name: str, place: Place, columns: Collection[str]) -> Diagnostic:
    """Return the diagnostic for a column that is not declared."""
    mend = "declare it under `columns:`"
    return draft.unknown("OKR208", place, name, "declared column", columns, mend=mend)


def _named_columns(text: DatasetText, place: Place) -> Iterator[tuple[str, Place]]:
    for number, name in enumerate(text.key):
        yield name, place.below("key", number)
    if text.cursor is not None:
        yield text.cursor, place.below("cursor")
    if text.deleted is not None:
        yield text.deleted, place.below("deleted")
    if isinstance(text.freshness, YamlMapping) and isinstance(column := text.freshness.get("column"), str):
        yield column, place.below("freshness", "column")
    personal = text.personal
    for number, name in enumerate(personal.drop if personal else ()):
        yield name, place.below("personal", "drop", number)
    for number, name in enumerate(personal.hash_ if personal else ()):
        yield name, place.below("personal", "hash", number)
    checks = text.checks
    for number, name in enumerate(checks.not_null if checks else ()):
        yield name, place.below("checks", "not_null", number)
    for number, entry in enumerate(checks.unique if checks else ()):
        here = place.below("checks", "unique", number)
        if isinstance(entry, str):
            yield entry, here
        else:
            yield from ((name, here.below(inner)) for inner, name in enumerate(entry))


def _incremental_problems(noun: Dataset, declared: Declared[DatasetText, Dataset]) -> Iterator[Diagnostic]:
    place = declared.place
    if noun.cursor is None:
        for key in ("overlap", "full_read"):
            if declared.text is not None and getattr(declared.text, key) is not None:
                message = f"`{key}` does nothing without a cursor: every read is a full read"
                yield place.below(key).key_problem(
                    "OKR306", message, f"declare a `cursor`, or remove `{key}`"
                )
        return
    type_ = noun.columns.get(noun.cursor)
    if type_ is None:
        return
    if type_ not in TIMES and type_ != "integer" and not type_.startswith("decimal"):
        mend = "use a column that is timestamp, date, integer or decimal"
        yield place.below("cursor").problem(
            "OKR304", f"`{noun.cursor}` is {type_}: no cursor can follow it", mend
        )
    elif noun.overlap > timedelta(0) and type_ not in TIMES:
        message = f"an overlap in time does not fit the cursor `{noun.cursor}`, which is {type_}"
        yield place.below("overlap").problem(
            "OKR306", message, "remove `overlap`, or use a timestamp as cursor"
        )
    if not noun.key:
        message = "a cursor without a key: rows read again could not be told from new ones"
        yield place.below("cursor").key_problem("OKR306", message, "declare `key: [<column>]`")
