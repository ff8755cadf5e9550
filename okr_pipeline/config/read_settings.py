"""okr.yaml: the project, its calendar and cycles, how it judges, where it stores and publishes."""

from __future__ import annotations

import re
from decimal import Decimal

from okr_pipeline.config import values
from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.document import Document
from okr_pipeline.config.draft import Draft, Settings
from okr_pipeline.config.masking import is_reference
from okr_pipeline.config.place import Place
from okr_pipeline.config.plain_secrets import MEND, check_no_secrets
from okr_pipeline.config.read_policy import read_policy
from okr_pipeline.config.reading import Fields, declare, named
from okr_pipeline.config.schema import CalendarText, CycleText, GradesText, LintText, SettingsText
from okr_pipeline.config.shape import check_id, mapping_at, read_as
from okr_pipeline.config.yaml import YamlMapping
from okr_pipeline.config.zones import read_zone
from okr_pipeline.model.calendar import Calendar, Cycle
from okr_pipeline.model.okr import Publisher, Stores
from okr_pipeline.model.periods import FiscalWeeks
from okr_pipeline.model.policy import Grades

_ADVICE = re.compile(r"OKRL\d{2}\Z", re.ASCII)


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
    written = data.get("personal_key")
    if written is not None and not is_reference(str(written)):
        message = "the key of personal columns is written in plain"
        draft.report.append(place.below("personal_key").problem("OKR501", message, MEND))
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
        _read_judging(text, place, draft)
        _check_sheet(data.get("publish"), place.below("publish", "sheet"), draft.report)


def _check_sheet(publish: object, place: Place, report: list[Diagnostic]) -> None:
    """Report what of the sheet's options its connector refuses."""
    sheet = publish.get("sheet") if isinstance(publish, YamlMapping) else None
    if isinstance(sheet, YamlMapping):
        from connectors.google_sheets.options import SheetTarget

        read_as(SheetTarget, sheet, place, report, references=True)


def _read_judging(text: SettingsText, place: Place, draft: Draft) -> None:
    """Read how progress is judged, and how much advice is wanted."""
    if text.status is not None and (policy := read_policy(text.status, place.below("status"), draft.report)):
        draft.settings.policy = policy
    if text.grades is not None and (grades := _grades(text.grades, place.below("grades"), draft.report)):
        draft.settings.grades = grades
    if text.lint is not None:
        _check_exceptions(text.lint, place.below("lint", "except"), draft.report)


def _grades(text: GradesText, place: Place, report: list[Diagnostic]) -> Grades | None:
    """Return where the grades begin; those that are not written begin where they do by default."""
    default = Grades()
    written = {"2": (text.two, default.two), "3": (text.three, default.three), "4": (text.four, default.four)}
    before = len(report)
    begins = [
        usual if raw is None else place.below(grade).parsed(raw, values.share, "OKR106", report) or Decimal(0)
        for grade, (raw, usual) in written.items()
    ]
    if len(report) > before:
        return None
    two, three, four = begins
    if not 0 < two < three < four:
        mend = "write growing shares: {2: 25%, 3: 50%, 4: 70%}"
        message = "the grades 2, 3 and 4 do not begin one above another"
        report.append(place.key_problem("OKR321", message, mend))
    return Grades(two=two, three=three, four=four)


def _check_exceptions(text: LintText, place: Place, report: list[Diagnostic]) -> None:
    for code, reason in text.except_.items():
        here = place.below(code)
        if not _ADVICE.match(code):
            mend = "write the code that `okr lint` shows, such as OKRL07"
            report.append(here.key_problem("OKR105", "this is no code of advice", mend))
        if not reason.strip():
            message = "an exception without a reason"
            report.append(here.key_problem("OKR102", message, "write why the advice does not fit here"))


def _check_project_id(project: str, place: Place, report: list[Diagnostic]) -> None:
    """Report *project* if it is no id; it stands as a value, not as a key."""
    problems: list[Diagnostic] = []
    check_id(project, place, (), problems)
    report += [place.problem(p.code, p.message, p.mend) for p in problems]


def _calendar(text: SettingsText, place: Place, report: list[Diagnostic]) -> Calendar | None:
    zone = read_zone(text.timezone, place.below("timezone"), report)
    if text.calendar is not None:
        weeks = _fiscal_weeks(text, text.calendar, place, report)
        return Calendar(zone, fiscal_weeks=weeks) if zone and weeks else None
    raw = "01-01" if text.fiscal_year_start is None else text.fiscal_year_start
    start = place.below("fiscal_year_start").parsed(raw, values.month_day, "OKR107", report)
    return Calendar(zone, *start) if zone and start else None


def _fiscal_weeks(
    text: SettingsText, calendar: CalendarText, place: Place, report: list[Diagnostic]
) -> FiscalWeeks | None:
    if text.fiscal_year_start is not None:
        mend = "remove it: a fiscal year of whole weeks begins the day after the one before ends"
        message = "`fiscal_year_start` excludes `calendar`"
        report.append(place.below("fiscal_year_start").key_problem("OKR114", message, mend))
    fields = Fields(calendar, place.below("calendar"), report)
    pattern = fields.required("pattern", values.week_pattern, "OKR107")
    if pattern is None:
        return None
    return fields.required("year_ends", lambda raw: values.year_end(raw, pattern), "OKR107")


def _stores(text: SettingsText) -> Stores:
    return Stores(**text.store.model_dump(exclude_none=True)) if text.store else Stores()


def _read_cycles(place: Place, cycles: YamlMapping, draft: Draft) -> None:
    for name, here, data in named(place, cycles, draft.report):
        declared = declare(draft.cycles, name, CycleText, data, here, draft.report)
        if declared.text is not None:
            declared.noun = _cycle(name, declared.text, here, draft.report)


def _cycle(name: str, text: CycleText, place: Place, report: list[Diagnostic]) -> Cycle | None:
    fields = Fields(text, place, report)
    start, end = (fields.required(key, values.day, "OKR107") for key in ("start", "end"))
    return Cycle(id=name, start_on=start, end_on=end, parent=text.parent) if start and end else None


def publishers(text: SettingsText) -> dict[str, Publisher]:
    """Return the declared publishers by id, with defaults filled in."""
    declared = text.publish.model_dump(exclude_none=True) if text.publish else {}
    return {name: Publisher(id=name, options=options) for name, options in declared.items()}
