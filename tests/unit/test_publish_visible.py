"""Text from people beside our own."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_pipeline.publish.visible import one_line, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("evil \u202egnp.exe", "evil ⟨U+202E⟩gnp.exe"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("\ufeffmark", "⟨U+FEFF⟩mark"),
        ("esc\x1b[2J", "esc⟨U+001B⟩[2J"),
        ("two\nlines\tand", "two lines and"),
        ("a\u200db", "a⟨U+200D⟩b"),
    ],
)
def test_hidden_characters_are_written_out(text: str, shown: str) -> None:
    """What would hide, reorder or drive a terminal is shown by its number."""
    assert visible(text) == shown


@pytest.mark.parametrize("text", ["👩‍🚀 launch", "می‌خواهم", "Größe ≥ 5 %", "目標"])
def test_honest_text_stays_as_it_is(text: str) -> None:
    """Emoji families, Persian joiners and other scripts are not touched."""
    assert visible(text) == text


@given(st.text())
def test_nothing_hidden_is_left(text: str) -> None:
    """Of all format and control characters only a joiner between two signs can remain."""
    left = {sign for sign in visible(text) if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert left <= {"\u200c", "\u200d"}


def test_a_long_text_ends_in_an_ellipsis() -> None:
    """A label keeps to its width."""
    assert one_line("Open qualified pipeline", 10) == "Open qual…"
