"""okr.yaml: the project, its calendar and cycles, where it stores and publishes."""

from __future__ import annotations

from okr_pipeline.config import values
from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.document import Document
from okr_pipeline.config.draft import Declared, Draft, Settings
from okr_pipeline.config.place import Place
from okr_pipeline.config.plain_secrets import check_no_secrets
from okr_pipeline.config.schema import CycleText, SettingsText
from okr_pipeline.config.shape import check_id, mapping_at, read_as
from okr_pipeline.config.yaml import YamlMapping
from okr_pipeline.config.zones import read_zone
from okr_pipeline.model.calendar import Calendar, Cycle
from okr_pipeline.model.okr import Publisher, Stores


def read_settings(document: Document | None, draft: Draft) -> None:
    """Read okr.yaml into *draft*; without one, cycles and strategies stay unknown."""
    draft.cycles.open_ended = True
    if document is None:
        return
    place = Place(document)
    data = mapping_at(place, document.data, draft.report)
    if data is None:
        return
    for key in ("publish", "store"):
        check_no_secrets(place.below(key), data.get(key), draft.report)
    text = read_as(SettingsText, data, place, draft.report)
    draft.settings = Settings(place=place, text=text)
    cycles = data.get("cycles", YamlMapping(data.spot))
    if isinstance(cycles, YamlMapping):
        draft.cycles.open_ended = False
        _read_cycles(place.below("cycles"), cycles, draft)
    if isinstance(strategy := data.get("strategy"), YamlMapping):
        for name in strategy:
            check_id(name, place.below("strategy", name), strategy, draft.report)
    if text is not None:
        _check_project_id(text.project, place.below("project"), draft.report)
        draft.settings.calendar = _calendar(text, place, draft.report)
        draft.settings.stores = _stores(text)


def _check_project_id(project: str, place: Place, report: list[Diagnostic]) -> None:
    """Report *project* if it is no id; it stands as a value, not as a key."""
    problems: list[Diagnostic] = []
    check_id(project, place, (), problems)
    report += [place.problem(p.code, p.message, p.mend) for p in problems]


def _calendar(text: SettingsText, place: Place, report: list[Diagnostic]) -> Calendar | None:
    zone = read_zone(text.timezone, place.below("timezone"), report)
    start = place.below("fiscal_year_start").parsed(
        text.fiscal_year_start, values.month_day, "OKR107", report
    )
    return Calendar(zone, *start) if zone and start else None


def _stores(text: SettingsText) -> Stores:
    return Stores(**text.store.model_dump(exclude_none=True)) if text.store else Stores()


def _read_cycles(place: Place, cycles: YamlMapping, draft: Draft) -> None:
    for name, data in cycles.items():
        here = place.below(name)
        check_id(name, here, cycles, draft.report)
        declared: Declared[CycleText, Cycle] = Declared(id=name, place=here)
        draft.cycles.add(declared, draft.report)
        mapping = mapping_at(here, data, draft.report)
        declared.text = read_as(CycleText, mapping, here, draft.report) if mapping is not None else None
        if declared.text is not None:
            declared.noun = _cycle(name, declared.text, here, draft.report)


def _cycle(name: str, text: CycleText, place: Place, report: list[Diagnostic]) -> Cycle | None:
    start = place.below("start").parsed(text.start, values.day, "OKR107", report)
    end = place.below("end").parsed(text.end, values.day, "OKR107", report)
    return Cycle(id=name, start_on=start, end_on=end, parent=text.parent) if start and end else None


def publishers(text: SettingsText) -> dict[str, Publisher]:
    """Return the declared publishers by id, with defaults filled in."""
    declared = text.publish.model_dump(exclude_none=True) if text.publish else {}
    return {name: Publisher(id=name, options=options) for name, options in declared.items()}
