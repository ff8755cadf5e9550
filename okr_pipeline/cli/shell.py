"""What every command shares: where the project is, what time it is, and how failures leave the program."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from okr_pipeline.counts import counted as counted
from okr_pipeline.layout import CONFIG_FOLDER

if TYPE_CHECKING:
    from okr_pipeline.model.calendar import Calendar
    from okr_pipeline.publish.outbox import Published
    from okr_pipeline.run import Run
    from okr_pipeline.workspace import Workspace

DONE, FINDINGS, USAGE, FAILED, PARTLY = 0, 1, 2, 3, 4
INTERRUPTED = 130


class Okr(click.Group):
    """
    The group of all commands, and the map from what went wrong to an exit code.

    0 done, 1 findings, 2 usage or unreadable configuration, 3 a source, store or channel failed,
    4 partly published (last good values kept), 130 interrupted.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Keep the order in which one meets them."""
        return list(self.commands)

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run as a program. An interrupt ends it with 130, whatever a library made of it meanwhile."""
        run: Callable[..., Any] = super().main
        if not standalone_mode:
            return run(*args, standalone_mode=False, **extra)
        with _interrupts() as interrupted:
            try:
                sys.exit(run(*args, standalone_mode=False, **extra))
            except click.ClickException as error:
                error.show()
                sys.exit(error.exit_code)
            except BaseException:
                if not interrupted:
                    raise
                say("interrupted; nothing was half-written")
                sys.exit(INTERRUPTED)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn the failures it knows into words and an exit code."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader of our output has gone (`okr ls | head`): nothing is wrong.
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
            ctx.exit(DONE)
        except _known_failures() as error:
            ctx.exit(_told(error))


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Keep a list of the interrupts that arrive meanwhile: DuckDB turns them into errors of its own."""
    arrived: list[int] = []

    def interrupt(number: int, _: object) -> None:
        arrived.append(number)
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    # Whoever started us may have had interrupts ignored.
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    try:
        yield arrived
    finally:
        signal.signal(signal.SIGINT, before)


def say(*lines: str) -> None:
    """Talk to the person, on standard error; data alone goes to standard output."""
    for line in lines:
        click.echo(line, err=True)


def config_folder(base: str) -> Path:
    """Return the configuration's folder of the project at *base*; without one, say so and end with 2."""
    folder = Path(base) / CONFIG_FOLDER
    if not folder.is_dir():
        say(f"{Path(base).resolve()} holds no {CONFIG_FOLDER}/; name the project's folder with -C")
        raise click.exceptions.Exit(USAGE)
    return folder


def load_workspace(base: str) -> Workspace:
    """Load the project at *base* with this process's environment."""
    config_folder(base)
    from okr_pipeline.workspace import Workspace

    return Workspace.load(Path(base), environ=os.environ)


@contextmanager
def running(workspace: Workspace, as_of: str | None) -> Iterator[Run]:
    """Open a run that asks about *as_of* (as written; None: this minute) and is written down now."""
    from okr_pipeline.run import Run

    now = datetime.now(UTC)
    asked = parse_as_of(as_of, workspace.project.calendar) if as_of else now.replace(second=0, microsecond=0)
    if asked > now:
        said = f"{as_of} is not over yet" if asked - now < timedelta(days=1) else f"{as_of} is in the future"
        raise click.BadParameter(f"{said}; leave --as-of out to ask about now", param_hint="--as-of")
    with workspace.ledger() as ledger:
        yield Run(ledger=ledger, as_of=asked, recorded_at=now)


def parse_as_of(text: str, calendar: Calendar) -> datetime:
    """Return the instant that *text* means: a day at its end, a time without zone in the project's."""
    from okr_pipeline.cuts import instant_of

    try:
        return instant_of(text, calendar)
    except (ValueError, OverflowError):
        hint = "write a day (2026-10-05) or an instant (2026-10-05T09:00, 2026-10-05T07:00Z)"
        raise click.BadParameter(f"{text!r} is no day and no instant; {hint}", param_hint="--as-of") from None


def parse_day(text: str, *, option: str) -> date:
    """Return the day that *text* names; *option* is where it was written."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no day; write it as 2026-10-05", param_hint=option) from None


def _known_failures() -> tuple[type[Exception], ...]:
    """Return the errors that are the user's to mend; anything else is a bug and keeps its traceback."""
    from connectors.errors import ConnectorError
    from okr_pipeline.config import ConfigError
    from okr_pipeline.store_error import StoreError

    # OSError: a folder that may not be written, an output on a full disk.
    return ConnectorError, ConfigError, StoreError, OSError


def _told(error: BaseException) -> int:
    from okr_pipeline.config import ConfigError, render_text

    if isinstance(error, ConfigError):
        say(render_text(error.diagnostics))
        return USAGE
    if isinstance(error, OSError):
        where = "the output" if error.filename is None else error.filename
        say(f"error: {where} cannot be read or written: {error.strerror or type(error).__name__}")
        return FAILED
    say(f"error: {error}")
    return FAILED


def tell_published(published: Sequence[Published], publishers: Collection[str]) -> None:
    """Say of each rendering where it went, or why nowhere."""
    if publishers and not published:
        say("publish   nothing: readers have a later snapshot; `okr show --as-of` shows this one")
    for one in published:
        where = one.where or "left as it is: a later snapshot is there"
        say(f"publish   {one.publisher}: {where if one.failure is None else f'FAILED: {one.failure}'}")
        for note in one.notes:
            say(f"          note: {note}")
