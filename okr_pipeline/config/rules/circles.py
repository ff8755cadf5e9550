"""Rules 39 to 42: references that never come back to where they started."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Draft
from okr_pipeline.model.metric import Change, Formula, Ratio


def metrics_do_not_contain_themselves(draft: Draft) -> Iterator[Diagnostic]:
    """39. Ratios, formulas and changes rest, in the end, on datasets."""
    parts: dict[str, list[str]] = {}
    for name, metric in draft.metrics.items():
        if isinstance(metric.noun, Ratio):
            parts[name] = [metric.noun.of, metric.noun.to]
        elif isinstance(metric.noun, Formula):
            parts[name] = list(metric.noun.inputs.values())
        elif isinstance(metric.noun, Change):
            parts[name] = [metric.noun.of]
    for circle in circles_in(parts):
        metric = draft.metrics[circle[0]]
        place = metric.place.below(type(metric.noun).__name__.lower())
        yield place.problem(
            "OKR210", f"a metric made of itself: {_path(circle)}", "rest one of them on a dataset"
        )


def objectives_do_not_answer_to_themselves(draft: Draft) -> Iterator[Diagnostic]:
    """40. supports, contributes_to and depends_on have an end each."""
    for key in ("supports", "contributes_to", "depends_on"):
        for circle in circles_in(_links(draft, key)):
            place = draft.objectives[circle[0]].place.below(key)
            yield place.key_problem(
                "OKR210", f"`{key}` runs in a circle: {_path(circle)}", "remove one of the links"
            )


def nothing_replaces_itself(draft: Draft) -> Iterator[Diagnostic]:
    """41. What replaces a retired key result or objective is, in the end, not retired for it."""
    retired = {r.key_result.id: (p, r.key_result.retired) for p, r in draft.read_key_results()}
    for name, objective in draft.objectives.items():
        if objective.noun:
            retired[name] = objective.place, objective.noun.retired
    named = {name: of.replaced_by for name, (_, of) in retired.items() if of and of.replaced_by}
    links = {name: [other if "." in name else draft.objective_id(other)] for name, other in named.items()}
    for circle in circles_in({name: others for name, others in links.items() if others != [name]}):
        place = retired[circle[0]][0].below("retired", "replaced_by")
        message = f"`replaced_by` runs in a circle: {_path(circle)}"
        yield place.problem("OKR210", message, "remove one of the links")


def cycles_are_not_their_own_parent(draft: Draft) -> Iterator[Diagnostic]:
    """42. Cycles nest."""
    parents = {name: [c.text.parent] for name, c in draft.cycles.items() if c.text and c.text.parent}
    for circle in circles_in(parents):
        place = draft.cycles[circle[0]].place.below("parent")
        yield place.problem(
            "OKR210", f"`parent` runs in a circle: {_path(circle)}", "remove one of the parents"
        )


def circles_in(links: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """
    Return one circle for each group of ids that lead back to themselves.

    Each begins and ends with its least id. Links to ids that have none of their own end there.
    """
    done: set[str] = set()
    found: list[list[str]] = []
    for start in sorted(links):
        if start not in done:
            found += _circles_from(start, links, done)
    return found


def _circles_from(start: str, links: Mapping[str, Iterable[str]], done: set[str]) -> Iterator[list[str]]:
    """Walk depth first without recursion: a chain of a thousand metrics is allowed."""
    path = {start: iter(links.get(start, ()))}
    while path:
        node = next(reversed(path))
        following = next(path[node], None)
        if following is None:
            del path[node]
            done.add(node)
        elif following in path:
            names = list(path)
            yield _from_least(names[names.index(following) :])
        elif following not in done:
            path[following] = iter(links.get(following, ()))


def _from_least(circle: list[str]) -> list[str]:
    first = circle.index(min(circle))
    turned = circle[first:] + circle[:first]
    return [*turned, turned[0]]


def _links(draft: Draft, key: str) -> dict[str, list[str]]:
    links: dict[str, list[str]] = {}
    for own, objective in draft.objectives.items():
        written = getattr(objective.text, key) if objective.text else None
        names = [written] if isinstance(written, str) else written or []
        targets = [draft.objective_id(name) for name in names]
        links[own] = [_objective_of(target, draft) for target in targets]
    return links


def _objective_of(target: str, draft: Draft) -> str:
    return target if target in draft.objectives else target.partition(".")[0]


def _path(circle: list[str]) -> str:
    return " -> ".join(circle)
