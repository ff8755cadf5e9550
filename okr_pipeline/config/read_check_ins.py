"""check_ins/<cycle>.yaml: what people said of key results, and what they learned."""

from __future__ import annotations

from pathlib import PurePosixPath

from okr_pipeline.config import values
from okr_pipeline.config.document import Document
from okr_pipeline.config.draft import Draft, ReadCheckIn
from okr_pipeline.config.place import Place
from okr_pipeline.config.reading import Fields
from okr_pipeline.config.schema_objectives import CheckInsText, CheckInText
from okr_pipeline.config.shape import mapping_at, read_as
from okr_pipeline.config.yaml import YamlList, YamlMapping
from okr_pipeline.model.people import CheckIn, Override


def read_check_ins(document: Document, draft: Draft) -> None:
    """Read one file of check-ins into *draft*; its name is its cycle."""
    place, cycle = Place(document), PurePosixPath(document.file).stem
    if not draft.cycles.may_exist(cycle):
        mend = "name the file after a cycle of okr.yaml"
        draft.report.append(draft.unknown("OKR204", place, cycle, "cycle", draft.cycles, mend=mend))
    data = mapping_at(place, document.data, draft.report)
    if data is None:
        return
    read_as(CheckInsText, data, place, draft.report)
    check_ins, learned = data.get("check_ins"), data.get("learned")
    for number, check_in in enumerate(check_ins if isinstance(check_ins, YamlList) else ()):
        _read_check_in(check_in, cycle, place.below("check_ins", number), draft)
    for key_result, text in learned.items() if isinstance(learned, YamlMapping) else ():
        if isinstance(text, str):
            draft.learned[key_result] = (text, place.below("learned", key_result))


def _read_check_in(data: object, cycle: str, place: Place, draft: Draft) -> None:
    mapping = mapping_at(place, data, draft.report)
    text = read_as(CheckInText, mapping, place, draft.report) if mapping is not None else None
    if text is None:
        return
    before = len(draft.report)
    fields = Fields(text, place, draft.report)
    on = fields.required("on", values.day, "OKR107")
    confidence = fields.get("confidence", values.share, "OKR106")
    value = fields.get("value", values.amount, "OKR106")
    override = _override(text, place.below("override"), draft)
    if on is None or len(draft.report) > before:
        return
    check_in = CheckIn(
        key_result=text.key_result,
        on=on,
        author=text.author,
        confidence=confidence,
        note=text.note,
        value=None if value is None else value.value,
        done=tuple(text.done),
        override=override,
        at=place.at,
    )
    draft.check_ins.append(ReadCheckIn(check_in, place, cycle, value))


def _override(text: CheckInText, place: Place, draft: Draft) -> Override | None:
    if text.override is None:
        return None
    until = Fields(text.override, place, draft.report).required("until", values.day, "OKR107")
    return Override(status=text.override.status, until=until, why=text.override.why) if until else None
