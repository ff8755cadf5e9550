"""A dataset written into a source's file as text: comments, order and spelling of the rest stay."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from okr_pipeline.config import check
from okr_pipeline.config.yaml import YamlMapping, parse
from okr_pipeline.discovery import Declaration
from okr_pipeline.publish.atomic import replacing

_PLAIN = re.compile(r"[A-Za-z_][\w./!+-]*( [\w./!+-]+)*")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


class CannotInsert(Exception):
    """The file cannot take the dataset; the text says why and what to do. It stands as it was."""


def add_dataset(root: Path, source: str, declared: Declaration) -> tuple[Path, str]:
    """
    Write *declared* into sources/<source>.yaml below *root*; return the file and the lines that are new.

    Raises:
        CannotInsert: If the dataset is there, the file is written in a way that takes no more, or the
            project would not load afterwards.
    """
    path = next((p for p in (root / f"sources/{source}{e}" for e in (".yaml", ".yml")) if p.is_file()), None)
    if path is None:
        raise CannotInsert(f"sources/{source}.yaml is not there")
    before = path.read_bytes().decode("utf-8")
    after, lines = inserted(before, declared)
    _replace(path, after)
    checked = check(root)
    if checked.project is None:
        _replace(path, before)
        first = next(found for found in checked.diagnostics if not found.warning)
        raise CannotInsert(f"the project would not load: {first.code} {first.message}; write it by hand")
    return path, lines


def inserted(text: str, declared: Declaration) -> tuple[str, str]:
    """Return *text* with *declared* as the last of its datasets, and the lines that are new."""
    data, problems = parse(text)
    if problems or not isinstance(data, YamlMapping):
        raise CannotInsert("the file cannot be read; `okr check` says why")
    datasets = data.get("datasets")
    if isinstance(datasets, YamlMapping) and declared.name in datasets:
        raise CannotInsert(f"dataset {declared.name} is there; choose another name with --name")
    newline = "\r\n" if "\r\n" in text else "\n"
    rows = text.splitlines()
    if isinstance(datasets, YamlMapping) and datasets:
        indent, at = _after_the_last(datasets, rows)
    else:
        indent, at = 2, _opened(data, rows)
    new = list(rendered(declared, indent=indent))
    made = newline.join([*rows[:at], *new, *rows[at:]]) + newline
    _require_only(made, data, declared.name)
    return made, "\n".join(new)


def _after_the_last(datasets: YamlMapping, rows: list[str]) -> tuple[int, int]:
    """Return the indentation of the datasets' names, and the number of the line behind the last of them."""
    last = max(datasets.key_spots.values())
    indent = last.column - 1
    if rows[last.line - 1][:indent].strip():
        raise CannotInsert("`datasets` is written in one line; give each dataset a line of its own")
    end = last.line
    for number in range(last.line, len(rows)):
        stripped = rows[number].strip()
        if stripped and len(rows[number]) - len(rows[number].lstrip()) <= indent:
            break
        end = number + 1 if stripped else end
    return indent, end


def _opened(data: YamlMapping, rows: list[str]) -> int:
    """Make `datasets:` ready for its first dataset; return the number of the line behind it."""
    if "datasets" not in data:
        rows.append("datasets:")
        return len(rows)
    line = data.key_spots["datasets"].line
    opened = re.fullmatch(r"(datasets:)\s*(\{\s*\})?\s*(#.*)?", rows[line - 1])
    if opened is None:
        raise CannotInsert("`datasets` is no mapping in lines of its own")
    rows[line - 1] = "  ".join(part for part in (opened[1], opened[3]) if part)
    return line


def rendered(declared: Declaration, *, indent: int) -> Iterator[str]:
    """Yield the lines of a dataset, its name *indent* blanks in."""
    outer, inner, most = (" " * width for width in (indent, indent + 2, indent + 4))
    yield f"{outer}{declared.name}:"
    for key, value in declared.options.items():
        yield f"{inner}{key}: {_value(value)}"
    yield f"{inner}columns:"
    for name, kind in declared.columns.items():
        mark = "    # calculated: changes without a stamp" if name in declared.calculated else ""
        yield f"{most}{_value(name)}: {kind}{mark}"
    for key, value in declared.settings.items():
        yield f"{inner}{key}: {_value(value)}"
    for line in declared.advice:
        yield f"{inner}{line}"


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    if isinstance(value, str) and re.fullmatch(r"[1-9][0-9]*[smhdwy]", value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _require_only(made: str, before: YamlMapping, name: str) -> None:
    """Raise unless *made* says what *before* said, and one dataset more."""
    after, problems = parse(made)
    datasets = after.get("datasets") if isinstance(after, YamlMapping) else None
    if not problems and isinstance(after, YamlMapping) and isinstance(datasets, YamlMapping):
        others = {key: value for key, value in datasets.items() if key != name}
        rest = {key: value for key, value in after.items() if key != "datasets"}
        if others == (before.get("datasets") or {}) and rest == {
            key: value for key, value in before.items() if key != "datasets"
        }:
            return
    raise CannotInsert("the file is laid out in a way that takes no more lines; write the dataset by hand")


def _replace(path: Path, text: str) -> None:
    real = path.resolve()
    with replacing(real.parent, real.name) as draft:
        draft.write_bytes(text.encode("utf-8"))
        shutil.copymode(real, draft)
