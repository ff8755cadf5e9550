"""Declared changes of goals: what was, what is now, and why."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from okr_pipeline.config import values
from okr_pipeline.config.draft import Draft, ReadRevision
from okr_pipeline.config.place import Place
from okr_pipeline.config.reading import Fields
from okr_pipeline.config.schema_objectives import RevisionText
from okr_pipeline.model.people import Revision


def read_revisions(written: Sequence[RevisionText], objective: str, place: Place, draft: Draft) -> None:
    """Read the list at *place* into *draft*; *objective* is empty for a list that belongs to none."""
    for number, text in enumerate(written):
        here = place.below(number)
        fields = Fields(text, here, draft.report)
        on = fields.required("on", values.day, "OKR107")
        if on is None:
            continue
        key_result, key = _subject(text.change, objective)
        revision = Revision(
            on=on,
            change=f"{key_result}.{key}",
            was=as_written(text.from_),
            now=as_written(text.to),
            why=text.why,
            learned=text.learned,
            at=here.at,
        )
        draft.revisions.append(ReadRevision(revision, here, key_result, key))


def _subject(change: str, objective: str) -> tuple[str, str]:
    """Return key result and key of *change*: `pipeline.to` inside its objective, else with its id."""
    first, _, rest = change.partition(".")
    if objective and (first != objective or "." not in rest):
        return f"{objective}.{first}", rest
    name, _, key = rest.partition(".")
    return f"{first}.{name}", key


def as_written(value: object) -> str:
    """Return *value* as one line of YAML."""
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case Decimal():
            return f"{value:f}"
        case dict():
            return f"{{{', '.join(f'{key}: {as_written(inner)}' for key, inner in value.items())}}}"
        case list():
            return f"[{', '.join(map(as_written, value))}]"
        case _:
            return str(value)
