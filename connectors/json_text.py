"""Strict JSON: no doubled keys, no NaN, no number that hangs, and one canonical text for one value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

MAX_DEPTH = 64
MAX_DIGITS = 100
MAX_EXPONENT = 400

_EXPONENT = re.compile(r"[eE][+-]?0*([0-9]+)$")


def parse(text: str) -> Any:
    """
    Return the value of one JSON document: numbers as int or Decimal, exactly as written.

    Raises:
        ValueError: If it is not JSON, holds a key twice, NaN or Infinity, a number of more than 100
            digits or an exponent beyond 400, or nests deeper than 64. The message holds no value.
    """
    try:
        value = decoder().decode(text)
    except json.JSONDecodeError as problem:
        raise ValueError(f"not JSON at character {problem.pos + 1}") from None
    except RecursionError:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels") from None
    _limit_depth(value)
    return value


def decoder() -> json.JSONDecoder:
    """Return what decodes JSON as `parse` does; nesting is for who uses it to bound."""
    return json.JSONDecoder(
        object_pairs_hook=_distinct,
        parse_constant=_refuse_constant,
        parse_int=_integer,
        parse_float=_number,
    )


def canonical(value: Any) -> str:
    """Return JSON text with sorted keys and no spaces; numbers keep their digits. TypeError if it is none."""
    if isinstance(value, Mapping):
        members = (f"{json.dumps(key, ensure_ascii=False)}:{canonical(value[key])}" for key in sorted(value))
        return "{" + ",".join(members) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(canonical(part) for part in value) + "]"
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object holds the same key twice")
    return found


def _refuse_constant(_: str) -> Any:
    raise ValueError("NaN or Infinity, which JSON does not have")


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number of more than {MAX_DIGITS} digits")
    return int(text)


def _number(text: str) -> Decimal:
    exponent = _EXPONENT.search(text)
    if len(text) > MAX_DIGITS or (exponent and len(exponent[1]) > len(str(MAX_EXPONENT))):
        raise ValueError(f"a number of more than {MAX_DIGITS} digits or with a huge exponent")
    if exponent and int(exponent[1]) > MAX_EXPONENT:
        raise ValueError(f"a number with an exponent beyond {MAX_EXPONENT}")
    return Decimal(text)


def _limit_depth(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
        level = [part for outer in level for part in _parts(outer)]


def _parts(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [part for part in inner if isinstance(part, (dict, list))]
