"""
YAML to a `Project`, or every problem in it.

`check` collects and never raises for what a user wrote; `load` is for those who need a project.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from okr_pipeline.config.build import build
from okr_pipeline.config.codes import CODES, code_table
from okr_pipeline.config.diagnostic import ConfigError, Diagnostic, render_github, render_json, render_text
from okr_pipeline.config.draft import Draft
from okr_pipeline.config.files import Files, read_files
from okr_pipeline.config.read_check_ins import read_check_ins
from okr_pipeline.config.read_metrics import read_metrics
from okr_pipeline.config.read_objectives import read_objectives
from okr_pipeline.config.read_settings import read_settings
from okr_pipeline.config.read_sources import read_source
from okr_pipeline.config.rules import RULES
from okr_pipeline.model.okr import Project

__all__ = [
    "CODES",
    "Checked",
    "ConfigError",
    "Diagnostic",
    "check",
    "code_table",
    "load",
    "read_draft",
    "recorded",
    "render_github",
    "render_json",
    "render_text",
]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a configuration came to. *project* is None if any of *diagnostics* is more than a warning."""

    project: Project | None
    diagnostics: tuple[Diagnostic, ...]


def check(root: Path) -> Checked:
    """Return the project declared under *root*, the `okr_config` folder, and all that is wrong with it."""
    with _collection_paused():
        files, draft = read_draft(root)
        for rule in RULES:
            draft.report.extend(rule(draft))
        found = tuple(sorted(dict.fromkeys(draft.report), key=Diagnostic.sort_key))
        if any(not diagnostic.warning for diagnostic in found):
            return Checked(None, found)
        return Checked(build(draft, digest=files.digest), found)


@contextmanager
def _collection_paused() -> Iterator[None]:
    """Keep the garbage collector out: everything read here is kept, and it costs a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def load(root: Path) -> Project:
    """
    Return the project declared under *root*, the `okr_config` folder.

    Raises:
        ConfigError: If anything is wrong with it; it holds every diagnostic.
    """
    checked = check(root)
    if checked.project is None:
        raise ConfigError(checked.diagnostics)
    return checked.project


def recorded(root: Path) -> Project:
    """
    Return the project that was declared under *root* when it was recorded.

    The rules and connectors of its time accepted it; those of today may be stricter, and are not asked.

    Raises:
        ConfigError: If it cannot be read any more.
    """
    with _collection_paused():
        files, draft = read_draft(root, is_recorded=True)
    try:
        return build(draft, digest=files.digest)
    except ValueError:
        raise ConfigError(tuple(draft.report)) from None


def read_draft(root: Path, *, is_recorded: bool = False) -> tuple[Files, Draft]:
    """Return all that is declared under *root*, whatever its state, before any rule was asked."""
    draft = Draft(is_recorded=is_recorded)
    files = read_files(root, draft.report)
    read_settings(files.settings, draft)
    for document in files.sources:
        read_source(document, draft)
    for document in files.metrics:
        read_metrics(document, draft)
    for document in files.objectives:
        read_objectives(document, draft)
    for document in files.check_ins:
        read_check_ins(document, draft)
    return files, draft
