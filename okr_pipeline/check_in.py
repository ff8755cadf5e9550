"""What a person says of a key result, as a line of the project's own check-in file."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from okr_pipeline.declare import declare
from okr_pipeline.model.okr import Project
from okr_pipeline.model.people import CheckIn
from okr_pipeline.record import decimal_text


def check_in(base: Path, project: Project, said: CheckIn) -> Path:
    """
    Add *said* to the check-ins of its key result's cycle, and return the file.

    Raises:
        ConfigError: If the configuration has a problem with it; the file is left as it was.
        CannotPlace: If the file's list is not a block.
    """
    cycle = project.cycle_of(project.key_result(said.key_result)).id
    return declare(base, f"check_ins/{cycle}.yaml", "check_ins", [line_of(said)])


def line_of(said: CheckIn) -> str:
    """Return *said* as one item of a YAML list, its texts in quotes."""
    fields: dict[str, object] = {
        "on": said.on,
        "key_result": said.key_result,
        "author": said.author,
        "confidence": None if said.confidence is None else f"{decimal_text(said.confidence * 100)}%",
        "value": decimal_text(said.value),
        "done": list(said.done) or None,
        "note": _quoted(said.note),
        "override": said.override
        and {"status": said.override.status, "until": said.override.until, "why": _quoted(said.override.why)},
    }
    return f"- {_flow(fields)}"


def _flow(value: object) -> str:
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{name}: {_flow(part)}" for name, part in value.items() if part is not None)
            + "}"
        )
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    return value.isoformat() if isinstance(value, date) else str(value)


def _quoted(text: str | None) -> str | None:
    return None if text is None else json.dumps(text, ensure_ascii=False)
