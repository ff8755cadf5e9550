"""The word lists that rules about wording look into: data, one file a language."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_WORD = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Words and phrases of one language, in lower case."""

    activities: tuple[str, ...]
    vanity: tuple[str, ...]
    unmeasurable: tuple[str, ...]
    stop_words: tuple[str, ...]


@cache
def english() -> Words:
    """Return the lists for English."""
    text = files("okr_pipeline.lint").joinpath("words", "en.toml").read_text(encoding="utf-8")
    return Words(**{name: tuple(words) for name, words in tomllib.loads(text).items()})


def words_of(text: str) -> list[str]:
    """Return the words of *text* in order, in lower case."""
    return [word.lower() for word in _WORD.findall(text)]


def first_of(phrases: tuple[str, ...], text: str, *, at_start: bool = False) -> str | None:
    """Return the first of *phrases* that *text* holds as whole words, or begins with; None if none."""
    said = f" {' '.join(words_of(text))} "
    for phrase in phrases:
        wanted = f" {' '.join(words_of(phrase))} "
        if said.startswith(wanted) if at_start else wanted in said:
            return phrase
    return None


def likeness(one: str, other: str, *, leaving_out: tuple[str, ...]) -> float:
    """Return the share of words that two titles have in common, 0..1; 0 when either has none."""
    left, right = (set(words_of(text)) - set(leaving_out) for text in (one, other))
    return len(left & right) / len(left | right) if left and right else 0.0
