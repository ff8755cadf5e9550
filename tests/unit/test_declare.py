"""Lines added to YAML files: at the end of their block, whatever stands around it."""

from __future__ import annotations

import pytest
import yaml

from okr_pipeline.declare import CannotPlace, with_lines

LINE = "- {on: 2026-11-09, note: new}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "check_ins:\n  - NEW\n"),
        ("# ours\n", "# ours\ncheck_ins:\n  - NEW\n"),
        ("check_ins:\n", "check_ins:\n  - NEW\n"),
        ("check_ins:\n  - a\n", "check_ins:\n  - a\n  - NEW\n"),
        ("check_ins:\n- a", "check_ins:\n- a\n- NEW"),
        ("check_ins:\n  - a  # first\n\nx: {}\n", "check_ins:\n  - a  # first\n  - NEW\n\nx: {}\n"),
        ("check_ins:\n - b: >\n    c\n    d\n# e\n", "check_ins:\n - b: >\n    c\n    d\n - NEW\n# e\n"),
        ("check_ins:\n  - {a: 1,\n   b: 2}\nx: y\n", "check_ins:\n  - {a: 1,\n   b: 2}\n  - NEW\nx: y\n"),
        ("learned:\n  a: b\n", "learned:\n  a: b\ncheck_ins:\n  - NEW\n"),
    ],
)  # fmt: skip
def test_a_line_goes_to_the_end_of_its_block(before: str, after: str) -> None:
    """Comments, order and margins of the file stay; a block that is not there is begun."""
    assert after == with_lines(before, "check_ins", ["- NEW"])


def test_nothing_else_changes() -> None:
    """Read as YAML, the list has one more item and everything else is equal."""
    before = "check_ins:\n  - {on: 2026-11-01, note: old}\nlearned:\n  a: b\n"
    found = yaml.safe_load(with_lines(before, "check_ins", [LINE]))
    expected = yaml.safe_load(before)
    expected["check_ins"].append(yaml.safe_load(LINE)[0])
    assert expected == found


def test_a_list_on_one_line_is_refused() -> None:
    """What cannot be added to without writing it anew is left alone, with a word on what to write."""
    with pytest.raises(CannotPlace, match="block"):
        with_lines("check_ins: [{on: 2026-11-01}]\n", "check_ins", [LINE])
