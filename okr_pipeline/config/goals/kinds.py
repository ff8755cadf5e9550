"""Which keys make which kind of goal, and which of them go together."""

from __future__ import annotations

from collections.abc import Mapping

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.place import Place
from okr_pipeline.config.schema_objectives import KeyResultText

KINDS: Mapping[str, tuple[str, ...]] = {
    "keep": ("metric", "warn", "held", "settles_after"),
    "steps": ("metric", "from", "expected", "settles_after"),
    "milestones": ("expected", "settles_after"),
    "all_of": ("settles_after",),
    "manual": ("expected",),
    "find_baseline": ("metric", "settles_after"),
    "to": ("metric", "from", "direction", "commit", "stretch", "expected", "settles_after"),
}
"""The keys that name a kind of goal, with those that may stand beside them."""

GOAL_KEYS = tuple(dict.fromkeys(key for kind, beside in KINDS.items() for key in (*beside, kind)))
_ALONE = ("metric", "settles_after", "expected")


def kind_of(text: KeyResultText, place: Place, report: list[Diagnostic]) -> str | None:
    """Return the key that names the goal's kind; None, and why in *report*, if there is not one alone."""
    written = [key for key in GOAL_KEYS if getattr(text, "from_" if key == "from" else key) is not None]
    kind = next((key for key in KINDS if key in written), None)
    if kind is None:
        report.append(_without_goal([key for key in written if key not in _ALONE], place))
        return None
    extra = [key for key in written if key != kind and key not in KINDS[kind]]
    report += _too_much(kind, extra, place)
    missing = _missing(kind, written, place)
    report += missing
    return None if extra or missing else kind


def _without_goal(written: list[str], place: Place) -> Diagnostic:
    if not written:
        mend = 'write `from:` and `to:`, or `keep: "<= 2.5%"`, or another kind of goal'
        return place.key_problem("OKR102", "a key result without a goal", mend)
    if written[0] in ("warn", "held"):
        mend = 'write `keep:` with the bounds: "<= 2.5%"'
        return place.below(written[0]).key_problem("OKR114", f"`{written[0]}` without `keep`", mend)
    mend = "write `to:` with the number to reach; `to: unknown` until somebody knows it"
    return place.key_problem("OKR102", "`to` is missing", mend)


def _too_much(kind: str, extra: list[str], place: Place) -> list[Diagnostic]:
    """Return what is wrong with *extra*: another goal is one problem, keys of no use are one each."""
    others = [key for key in extra if key in (*KINDS, "from")]
    if others:
        named = sorted(others, key=lambda key: place.below(key).line)[0]
        if {kind, *others} <= {"steps", "to"}:
            mend = "remove `to`: the last step is the number to reach"
        else:
            mend = f"keep one of the two: a key result has one goal, `{kind}` or `{named}`"
        return [place.below(named).key_problem("OKR114", f"`{named}` excludes `{kind}`", mend)]
    return [
        place.below(key).key_problem("OKR114", f"`{key}` does nothing beside `{kind}`", _where(key))
        for key in extra
    ]


def _where(key: str) -> str:
    names = [f"`{name}`" for name, beside in KINDS.items() if key in beside]
    return f"remove it: it belongs to {', '.join(names)}"


def _missing(kind: str, written: list[str], place: Place) -> list[Diagnostic]:
    if "from" in KINDS[kind] and "from" not in written:
        mend = "write `from:` with a number; `from: auto` measures it on the cycle's first day"
        return [place.key_problem("OKR102", "`from` is missing", mend)]
    if kind == "find_baseline" and "metric" not in written:
        mend = "write `metric:` with what is to be learned"
        return [place.key_problem("OKR102", "`metric` is missing", mend)]
    return []
