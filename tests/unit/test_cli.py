"""The command line: what goes wrong ends in words and an exit code, never in a traceback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result
from project_builder import DEALS, NOON, ProjectFolder, day

from okr_pipeline.cli import main
from okr_pipeline.ledger.entry import Head

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tiny(tmp_path: Path) -> ProjectFolder:
    """A project with a page, synced on day 10."""
    folder = ProjectFolder(tmp_path)
    folder.okr["publish"] = {"page": {"to": "public/"}}
    folder.sync_at(NOON)
    return folder


def okr(folder: ProjectFolder, *words: str) -> Result:
    """Run `okr` on *folder*; what it does not catch is raised here."""
    return CliRunner().invoke(main, ["-C", str(folder.root), *words], catch_exceptions=False)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("explain", "grow.wom"), 2, "did you mean `grow.won`"),
        (("show", "grow.wom"), 2, "did you mean grow.won"),
        (("explain", "grow.won", "--as-of", "2026-01-01"), 1, "no snapshot at or before 2026-01-01"),
        (("sync", "--as-of", "2999-01-01"), 2, "in the future"),
        (("backfill", "--since", "2999-01-01"), 2, "after the time that is asked about"),
        (("backfill", "--since", "monday"), 2, "write it as 2026-10-05"),
        (("verify", "--head", "yesterday"), 2, "is no ledger head"),
        (("init", "--on", "2026-10-05", "elsewhere"), 2, "--on goes with --demo"),
        (("init", "--demo", "--on", "monday", "elsewhere"), 2, "write it as 2026-10-05"),
    ],
)
def test_a_wrong_argument_is_told_with_what_is_right(
    tiny: ProjectFolder, words: tuple[str, ...], code: int, said: str
) -> None:
    """Nothing is read or written for it, and the exit code says whose turn it is."""
    before = tiny.head()
    told = okr(tiny, *words)
    assert (code, before) == (told.exit_code, tiny.head())
    assert said in told.stderr


@pytest.mark.parametrize(
    ("published", "file"),
    [
        ({"tables": {"to": "public/", "formats": ["csv"]}}, "manifest.json"),
        ({"page": {"to": "public/"}}, "index.html"),
    ],
)
def test_a_whole_state_folder_from_an_old_copy_is_noticed(
    tmp_path: Path, published: dict[str, object], file: str
) -> None:
    """Its own report comes back with it; what was published elsewhere still names the entry that is gone."""
    folder = ProjectFolder(tmp_path / "project")
    folder.okr["publish"] = published
    rolled_back(folder)
    proved, synced = okr(folder, "verify"), okr(folder, "sync", "--as-of", "2026-08-11")
    assert (1, True) == (proved.exit_code, "it was rolled back from entry" in proved.stdout)
    assert (3, True) == (synced.exit_code, f"{file} and run `okr page`" in synced.stderr)


def test_a_head_that_was_noted_elsewhere_is_held_against_the_ledger(tmp_path: Path) -> None:
    """With nothing published, a state folder from an old copy looked whole."""
    folder = ProjectFolder(tmp_path / "project")
    head = rolled_back(folder)
    assert 0 == okr(folder, "verify").exit_code
    for noted in (f"{head.seq}:{head.hash}", head.hash[:12]):
        told = okr(folder, "verify", "--head", noted)
        assert (1, True) == (told.exit_code, "the ledger once held" in told.stdout)
    kept = okr(folder, "verify").stdout.splitlines()[-1].removeprefix("head ")
    assert [0, 0] == [okr(folder, "verify", "--head", one).exit_code for one in (kept, kept.split(":")[1])]


def rolled_back(folder: ProjectFolder) -> Head:
    """Sync twice, bring back the whole state folder from in between, and return the head that is lost."""
    folder.sync_at(day(9))
    old = folder.root.with_name("old")
    shutil.copytree(folder.root / ".okr", old)
    folder.sync_at(day(10))
    lost = folder.head()
    shutil.rmtree(folder.root / ".okr")
    shutil.copytree(old, folder.root / ".okr")
    return lost


def test_a_folder_without_a_project_is_named(tmp_path: Path) -> None:
    """`show` once asked for a sync of a project that is not there."""
    told = okr(ProjectFolder(tmp_path), "show")
    assert (2, f"{tmp_path} holds no okr_config/; name the project's folder with -C\n") == (
        told.exit_code,
        told.stderr,
    )


@pytest.mark.parametrize("command", ["check", "ls", "sync", "schema", "verify"])
def test_every_command_names_the_folder_without_a_project(tmp_path: Path, command: str) -> None:
    """`check` once named line 1 of a file that is not there."""
    told = okr(ProjectFolder(tmp_path), command)
    assert (2, "", True) == (told.exit_code, told.stdout, "holds no okr_config/" in told.stderr)


def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    """A file is in the way of the new project."""
    (tmp_path / "file").write_text("")
    told = CliRunner().invoke(main, ["init", str(tmp_path / "file")], catch_exceptions=False)
    assert (3, 1) == (told.exit_code, len(told.stderr.splitlines()))


def test_a_warehouse_of_another_version_asks_for_a_rebuild(tiny: ProjectFolder) -> None:
    """Its tables have other names, which DuckDB tells in words of its own."""
    with duckdb.connect(str(tiny.workspace().warehouse)) as connection:
        connection.execute('ALTER TABLE landing."crm.deals" RENAME TO crm_deals')
    for words in (("explain", "grow.won"), ("explain", "grow.won", "--rows", "2")):
        told = okr(tiny, *words)
        assert (3, True) == (told.exit_code, "run `okr rebuild`" in told.stderr)
    assert 0 == okr(tiny, "rebuild").exit_code
    assert 0 == okr(tiny, "explain", "grow.won", "--rows", "2").exit_code


def test_verify_finds_a_published_number_that_was_changed(tiny: ProjectFolder) -> None:
    """The file that `okr show` reads is held against the ledger."""
    assert 0 == okr(tiny, "verify").exit_code
    latest = tiny.root / ".okr/latest.json"
    latest.write_text(latest.read_text().replace('"value":"450.4', '"value":"950.4'))
    told = okr(tiny, "verify")
    assert (1, True) == (told.exit_code, "latest.json does not say what the ledger recorded" in told.stdout)
    okr(tiny, "page")
    assert 0 == okr(tiny, "verify").exit_code


def test_a_damaged_witness_is_a_fault(tiny: ProjectFolder) -> None:
    """Without it a ledger that lost its tail looks whole."""
    (tiny.root / ".okr/latest.json").write_text("{")
    told = okr(tiny, "verify")
    assert (1, True) == (told.exit_code, "latest.json cannot be read" in told.stdout)


def test_a_ledger_brought_back_from_an_old_copy_publishes_nothing(tiny: ProjectFolder) -> None:
    """What readers have stays, the run says why, and the way out works."""
    copy = (tiny.root / ".okr/ledger.db").read_bytes()
    tiny.sync_at(day(11))
    page = (tiny.root / "public/index.html").read_bytes()
    for file in (tiny.root / ".okr").glob("ledger.db*"):
        file.unlink()
    (tiny.root / ".okr/ledger.db").write_bytes(copy)
    told = okr(tiny, "page")
    assert (3, True) == (told.exit_code, "is not in this ledger" in told.stderr)
    assert page == (tiny.root / "public/index.html").read_bytes()
    for file in (".okr/latest.json", "public/index.html"):
        assert file in told.stderr
        (tiny.root / file).unlink()
    assert 0 == okr(tiny, "page").exit_code


def test_a_report_that_cannot_be_written_is_a_failure_in_words(tiny: ProjectFolder) -> None:
    """A folder lies where the file should; the page is published all the same."""
    latest = tiny.root / ".okr/latest.json"
    latest.unlink()
    (latest / "in the way").mkdir(parents=True)
    (tiny.root / "public/index.html").unlink()
    told = okr(tiny, "page")
    assert (3, True) == (told.exit_code, f"{latest} cannot be written" in told.stderr)
    assert (tiny.root / "public/index.html").exists()


def test_two_projects_cannot_share_a_ledger(
    tiny: ProjectFolder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Loads and numbers go by ids alone: one would take the other's watermarks and history for its own."""
    other = ProjectFolder(tmp_path_factory.mktemp("other"))
    other.okr |= {"project": "other", "store": {"ledger": f"sqlite:///{tiny.root}/.okr/ledger.db"}}
    other.write()
    told = okr(other, "sync")
    assert (3, True) == (
        told.exit_code,
        "is the one of project tiny, and this is project other" in told.stderr,
    )


def test_a_number_that_cannot_be_is_told_with_its_reason(tiny: ProjectFolder) -> None:
    """A division by zero once looked like a key result that nobody had measured."""
    tiny.metrics["crm"]["won"]["value"] = "sum(amount) / sum(amount - amount)"
    tiny.write()
    told = okr(tiny, "sync", "--as-of", "2026-08-11")
    assert "measure   key_result=grow.won has no number: denominator is zero" in told.stderr
    assert "has no number yet" in told.stdout


def test_a_backfill_without_rows_names_the_full_read_below_it(tiny: ProjectFolder) -> None:
    """`explain` once said that a number of several rows rests on a read of 0 rows."""
    tiny.dataset["cursor"] = "closed_on"
    tiny.sync_at(day(11))
    tiny.csv("crm/deals", DEALS[:1])
    assert 0 == okr(tiny, "backfill", "--since", "2026-08-10", "--as-of", "2026-08-12").exit_code
    told = okr(tiny, "explain", "grow.won").stdout
    assert "backfill, 0 rows, " in told
    assert "on top of the full read of 10 Aug 2026 12:00 CEST, 4 rows, and what was read since" in told


def test_json_writes_no_exponents(tiny: ProjectFolder) -> None:
    """A zero of nine places is 0.000000000, for readers without a decimal type of their own."""
    assert "0E-9" not in okr(tiny, "show", "--json").stdout


@pytest.mark.parametrize("command", ["show", "ls", "explain grow.won"])
def test_a_reader_who_leaves_early_is_no_failure(tiny: ProjectFolder, command: str) -> None:
    """`okr show | head -1` ends with 0 and without a word."""
    reading, writing = os.pipe()
    os.close(reading)
    ran = run(tiny, *command.split(), stdout=writing)
    os.close(writing)
    assert (0, b"") == (ran.returncode, ran.stderr.lstrip())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full device")
def test_an_output_on_a_full_disk_is_told_in_words(tiny: ProjectFolder) -> None:
    """Standard output may be a file."""
    with Path("/dev/full").open("wb") as full:
        ran = run(tiny, "show", stdout=full.fileno())
    assert (3, False) == (ran.returncode, b"Traceback" in ran.stderr)


@pytest.mark.parametrize("after_s", [0.8, 1.2, 1.6])
def test_an_interrupted_proof_ends_with_130(tiny: ProjectFolder, after_s: float) -> None:
    """DuckDB once turned Ctrl-C into an error of its own."""
    with subprocess.Popen(command(tiny, "verify"), stderr=subprocess.PIPE, cwd=ROOT) as process:
        time.sleep(after_s)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
    # A shell reports a process that SIGINT ended as 130, too.
    assert process.returncode in {0, 130, -signal.SIGINT}
    assert b"Traceback" not in told


@pytest.mark.parametrize(
    "becomes", ["KeyboardInterrupt", "click.Abort", "ValueError('of a library')", "SystemExit(1)"]
)
def test_an_interrupt_ends_with_130_whatever_became_of_it(becomes: str) -> None:
    """click made an abortion with code 1 of one that came outside of a command, DuckDB an invalid input."""
    code = f"""
import click, os, signal
from okr_pipeline.cli import main
@main.command()
def wait():
    try: os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt: raise {becomes}
main(["wait"])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (130, "interrupted; nothing was half-written\n") == (ran.returncode, ran.stderr.lstrip())


def run(folder: ProjectFolder, *words: str, stdout: int) -> subprocess.CompletedProcess[bytes]:
    """Run `okr` as a process of its own."""
    return subprocess.run(
        command(folder, *words), stdout=stdout, stderr=subprocess.PIPE, cwd=ROOT, check=False
    )


def command(folder: ProjectFolder, *words: str) -> list[str]:
    """Return the command line of `okr` on *folder*."""
    return [sys.executable, "-c", "from okr_pipeline.cli import main; main()", "-C", str(folder.root), *words]
