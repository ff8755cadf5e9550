"""Where something lies in a JSON document: `paging.next.after`, `dimensionValues[0].value`, `["a.b"]`."""

from __future__ import annotations

import re
from typing import Any, Final

Steps = tuple[str | int, ...]

_NAME = r"""[^.\[\]"']+"""
_BRACKETS = r"""\[(?P<index>[0-9]{1,6})\]|\["(?P<double>[^"]+)"\]|\['(?P<single>[^']+)'\]"""
_FIRST = re.compile(rf"(?P<name>{_NAME})|{_BRACKETS}")
_NEXT = re.compile(rf"\.(?P<name>{_NAME})|{_BRACKETS}")


class Absent:
    """The type of ABSENT alone."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()
"""Nothing at that path: not even a null."""


def parse(text: str) -> Steps:
    """Return the steps of *text*, none for an empty one: the whole document. ValueError if it is no path."""
    steps: list[str | int] = []
    position = 0
    while position < len(text):
        found = (_NEXT if steps else _FIRST).match(text, position)
        if found is None:
            raise ValueError("expected a path such as paging.next.after or values[0].name")
        index = found["index"]
        steps.append(int(index) if index else found["name"] or found["double"] or found["single"])
        position = found.end()
    return tuple(steps)


def is_path(text: str) -> bool:
    """Return whether *text* is a path."""
    try:
        parse(text)
    except ValueError:
        return False
    return True


def find(value: Any, steps: Steps) -> Any:
    """
    Return what lies at *steps* below *value*.

    None where a step on the way is null: a missing parent makes its fields null. ABSENT where a key
    or an index is not there.
    """
    for step in steps:
        if value is None:
            return None
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else ABSENT
        else:
            value = value.get(step, ABSENT) if isinstance(value, dict) else ABSENT
        if value is ABSENT:
            return ABSENT
    return value


def replaced(document: Any, steps: Steps, value: object) -> Any:
    """
    Return *document* with *value* at *steps*, sharing what is not on the way.

    Objects on the way that are missing are made. ValueError if a step does not fit what is there.
    """
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        if not isinstance(document, list) or step >= len(document):
            raise ValueError("the body has no such place")
        return [*document[:step], replaced(document[step], rest, value), *document[step + 1 :]]
    if document is not None and not isinstance(document, dict):
        raise ValueError("the body has no such place")
    inner = document or {}
    return {**inner, step: replaced(inner.get(step), rest, value)}
