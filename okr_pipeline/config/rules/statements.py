"""Rules 34 to 38: what people state, of key results that there are and in their words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from decimal import Decimal

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Draft, ReadCheckIn, ReadKeyResult, ReadRevision
from okr_pipeline.config.goal_values import bounds, target
from okr_pipeline.config.place import Place
from okr_pipeline.config.rules.units import written_unit
from okr_pipeline.config.schema import keys_of
from okr_pipeline.config.schema_objectives import KeyResultText
from okr_pipeline.config.values import UnfitError, amount
from okr_pipeline.config.yaml import UNREADABLE, YamlList, YamlMapping
from okr_pipeline.model.goal import Manual, Milestones
from okr_pipeline.spelling import did_you_mean, shown

CHECK_IN_COLUMNS = ("key_result", "on", "author")


def revisions_name_what_exists(draft: Draft) -> Iterator[Diagnostic]:
    """34. A revision names a key result, and a key of it."""
    keys = keys_of(KeyResultText)
    for read in draft.revisions:
        place, key = read.place.below("change"), read.key.partition(".")[0]
        if not draft.key_results.may_exist(read.key_result):
            known = list(draft.key_results)
            mend = "write `<key result>.<key>`, such as `pipeline.to`"
            yield draft.unknown("OKR206", place, read.key_result, "key result", known, mend=mend)
        elif key not in keys:
            message = f"{shown(key)} is no key of a key result" if key else "this names no key"
            mend = did_you_mean(key, keys) or "write `<key result>.<key>`, such as `pipeline.to`"
            yield place.problem("OKR101", message, mend)


def revisions_lead_to_what_is_written(draft: Draft) -> Iterator[Diagnostic]:
    """35. What the newest revision of a key changed it to stands there; of those of a day, any."""
    for newest in _newest(draft.revisions):
        read = newest[-1]
        declared, to = draft.key_results.get(read.key_result), read.place.below("to")
        if declared is None or declared.noun is None:
            continue
        place = declared.place.below(*read.key.split("."))
        now = _meant(_written_at(place))
        then = [_meant(_written_at(each.place.below("to"))) for each in newest]
        if now is None or UNREADABLE in then or (read.key == "from" and not isinstance(now, Decimal)):
            continue  # it was removed; or it is measured, and a revision lets it be measured again
        if now not in then:
            mend = f"write here what stands at {place.at}, or there what it was changed to"
            message = f"`{read.revision.change}` is written otherwise than this change left it"
            yield to.problem("OKR336", message, mend)


def check_ins_name_key_results_of_their_cycle(draft: Draft) -> Iterator[Diagnostic]:
    """36. Check-ins, and what was learned, are of key results of the cycle that their file is named after."""
    named = [(r.check_in.key_result, r.place.below("key_result"), r.cycle, False) for r in draft.check_ins]
    named += [(name, place, _cycle_of_file(place), True) for name, (_, place) in draft.learned.items()]
    for name, place, cycle, is_key in named:
        if not draft.key_results.may_exist(name):
            mend = "write `<objective>.<key result>`"
            found = draft.unknown("OKR206", place, name, "key result", draft.key_results, mend=mend)
            yield place.key_problem(found.code, found.message, found.mend) if is_key else found
            continue
        own = draft.cycle_of(name) if name in draft.key_results else None
        if own and cycle in draft.cycles and own.id != cycle:
            message = f"`{name}` belongs to `{own.id}`, this file to `{cycle}`"
            problem = place.key_problem if is_key else place.problem
            yield problem("OKR330", message, f"move it to check_ins/{own.id}.yaml")


def check_ins_fit_their_key_result(draft: Draft) -> Iterator[Diagnostic]:
    """37. A value is stated of `manual` goals, milestones are those told by hand, an override lasts."""
    for read in draft.check_ins:
        declared = draft.key_results.get(read.check_in.key_result)
        if declared is not None and declared.noun is not None:
            yield from _value_problems(read, declared.noun)
            yield from _done_problems(read, declared.noun)
        yield from _own_problems(draft, read)


def check_in_datasets_have_their_columns(draft: Draft) -> Iterator[Diagnostic]:
    """38. A dataset of check-ins has the columns that say who said it, of what and when."""
    settings = draft.settings
    if settings.text is None or settings.text.check_ins is None or settings.place is None:
        return
    name, place = settings.text.check_ins.dataset, settings.place.below("check_ins", "dataset")
    dataset = draft.datasets.get(name)
    columns = dataset.noun.columns if dataset and dataset.noun else None
    for column in CHECK_IN_COLUMNS if columns is not None else ():
        if columns is not None and column not in columns:
            mend = f"declare {', '.join(CHECK_IN_COLUMNS)} under `columns:` of the dataset"
            yield place.problem("OKR208", f"`{name}` has no column `{column}`", mend)
    for column, type_ in columns.items() if columns is not None else ():
        expected = _CHECK_IN_TYPES.get(column, ())
        if expected and type_.partition("(")[0] not in expected:
            message = f"`{column}` of `{name}` is {type_}"
            yield place.problem("OKR333", message, f"declare it as {' or '.join(expected)}")


_NUMBER = ("decimal", "integer")
_CHECK_IN_TYPES = {
    **dict.fromkeys(("key_result", "author", "note", "done"), ("string",)),
    **dict.fromkeys(("confidence", "value"), _NUMBER),
    "on": ("date",),
}


def _newest(revisions: Iterable[ReadRevision]) -> Iterator[list[ReadRevision]]:
    """Yield those of the last day of each key, unless one of its whole or its parts came after."""
    newest: dict[str, list[ReadRevision]] = {}
    for read in sorted(revisions, key=lambda read: read.revision.on):
        change = read.revision.change
        same_day = [each for each in newest.get(change, ()) if each.revision.on == read.revision.on]
        for other in [o for o in newest if f"{o}.".startswith(f"{change}.") or change.startswith(f"{o}.")]:
            del newest[other]
        newest[change] = [*same_day, read]
    yield from newest.values()


def _written_at(place: Place) -> object:
    """Return what stands at *place*; None if nothing does."""
    data = place.document.data
    for part in place.path:
        if isinstance(data, YamlMapping):
            data = data.get(str(part))
        else:
            data = data[part] if isinstance(data, YamlList) and isinstance(part, int) else None
    return data


def _meant(raw: object) -> object:
    """Return *raw* with numbers, targets and bounds as such, however they are spelt; texts without blanks."""
    if isinstance(raw, YamlMapping):
        return {key: _meant(inner) for key, inner in raw.items()}
    if isinstance(raw, YamlList):
        return [_meant(inner) for inner in raw]
    with suppress(UnfitError):
        return amount(raw).value
    with suppress(UnfitError):
        return bounds(raw)[0]
    with suppress(UnfitError):
        return target(raw)
    return "".join(raw.split()) if isinstance(raw, str) else raw


def _cycle_of_file(place: Place) -> str:
    return place.document.file.rpartition("/")[2].removesuffix(".yaml")


def _value_problems(read: ReadCheckIn, result: ReadKeyResult) -> Iterator[Diagnostic]:
    place, value, goal = read.place.below("value"), read.value, result.goal
    if value is None:
        return
    if not isinstance(goal, Manual):
        mend = "remove it; to doubt a status, write `override:`"
        yield place.key_problem("OKR329", "the value of this key result is measured, not stated", mend)
        return
    percent = goal.score or written_unit(result.numbers) == "percent"
    if goal.score and not 0 <= value.value <= 1:
        yield place.problem("OKR329", "a score lies between 0 and 1", "write 0.7 or 70%")
    elif value.percent and not percent:
        yield place.problem("OKR311", "a percentage, but this goal is none", "write a number such as 2")
    elif percent and not value.percent and abs(value.value) > 1:
        yield place.problem("OKR313", "this goal is a percentage, this number is not", "write it with %")


def _done_problems(read: ReadCheckIn, result: ReadKeyResult) -> Iterator[Diagnostic]:
    goal = result.goal
    known = {m.id: m.done for m in goal.milestones} if isinstance(goal, Milestones) else {}
    for number, name in enumerate(read.check_in.done):
        place = read.place.below("done", number)
        if name not in known:
            mend = did_you_mean(name, list(known)) or "remove it: only milestones are done by check-in"
            yield place.problem("OKR329", f"{shown(name)} is no milestone of this key result", mend)
        elif known[name] is not None:
            mend = "remove it, or declare the milestone with `done: manual`"
            yield place.problem("OKR329", f"`{name}` is done when its condition holds", mend)


def _own_problems(draft: Draft, read: ReadCheckIn) -> Iterator[Diagnostic]:
    said, place = read.check_in, read.place
    if said.override and said.override.until < said.on:
        mend = "write the last day on which it stands"
        yield place.below("override", "until").problem("OKR329", "the override ends before it begins", mend)
    stated = (said.confidence, said.value, said.override)
    if not (said.note or said.done or any(each is not None for each in stated)):
        mend = "write `confidence`, `note`, `value`, `done` or `override`"
        yield place.key_problem("OKR102", "this check-in says nothing", mend)
    declared = draft.cycles.get(read.cycle)
    cycle = declared.noun if declared else None
    if cycle and not cycle.start_on <= said.on <= cycle.end_on:
        message = f"{said.on} lies outside the cycle, {cycle.start_on} to {cycle.end_on}"
        yield place.below("on").problem("OKR319", message, "mend the day, if it is a slip", warning=True)
