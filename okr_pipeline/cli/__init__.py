"""The command line `okr`: reads the clock and the environment, and hands both down. No logic below here."""

from __future__ import annotations

import click

from okr_pipeline import __version__
from okr_pipeline.cli.advice import lint
from okr_pipeline.cli.close import close
from okr_pipeline.cli.declare import check, doctor, init, ls, schema
from okr_pipeline.cli.discover import add, discover
from okr_pipeline.cli.prove import explain, verify
from okr_pipeline.cli.read import page, show
from okr_pipeline.cli.run import backfill, rebuild, sync
from okr_pipeline.cli.say import check_in
from okr_pipeline.cli.shell import Okr


@click.group(cls=Okr, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="okr")
@click.option(
    "-C",
    "--project",
    "base",
    default=".",
    metavar="DIR",
    help="The project: a folder that holds okr_config/.  [default: here]",
)
@click.pass_context
def main(context: click.Context, base: str) -> None:
    """Key results declared as code, wired to live data, recomputed by themselves, and provable."""
    context.obj = base


for command in (
    init,
    check,
    lint,
    ls,
    schema,
    doctor,
    discover,
    add,
    sync,
    backfill,
    rebuild,
    check_in,
    close,
    show,
    page,
    explain,
    verify,
):
    main.add_command(command)
