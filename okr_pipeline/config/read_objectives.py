"""objectives/<cycle>/*.yaml: objectives and the goals of their key results."""

from __future__ import annotations

from pathlib import PurePosixPath

from okr_pipeline.config import values
from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.document import Document
from okr_pipeline.config.draft import Declared, Draft, Goal
from okr_pipeline.config.place import Place
from okr_pipeline.config.schema import KeyResultText, ObjectivesText, ObjectiveText
from okr_pipeline.config.shape import check_id, mapping_at, read_as
from okr_pipeline.config.values import Amount, UnfitError
from okr_pipeline.config.yaml import YamlMapping
from okr_pipeline.model.calendar import Cycle
from okr_pipeline.model.okr import MeasuredOn, Reach, RelativeTarget


def read_objectives(document: Document, draft: Draft) -> None:
    """Read one objectives file into *draft*; its folder is named after its cycle."""
    place = Place(document)
    data = mapping_at(place, document.data, draft.report)
    objectives = data.get("objectives") if data is not None else None
    if data is None or not isinstance(objectives, YamlMapping):
        draft.objectives.open_ended = draft.key_results.open_ended = True
    if data is None:
        return
    read_as(ObjectivesText, data, place, draft.report)
    cycle = data.get("cycle")
    known = isinstance(cycle, str) and _known_cycle(cycle, place.below("cycle"), draft)
    if isinstance(objectives, YamlMapping):
        for name, objective in objectives.items():
            here = place.below("objectives", name)
            check_id(name, here, objectives, draft.report)
            _read_objective(name, objective, str(cycle) if known else None, here, draft)


def _known_cycle(cycle: str, place: Place, draft: Draft) -> bool:
    folder = PurePosixPath(place.document.file).parent.name
    if not draft.cycles.may_exist(cycle):
        mend = "declare it in okr.yaml under `cycles:`"
        draft.report.append(draft.unknown("OKR204", place, cycle, "cycle", draft.cycles, mend=mend))
        return False
    if cycle != folder:
        message = f"objectives of `{cycle}` lie in the folder of `{folder}`"
        mend = f"move the file to objectives/{cycle}/, or write `cycle: {folder}`"
        draft.report.append(place.problem("OKR303", message, mend))
    return True


def _read_objective(name: str, data: object, cycle: str | None, place: Place, draft: Draft) -> None:
    declared: Declared[ObjectiveText, str] = Declared(id=name, place=place, noun=cycle)
    first = draft.objectives.add(declared, draft.report)
    mapping = mapping_at(place, data, draft.report)
    key_results = mapping.get("key_results") if mapping is not None else None
    if not isinstance(key_results, YamlMapping):
        draft.key_results.open_groups.add(name)
    if mapping is None:
        return
    declared.text = read_as(ObjectiveText, mapping, place, draft.report)
    if declared.text is not None and key_results is None:
        draft.key_results.open_groups.discard(name)
    if isinstance(key_results, YamlMapping) and first:
        noun = draft.cycles.get(cycle) if cycle else None
        for kr_name, key_result in key_results.items():
            here = place.below("key_results", kr_name)
            check_id(kr_name, here, key_results, draft.report)
            _read_key_result(f"{name}.{kr_name}", key_result, noun.noun if noun else None, here, draft)


def _read_key_result(id: str, data: object, cycle: Cycle | None, place: Place, draft: Draft) -> None:
    declared: Declared[KeyResultText, Goal] = Declared(id=id, place=place)
    draft.key_results.add(declared, draft.report)
    mapping = mapping_at(place, data, draft.report)
    if mapping is None:
        return
    declared.text = read_as(KeyResultText, mapping, place, draft.report)
    if declared.text is not None and _one_goal(declared.text, place, draft.report):
        text = declared.text
        declared.noun = (
            _reach(text, cycle, place, draft.report)
            if text.keep is None
            else _keep(text, place, draft.report)
        )


def _one_goal(text: KeyResultText, place: Place, report: list[Diagnostic]) -> bool:
    """Whether *text* has one goal, `from` and `to` or `keep`; reports what is missing or too much."""
    written = {"from": text.from_, "to": text.to, "commit": text.commit, "stretch": text.stretch}
    reach = [key for key, value in written.items() if value is not None]
    if text.keep is not None:
        if reach:
            message = f"`{reach[0]}` excludes `keep`"
            mend = "keep `from` and `to` to reach a number, or `keep` to stay inside bounds"
            report.append(place.below(reach[0]).key_problem("OKR114", message, mend))
        return not reach
    if text.from_ is None and text.to is None:
        mend = 'write `from:` and `to:`, or `keep: "<= 2.5%"`'
        report.append(place.key_problem("OKR102", "a key result without a goal", mend))
        return False
    if text.from_ is None:
        mend = "write `from:` with a number; `from: auto` measures it on the cycle's first day"
        report.append(place.key_problem("OKR102", "`from` is missing", mend))
        return False
    if text.to is None:
        report.append(place.key_problem("OKR102", "`to` is missing", "write `to:` with the number to reach"))
        return False
    return True


def _keep(text: KeyResultText, place: Place, report: list[Diagnostic]) -> Goal | None:
    read = place.below("keep").parsed(text.keep, values.keep, "OKR110", report)
    if read is None:
        return None
    keep, bounds = read
    return Goal(goal=keep, amounts={"keep": max(bounds, key=lambda bound: abs(bound.value))})


def _reach(text: KeyResultText, cycle: Cycle | None, place: Place, report: list[Diagnostic]) -> Goal | None:
    before = len(report)
    baseline = _baseline(text.from_, cycle, place.below("from"), report)
    target = place.below("to").parsed(text.to, values.target, "OKR113", report)
    marks = {
        key: place.below(key).parsed(raw, values.amount, "OKR113", report)
        for key, raw in (("commit", text.commit), ("stretch", text.stretch))
        if raw is not None
    }
    if baseline is None or target is None or len(report) > before:
        return None
    commit, stretch = marks.get("commit"), marks.get("stretch")
    written = {"from": baseline, "to": target, **marks}
    reach = Reach(
        baseline=baseline.value if isinstance(baseline, Amount) else baseline,
        target=target if isinstance(target, RelativeTarget) else target.value,
        commit=commit.value if commit else None,
        stretch=stretch.value if stretch else None,
    )
    return Goal(
        goal=reach, amounts={key: value for key, value in written.items() if isinstance(value, Amount)}
    )


def _baseline(
    raw: object, cycle: Cycle | None, place: Place, report: list[Diagnostic]
) -> Amount | MeasuredOn | None:
    if raw == "auto":
        return MeasuredOn(cycle.start_on) if cycle else None
    if isinstance(raw, YamlMapping):
        if set(raw) != {"at"}:
            mend = "write `{at: 2026-06-30}`, a number, or auto"
            report.append(place.problem("OKR113", "expected the day of a measured baseline", mend))
            return None
        on = place.below("at").parsed(raw["at"], values.day, "OKR107", report)
        return MeasuredOn(on) if on else None
    return place.parsed(raw, _baseline_amount, "OKR113", report)


def _baseline_amount(raw: object) -> Amount:
    try:
        return values.amount(raw)
    except UnfitError as unfit:
        raise UnfitError(unfit.message, "write a number, `auto`, or `{at: 2026-06-30}`") from None
