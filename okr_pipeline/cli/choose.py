"""The option `--select`, and what it selects."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from okr_pipeline.cli.shell import FINDINGS, config_folder, say
from okr_pipeline.layout import LATEST, STATE_FOLDER

if TYPE_CHECKING:
    from okr_pipeline.model.observation import Status
    from okr_pipeline.model.okr import Project
    from okr_pipeline.model.report import Report

SELECT = click.option(
    "-s",
    "--select",
    "patterns",
    multiple=True,
    metavar="PATTERN",
    help="Only what this selects: ids, globs, owner:, source:, indicator:, status:, stale:",
)


def chosen(
    context: click.Context, project: Project, patterns: Sequence[str], *, report: Report | None = None
) -> set[str]:
    """Return the ids that *patterns* select; statuses are those of *report*, else the last published."""
    from okr_pipeline.selection import NothingSelected, selected

    def statuses() -> Mapping[str, Status]:
        read = report or last_report(context)
        return {line.id: line.status for objective in read.objectives for line in objective.key_results}

    try:
        return selected(project, patterns, statuses=statuses)
    except NothingSelected as error:
        raise click.BadParameter(str(error), param_hint="--select") from None


def last_report(context: click.Context, *, trends: Collection[str] | None = ()) -> Report:
    """Read the last published report with *trends* (None: all): one file, so that a look costs little."""
    from okr_pipeline.publish.latest import ReportFileError, read_report

    file = Path(context.obj) / STATE_FOLDER / LATEST
    try:
        return read_report(file, trends=trends)
    except FileNotFoundError:
        config_folder(context.obj)
        say("nothing was published yet; run `okr sync`")
    except ReportFileError as error:
        say(f"{file} cannot be read; run `okr page` to write it again ({type(error).__name__})")
    raise click.exceptions.Exit(FINDINGS)
