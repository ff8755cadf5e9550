"""Add a declaration to a configuration file: its comments and order stay, and it must still load."""

from __future__ import annotations

from pathlib import Path

import yaml

from okr_pipeline import config
from okr_pipeline.config.diagnostic import ConfigError
from okr_pipeline.layout import CONFIG_FOLDER
from okr_pipeline.publish.atomic import replace_text


class CannotPlace(ValueError):
    """The file is not written in a way that a line can be added to; the message says what to write."""


def declare(base: Path, file: str, key: str, lines: list[str]) -> Path:
    """
    Append *lines* to the block under the top-level *key* of *file*, in the project at *base*.

    *lines* are indented from the block's own margin. A file or key that is not there is begun. Where the
    configuration does not load with them, the file is left as it was.

    Raises:
        CannotPlace: If what stands under *key* is written on one line.
        ConfigError: If the project has a problem with the lines added; their places count them.
    """
    root = base / CONFIG_FOLDER
    path = root / file
    before = path.read_text(encoding="utf-8") if path.exists() else None
    replace_text(root, file, with_lines(before or "", key, lines))
    checked = config.check(root)
    if checked.project is None:
        if before is None:
            path.unlink()
        else:
            replace_text(root, file, before)
        raise ConfigError(checked.diagnostics)
    return path


def with_lines(text: str, key: str, lines: list[str]) -> str:
    """Return *text* with *lines* at the end of the block under the top-level *key*."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    entries = node.value if isinstance(node, yaml.MappingNode) else []
    block = next((value for name, value in entries if name.value == key), None)
    if block is None or (isinstance(block, yaml.ScalarNode) and not block.value):
        head = [] if block is not None else [f"{key}:"]
        return "\n".join(
            [*text.rstrip("\n").split("\n"), *head, *(f"  {line}" for line in lines), ""]
        ).lstrip("\n")
    if not isinstance(block, yaml.CollectionNode) or block.flow_style:
        raise CannotPlace(f"`{key}` is written on one line; write it as a block, an entry a line")
    rows = text.split("\n")
    margin = " " * block.start_mark.column
    after = _last_line(block) + 1
    return "\n".join([*rows[:after], *(margin + line for line in lines), *rows[after:]])


def _last_line(node: yaml.Node) -> int:
    """Return the line, from 0, on which the last word of *node* stands: comments behind it do not count."""
    if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    end: yaml.Mark = node.end_mark
    return int(end.line) if end.column or node.start_mark.line == end.line else int(end.line) - 1
