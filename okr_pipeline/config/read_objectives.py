"""objectives/<cycle>/*.yaml: objectives, their key results and what of them was revised."""

from __future__ import annotations

from pathlib import PurePosixPath

from okr_pipeline.config.document import Document
from okr_pipeline.config.draft import Draft, ReadObjective
from okr_pipeline.config.place import Place
from okr_pipeline.config.read_key_results import read_key_result, read_retired
from okr_pipeline.config.read_policy import read_policy
from okr_pipeline.config.read_revisions import read_revisions
from okr_pipeline.config.reading import declare, named
from okr_pipeline.config.schema_objectives import ObjectivesText, ObjectiveText
from okr_pipeline.config.shape import mapping_at, read_as
from okr_pipeline.config.yaml import YamlMapping


def read_objectives(document: Document, draft: Draft) -> None:
    """Read one objectives file into *draft*; its folder is named after its cycle."""
    place = Place(document)
    data = mapping_at(place, document.data, draft.report)
    objectives = data.get("objectives") if data is not None else None
    if data is None or not isinstance(objectives, YamlMapping):
        draft.objectives.open_ended = draft.key_results.open_ended = True
    if data is None:
        return
    text = read_as(ObjectivesText, data, place, draft.report)
    if text is not None:
        read_revisions(text.revisions, "", place.below("revisions"), draft)
    cycle = data.get("cycle")
    known = isinstance(cycle, str) and _known_cycle(cycle, place.below("cycle"), draft)
    if isinstance(objectives, YamlMapping):
        for name, here, objective in named(place.below("objectives"), objectives, draft.report):
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
    declared = declare(draft.objectives, name, ObjectiveText, data, place, draft.report)
    first = draft.objectives[name] is declared
    key_results = data.get("key_results") if isinstance(data, YamlMapping) else None
    if not isinstance(key_results, YamlMapping) and (declared.text is None or key_results is not None):
        draft.key_results.open_groups.add(name)
    if declared.text is not None:
        read_revisions(declared.text.revisions, name, place.below("revisions"), draft)
    declared.noun = _objective(declared.text, cycle, place, draft) if cycle else None
    if isinstance(key_results, YamlMapping) and first:
        read = draft.cycles.get(cycle) if cycle else None
        for kr_name, here, key_result in named(place.below("key_results"), key_results, draft.report):
            read_key_result(f"{name}.{kr_name}", key_result, read.noun if read else None, here, draft)


def _objective(text: ObjectiveText | None, cycle: str, place: Place, draft: Draft) -> ReadObjective:
    if text is None:
        return ReadObjective(cycle=cycle)
    policy = read_policy(text.status, place.below("status"), draft.report) if text.status else None
    retired = read_retired(text.retired, "", place, draft.report)
    return ReadObjective(cycle=cycle, policy=policy, retired=retired)
