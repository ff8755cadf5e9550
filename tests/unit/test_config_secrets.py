"""References to secrets are resolved at the last moment, and tell nothing but names."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import SetupError
from okr_pipeline.config.masking import masked_lines
from okr_pipeline.config.secrets import resolve


def test_variables_and_files_are_resolved_at_any_depth(tmp_path: Path) -> None:
    """Everything else stays as it is; the last line break of a file is dropped."""
    (tmp_path / "key.pem").write_text("line one\nline two\n")
    connection = {"url": "env:URL", "auth": {"keys": ["file:key.pem", "plain"]}, "timeout": 5}
    resolved = resolve(connection, environ={"URL": "sqlite://"}, base=tmp_path)
    assert {"url": "sqlite://", "auth": {"keys": ["line one\nline two", "plain"]}, "timeout": 5} == resolved


@pytest.mark.parametrize("value", [None, "", "  ", "hunter2\n", "hunter2\r\nx"])
def test_a_variable_without_a_usable_value_is_named_alone(tmp_path: Path, value: str | None) -> None:
    """A42: missing, empty or with a line break: the message holds the name and nothing of the value."""
    environ = {} if value is None else {"TOKEN": value}
    with pytest.raises(SetupError) as caught:
        resolve({"token": "env:TOKEN"}, environ=environ, base=tmp_path)
    assert "TOKEN" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfehunter2", b"hunter2" * 10_000])
def test_a_file_without_a_usable_secret_is_named_alone(tmp_path: Path, content: bytes | None) -> None:
    """A missing, empty, binary or oversized file is refused without a word of it."""
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    with pytest.raises(SetupError, match="secret file secret") as caught:
        resolve({"token": "file:secret"}, environ={}, base=tmp_path)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["env:", "env:A B", "environment", "xenv:A", "env:1A", "file:///mnt/exports"]
)
def test_what_only_looks_like_a_reference_stays_text(tmp_path: Path, text: str) -> None:
    """Only a whole `env:NAME` is a reference."""
    assert {"a": text} == resolve({"a": text}, environ={"A": "x"}, base=tmp_path)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("password: hunter2", "password: ***"),
        ("{user: a, api_key: hunter2, b: c}", "{user: a, api_key: ***"),
        ("password: env:DB_PASSWORD", "password: env:DB_PASSWORD"),
        ("{token: 'env:T', user: x}", "{token: 'env:T', user: x}"),
        ("url: mysql://a:b@c/d", "url: ***"),
        ("token_url: https://a.example:8080/x", "token_url: https://a.example:8080/x"),
        ("sortkey: abc", "sortkey: abc"),
        ("x: 0123456789abcdef0123456789abcdef", "x: ***"),
        ("y" * 301, ""),
    ],
)
def test_what_of_a_line_is_shown(line: str, shown: str) -> None:
    """A line is cut where a secret may begin; ordinary lines stay whole."""
    assert [shown] == masked_lines([line])


def test_lines_below_a_secret_key_are_masked_too() -> None:
    """A block of key material hides all of its lines, and no line after it."""
    lines = ["private_key: |", "  hunter2", "", "  hunter2", "user: a", "token:", "  hunter2", "x: y"]
    assert ["private_key: ***", "  ***", "", "  ***", "user: a", "token:", "  ***", "x: y"] == masked_lines(
        lines
    )
