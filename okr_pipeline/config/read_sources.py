"""sources/<source>.yaml: a connection and its datasets, each checked against its connector's own models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from okr_pipeline.config import values
from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.document import Document
from okr_pipeline.config.draft import Declared, Draft
from okr_pipeline.config.masking import refers
from okr_pipeline.config.place import Place
from okr_pipeline.config.plain_secrets import check_no_secrets
from okr_pipeline.config.refresh import read_refresh
from okr_pipeline.config.schema import (
    DatasetText,
    FreshnessText,
    PersonalText,
    SourceText,
    keys_of,
    unsupported_in,
)
from okr_pipeline.config.shape import check_id, mapping_at, read_as
from okr_pipeline.config.yaml import UNREADABLE, YamlList, YamlMapping
from okr_pipeline.config.zones import read_zone
from okr_pipeline.model.metric import Checks, Dataset, Freshness, Source
from okr_pipeline.spelling import did_you_mean, shown

if TYPE_CHECKING:
    from pydantic import BaseModel


MAX_COLUMN_NAME = 128


def read_source(document: Document, draft: Draft) -> None:
    """Read one source file into *draft*; its name is the source's id."""
    place, source = Place(document), PurePosixPath(document.file).stem
    check_id(source, place, (), draft.report)
    data = mapping_at(place, document.data, draft.report)
    datasets = data.get("datasets") if data is not None else None
    if not isinstance(datasets, YamlMapping):
        draft.datasets.open_groups.add(source)
    if data is None:
        return
    options_model = _read_connection(source, data, place, draft)
    if not isinstance(datasets, YamlMapping):
        return
    for name, dataset in datasets.items():
        here = place.below("datasets", name)
        check_id(name, here, datasets, draft.report)
        _read_dataset(source, name, dataset, here, options_model, draft)


def _read_connection(source: str, data: YamlMapping, place: Place, draft: Draft) -> type[BaseModel] | None:
    """Read all but the datasets into *draft*, and return the model of their options, None if unknown."""
    check_no_secrets(place, data, draft.report, skip=("datasets",))
    text = read_as(SourceText, data, place, draft.report)
    declared: Declared[SourceText, Source] = Declared(id=source, place=place, text=text)
    draft.sources.add(declared, draft.report)
    if text is not None:
        declared.noun = _source(source, text, place, draft.report)
    kind = None if draft.is_recorded else data.get("connector")
    models = _models_of(kind, place.below("connector"), draft.report)
    connection = data.get("connection", YamlMapping(data.spot))
    if models is not None and isinstance(connection, YamlMapping):
        read_as(models[0], connection, place.below("connection"), draft.report, references=True)
    return models[1] if models else None


def _models_of(
    kind: object, place: Place, report: list[Diagnostic]
) -> tuple[type[BaseModel], type[BaseModel]] | None:
    from connectors import registry
    from connectors.errors import SetupError

    if not isinstance(kind, str):
        return None  # its shape is reported by the mirror
    try:
        return registry.model_of(kind)
    except SetupError as problem:
        known = registry.kinds()
        message = problem.message if kind in known else f"{shown(kind)} is no connector"
        mend = problem.mend if kind in known else did_you_mean(kind, known)
        report.append(place.problem("OKR203", message, mend))
    return None


def _source(id: str, text: SourceText, place: Place, report: list[Diagnostic]) -> Source | None:
    refresh: str | None = None
    if text.refresh is not None:
        refresh = place.below("refresh").parsed(text.refresh, read_refresh, "OKR111", report)
    connection = plain(text.connection)
    return Source(
        id=id,
        connector=text.connector,
        connection=connection if isinstance(connection, dict) else {},
        refresh=refresh,
        at=place.at,
    )


def _read_dataset(
    source: str, name: str, data: object, place: Place, options_model: type[BaseModel] | None, draft: Draft
) -> None:
    declared: Declared[DatasetText, Dataset] = Declared(id=f"{source}.{name}", place=place)
    draft.datasets.add(declared, draft.report)
    mapping = mapping_at(place, data, draft.report)
    if mapping is None:
        return
    check_no_secrets(place, mapping, draft.report, skip=("columns",))
    known = {*keys_of(DatasetText), *unsupported_in(DatasetText)}
    common = _part(mapping, lambda key: key in known)
    options = _part(mapping, lambda key: key not in known)
    declared.text = read_as(DatasetText, common, place, draft.report)
    before = len(draft.report)
    written = None
    if options_model is not None:
        also = keys_of(DatasetText)
        written = read_as(options_model, options, place, draft.report, also=also, references=True)
    fits = len(draft.report) == before
    if declared.text is not None:
        dataset = _dataset(declared.id, source, declared.text, options, place, draft.report)
        settings = draft.settings.text
        if dataset and dataset.hashed and settings:
            dataset = replace(dataset, personal_key=settings.personal_key)
        declared.noun = dataset if fits else None
        if declared.noun is not None and written is not None:
            _check_fit(declared.noun, written, place, draft.report)


def _check_fit(dataset: Dataset, options: BaseModel, place: Place, report: list[Diagnostic]) -> None:
    """Report what *options* themselves tell to be wrong, but of those that are references still."""
    from okr_pipeline.asked import misfits, request_of

    for misfit in misfits(request_of(dataset, options)):
        if not refers(dataset.options.get(str(misfit.option[0]))):
            here = place.below(*misfit.option)
            report.append(here.key_problem("OKR115", misfit.message, misfit.mend))


def _part(mapping: YamlMapping, wanted: Callable[[str], bool]) -> YamlMapping:
    part = YamlMapping(mapping.spot)
    part.update({key: value for key, value in mapping.items() if wanted(key)})
    return part


def _dataset(
    id: str,
    source: str,
    text: DatasetText,
    options: Mapping[str, object],
    place: Place,
    report: list[Diagnostic],
) -> Dataset | None:
    before = len(report)
    if text.zone is not None:
        read_zone(text.zone, place.below("zone"), report)
    personal = text.personal or PersonalText()
    columns = _columns(text.columns, place.below("columns"), report)
    dataset = Dataset(
        id=id,
        source=source,
        columns={name: type_ for name, type_ in columns.items() if name not in personal.drop},
        key=tuple(text.key),
        cursor=text.cursor,
        overlap=_duration(text, "overlap", place, report) or timedelta(0),
        full_read=_duration(text, "full_read", place, report),
        deleted=text.deleted,
        freshness=_freshness(text, place.below("freshness"), report),
        checks=_checks(text, place.below("checks"), report),
        reject_limit=text.reject_limit,
        zone=text.zone,
        hashed=tuple(personal.hash_),
        retain=_duration(text, "retain", place, report),
        options={key: plain(value) for key, value in options.items()},
        at=place.at,
    )
    return dataset if len(report) == before else None


def _columns(written: Mapping[str, object], place: Place, report: list[Diagnostic]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, raw in written.items():
        here = place.below(name)
        if name.lower() in ("_from_load", "_to_load"):
            message, mend = "this column name is ours", "rename the column in the source, or by a query"
            report.append(here.key_problem("OKR105", message, mend))
        elif not (name.isprintable() and name == name.strip() and 0 < len(name) <= MAX_COLUMN_NAME):
            mend = f"write 1 to {MAX_COLUMN_NAME} printable characters, without blanks around them"
            report.append(here.key_problem("OKR105", "this is no column name", mend))
        if type_ := here.parsed(raw, values.column_type, "OKR112", report):
            found[name] = type_
    return found


def _duration(text: DatasetText, key: str, place: Place, report: list[Diagnostic]) -> timedelta | None:
    raw = getattr(text, key)
    parse = values.full_read if key == "full_read" else values.duration
    return None if raw is None else place.below(key).parsed(raw, parse, "OKR108", report)


def _freshness(text: DatasetText, place: Place, report: list[Diagnostic]) -> Freshness | None:
    raw = text.freshness
    if isinstance(raw, YamlMapping):
        written = read_as(FreshnessText, raw, place, report)
        if written is None:
            return None
        within = place.below("within").parsed(written.within, values.duration, "OKR108", report)
        return Freshness(column=written.column, within=within) if within else None
    if raw is None or (limit := place.parsed(raw, values.duration, "OKR108", report)) is None:
        return None
    if text.cursor is None:
        mend = "write freshness: {column: <a date or timestamp>, within: 6h}, or declare a cursor"
        report.append(place.problem("OKR307", "a freshness without a cursor has no column to look at", mend))
        return None
    return Freshness(column=text.cursor, within=limit)


def _checks(text: DatasetText, place: Place, report: list[Diagnostic]) -> Checks:
    written = text.checks
    if written is None:
        return Checks()
    change = written.max_change
    return Checks(
        min_rows=written.min_rows,
        max_change=None
        if change is None
        else place.below("max_change").parsed(change, values.ratio, "OKR106", report),
        not_null=tuple(written.not_null),
        unique=tuple((entry,) if isinstance(entry, str) else tuple(entry) for entry in written.unique),
    )


def plain(value: object) -> object:
    """Return *value* as plain dicts and lists, without places."""
    if isinstance(value, YamlMapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, YamlList):
        return [plain(inner) for inner in value]
    return None if value is UNREADABLE else value
