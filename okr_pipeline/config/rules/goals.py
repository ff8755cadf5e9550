"""Rules 17 to 22: goals that can be reached, by marks and steps that lie on the way, and what they weigh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Draft, Number
from okr_pipeline.config.place import Place
from okr_pipeline.model.goal import Manual, Milestones, Reach, RelativeTarget, Start, Steps

MAX_WEIGHT = 10**9


def targets_differ_from_baselines(draft: Draft) -> Iterator[Diagnostic]:
    """17. There is a way to go from baseline to target."""
    for place, read in draft.read_key_results():
        match read.goal:
            case Reach(baseline=start, target=target) as reach:
                still = isinstance(target, RelativeTarget) and _stands_still(target)
                same, here = still or absolute_target(reach) == start, place.below("to")
            case Steps(baseline=start, steps=steps):
                same, here = steps[-1][1] == start, place.below("steps", steps[-1][0].isoformat())
            case Manual(baseline=start, target=target):
                same, here = start == target, place.below("manual", "to")
            case _:
                continue
        if same:
            mend = 'to stay where you are, write `keep: ">= ..."` instead of `from` and `to`'
            yield here.problem("OKR310", "the target equals the baseline", mend)


def targets_lie_where_declared(draft: Draft) -> Iterator[Diagnostic]:
    """18. A target lies above the baseline if its direction is up, and below if it is down; so does +15%."""
    for place, reach in _reaches(draft):
        way = _way_of_target(reach)
        if reach.direction is None and way and _way_written(reach.target) == -way:
            message = f"of a negative baseline, this is a target {_side(way)} it"
            mend = "write the number to reach, or `direction:` if that is meant"
            yield place.below("to").problem("OKR322", message, mend)
        if reach.direction and way and way != _sign_of(reach.direction):
            message = f"`direction: {reach.direction}`, but the target lies {_side(way)} the baseline"
            mend = f"write a target {_side(-way)} `from`, or `direction: {'up' if way > 0 else 'down'}`"
            yield place.below("to").problem("OKR322", message, mend)


def marks_lie_on_their_side(draft: Draft) -> Iterator[Diagnostic]:
    """19. `commit` lies between baseline and target, `stretch` beyond the target."""
    for place, reach in _reaches(draft):
        marks = _marks(reach)
        way = _sign_of(reach.direction) if reach.direction else _way(marks)
        ahead = _way_of_target(reach)
        if ("to" in marks and marks.get("from") == marks["to"]) or (reach.direction and ahead == -way):
            continue
        commit, stretch = marks.get("commit"), marks.get("stretch")
        before, after = (marks.get(key) for key in ("from", "to"))
        if commit is not None and not (_precedes(before, commit, way) and _precedes(commit, after, way)):
            mend = "commit is the part you promise: less of the way than `to`"
            yield place.below("commit").problem(
                "OKR314", "`commit` does not lie between `from` and `to`", mend
            )
        elif stretch is not None and not all(_precedes(m, stretch, way) for m in (before, commit, after)):
            mend = "stretch is what you would be proud of: more of the way than `to`"
            yield place.below("stretch").problem("OKR314", "`stretch` does not lie beyond `to`", mend)


def steps_go_one_way(draft: Draft) -> Iterator[Diagnostic]:
    """20. From the baseline to the last step, no step turns back."""
    for place, read in draft.read_key_results():
        goal = read.goal
        if not isinstance(goal, Steps):
            continue
        first = goal.baseline if isinstance(goal.baseline, Decimal) else goal.steps[0][1]
        last = goal.steps[-1][1]
        way = (last > first) - (last < first)
        befores = [first, *(number for _, number in goal.steps)]
        for before, (on, after) in zip(befores, goal.steps, strict=False):
            if (after - before) * way < 0:
                mend = "write numbers that all lie on the way from `from` to the last step"
                here = place.below("steps", on.isoformat())
                yield here.problem("OKR323", "this step goes back", mend)
                break


def weights_lie_in_bounds(draft: Draft) -> Iterator[Diagnostic]:
    """21. A weight is 0 or more and below a billion: weighted sums stay exact. Not all are 0."""
    children = {o.text.contributes_to for o in draft.objectives.values() if o.text and o.text.contributes_to}
    parents = {draft.objective_id(name) for name in children}
    weights: dict[str, list[tuple[Place, Decimal]]] = {}
    for place, read in draft.read_key_results():
        weights.setdefault(read.key_result.objective, []).append((place, read.key_result.weight))
        if isinstance(read.goal, Milestones):
            inner = [(place.below("milestones", m.id), m.weight) for m in read.goal.milestones]
            yield from _weight_problems(inner, "milestones")
    for objective, declared in weights.items():
        yield from _weight_problems(declared, "" if objective in parents else "key results")


def weights_are_weighed(draft: Draft) -> Iterator[Diagnostic]:
    """22. Only a mean weighs: for `min` and `sum` a key result counts, or with 0 it does not."""
    for place, read in draft.read_key_results():
        objective = draft.objectives.get(read.key_result.objective)
        how = objective.text.roll_up if objective and objective.text else "mean"
        if how != "mean" and read.key_result.weight != 1 and 0 < read.key_result.weight < MAX_WEIGHT:
            message = f"`roll_up: {how}` does not weigh its key results"
            mend = "remove it, or write `roll_up: mean`; a weight of 0 leaves the key result out"
            yield place.below("weight").key_problem("OKR114", message, mend)


def _weight_problems(weights: list[tuple[Place, Decimal]], what: str) -> Iterator[Diagnostic]:
    for place, weight in weights:
        if not 0 <= weight < MAX_WEIGHT:
            message = f"a weight is 0 or more, and below {MAX_WEIGHT:,}"
            mend = "write 1 for an ordinary one, 2 for double"
            yield place.below("weight").problem("OKR315", message, mend)
    if what and not any(weight for _, weight in weights):
        message, mend = f"all {what} weigh nothing", "leave at least one weight above 0"
        yield weights[0][0].below("weight").problem("OKR315", message, mend)


def absolute_target(reach: Reach) -> Decimal | None:
    """Return the target as a number; None while it hangs on a baseline, or is not told."""
    if isinstance(reach.target, Decimal):
        return reach.target
    if not isinstance(reach.target, RelativeTarget) or not isinstance(reach.baseline, Decimal):
        return None
    amount = reach.target.amount
    match reach.target.how:
        case "ratio":
            return reach.baseline * (1 + amount)
        case "points":
            return reach.baseline + amount
        case "times":
            return reach.baseline * amount


def direction_of(goal: Reach | Steps | Manual) -> int:
    """Return 1 where more is better, -1 where less is; 0 where that hangs on what is not measured yet."""
    match goal:
        case Reach(direction=direction) as reach:
            return _sign_of(direction) if direction else _way(_marks(reach))
        case Steps(baseline=start, steps=steps):
            return _sign(start if isinstance(start, Decimal) else steps[0][1], steps[-1][1])
        case Manual(baseline=start, target=target):
            return _sign(start, target)


def mixed(numbers: Sequence[Number]) -> bool:
    """Whether percentages stand beside numbers that are none: they cannot be compared."""
    percents = {number.amount.percent for number in numbers if number.amount.value}
    return len(percents) > 1 and any(abs(n.amount.value) > 1 for n in numbers if not n.amount.percent)


def _reaches(draft: Draft) -> Iterator[tuple[Place, Reach]]:
    """Yield goals whose numbers can be compared: where percentages meet others, `units` says so."""
    for place, read in draft.read_key_results():
        if isinstance(read.goal, Reach) and not mixed(read.numbers):
            yield place, read.goal


def _marks(reach: Reach) -> Mapping[str, Decimal]:
    """Return the numbers of *reach* that are known, by key."""
    start: Start = reach.baseline
    known = {
        "from": start if isinstance(start, Decimal) else None,
        "commit": reach.commit,
        "to": absolute_target(reach),
        "stretch": reach.stretch,
    }
    return {key: value for key, value in known.items() if value is not None}


def _way(marks: Mapping[str, Decimal]) -> int:
    """Return 1 for up, -1 for down, from the first two marks that tell; 0 if none do."""
    for one, other in (("from", "to"), ("commit", "to"), ("from", "commit"), ("to", "stretch")):
        if one in marks and other in marks and (way := _sign(marks[one], marks[other])):
            return way
    return 0


def _way_of_target(reach: Reach) -> int:
    """Return where the target lies from the baseline; 0 where that is not known."""
    target = absolute_target(reach)
    if target is not None and isinstance(reach.baseline, Decimal):
        return _sign(reach.baseline, target)
    if isinstance(reach.target, RelativeTarget) and reach.target.how == "points":
        return _sign(Decimal(0), reach.target.amount)
    return 0


def _way_written(target: object) -> int:
    """Return where a share of a positive baseline lies from it: `+15%` and `x2` above; 0 for others."""
    match target:
        case RelativeTarget(how="ratio", amount=amount):
            return _sign(Decimal(0), amount)
        case RelativeTarget(how="times", amount=amount):
            return _sign(Decimal(1), amount)
        case _:
            return 0


def _precedes(one: Decimal | None, other: Decimal | None, way: int) -> bool:
    """Whether *other* lies further on the way than *one*, as far as that can be told."""
    if one is None or other is None:
        return True
    return _sign(one, other) == way if way else one != other


def _sign(one: Decimal, other: Decimal) -> int:
    return (other > one) - (other < one)


def _sign_of(direction: str) -> int:
    return 1 if direction == "up" else -1


def _side(way: int) -> str:
    return "above" if way > 0 else "below"


def _stands_still(target: RelativeTarget) -> bool:
    return target.amount == (1 if target.how == "times" else 0)
