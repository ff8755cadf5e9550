"""Goals that people have a word in: milestones, numbers without a source, and what is to be learned."""

from __future__ import annotations

from decimal import Decimal

from okr_pipeline.config import values
from okr_pipeline.config.goal_values import condition, known_amount
from okr_pipeline.config.goals.reading import Reading
from okr_pipeline.config.place import Place
from okr_pipeline.config.reading import Fields
from okr_pipeline.config.schema_objectives import ManualText, MilestoneText
from okr_pipeline.config.shape import check_id
from okr_pipeline.config.values import Amount, UnfitError
from okr_pipeline.model.goal import Bounds, Condition, FindBaseline, Manual, Milestone, Milestones


def read_milestones(reading: Reading) -> Milestones | None:
    """Return the goal of `milestones`: each with its day, and how it is told to be done."""
    written = reading.text.milestones or {}
    read = []
    for id, text in written.items():
        place = reading.place.below("milestones", id)
        check_id(id, place, written, reading.report)
        read.append(_milestone(id, text, place, reading))
    return Milestones(milestones=tuple(milestone for milestone in read if milestone))


def _milestone(id: str, text: MilestoneText, place: Place, reading: Reading) -> Milestone | None:
    fields = Fields(text, place, reading.report)
    by = fields.required("by", values.day, "OKR107")
    weight = fields.get("weight", values.amount, "OKR106")
    done = None if text.done == "manual" else _done(fields, reading)
    if by is None:
        return None
    share = Decimal(1) if weight is None else weight.value
    return Milestone(id=id, by=by, done=done, weight=share, title=text.title)


def _done(fields: Fields, reading: Reading) -> Condition | None:
    read = fields.required("done", _condition, "OKR117")
    if read is None:
        return None
    metric, inside, written = read
    place = fields.place.below("done")
    reading.conditions.append((metric, place))
    for amount in written:
        reading.noted(amount, place, metric)
    return Condition(metric=metric, bounds=inside)


def _condition(raw: object) -> tuple[str, Bounds, tuple[Amount, ...]]:
    try:
        return condition(raw)
    except UnfitError as unfit:
        raise UnfitError(unfit.message, f"{unfit.mend}; or `done: manual`, told by a check-in") from None


def read_manual(reading: Reading) -> Manual | None:
    """Return the goal of `manual`: from a number to another, or a score."""
    text = reading.text.manual
    if text is None:
        return None
    place = reading.place.below("manual")
    fields = Fields(text, place, reading.report)
    before = len(reading.report)
    fresh_for = fields.get("fresh_for", values.duration, "OKR108")
    if text.score is not None:
        _check_score(text, fields)
        return Manual(score=True, fresh_for=fresh_for) if len(reading.report) == before else None
    until_known = "write the number, or leave the key result out until it is known"
    start, aim = (
        fields.get(key, lambda raw: known_amount(raw, until_known=until_known), "OKR113")
        for key in ("from", "to")
    )
    if text.to is None:
        mend = "write `to:` with the number to reach, or `score: true`"
        reading.report.append(place.key_problem("OKR102", "`to` is missing", mend))
    if aim is None or len(reading.report) > before:
        return None
    baseline = reading.noted(start, place.below("from"), None) or Decimal(0)
    reading.noted(aim, place.below("to"), None)
    return Manual(baseline=baseline, target=aim.value, fresh_for=fresh_for)


def _check_score(text: ManualText, fields: Fields) -> None:
    """Report a `score` that is no score, and the numbers that do nothing beside one."""
    if not text.score:
        mend = "write `score: true`, or `from:` and `to:`"
        fields.report.append(fields.place.below("score").problem("OKR103", "`score` is true or absent", mend))
    for key, written in (("from", text.from_), ("to", text.to)):
        if written is not None:
            message = f"`{key}` does nothing beside `score`"
            mend = "remove it: a score runs from 0 to 1"
            fields.report.append(fields.place.below(key).key_problem("OKR114", message, mend))


def read_find_baseline(reading: Reading) -> FindBaseline | None:
    """Return the goal of `find_baseline`."""
    if reading.text.find_baseline:
        return FindBaseline()
    mend = "write `find_baseline: true`, or another goal"
    place = reading.place.below("find_baseline")
    reading.report.append(place.problem("OKR103", "`find_baseline` is true or absent", mend))
    return None
