"""Files that are replaced whole."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from okr_pipeline.publish.atomic import OutsideFolderError, path_in, replace_text

_KILLED = """
import sys, time
from pathlib import Path
from okr_pipeline.publish.atomic import replacing
with replacing(Path(sys.argv[1]), "index.html") as draft:
    draft.write_text("new" * 100_000)
    print("written", flush=True)
    time.sleep(60)
"""


def test_a_writer_killed_before_the_rename_leaves_the_old_page_whole(tmp_path: Path) -> None:
    """SIGKILL between write and rename: readers still have every byte of the page before."""
    page = replace_text(tmp_path, "index.html", "old")
    writer = subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "written\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert page.read_text() == "old"


def test_the_run_after_a_killed_writer_replaces_the_page(tmp_path: Path) -> None:
    """A draft left behind is in nobody's way."""
    (tmp_path / ".index.html.1.1.tmp").write_text("half")
    replace_text(tmp_path, "index.html", "old")
    assert replace_text(tmp_path, "index.html", "new").read_text() == "new"


def test_a_writer_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """Text that cannot be written keeps the old file and removes the draft."""
    replace_text(tmp_path, "index.html", "old")
    with pytest.raises(UnicodeEncodeError):
        replace_text(tmp_path, "index.html", "half \ud800")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"index.html": "old"}


def test_a_reader_that_has_the_old_file_open_keeps_it(tmp_path: Path) -> None:
    """Replacing never changes a file under a reader."""
    page = replace_text(tmp_path, "index.html", "old")
    with page.open() as reader:
        replace_text(tmp_path, "index.html", "new")
        assert reader.read() == "old"


@pytest.mark.parametrize("name", ["../out.html", "/etc/out.html", "sub/../../out.html", ".", "", "a\0b"])
def test_an_output_outside_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    """Neither dots, nor absolute paths, nor nothing at all lead out of the folder."""
    with pytest.raises(OutsideFolderError):
        path_in(tmp_path, name)


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    """Links are resolved before the path is judged, for a folder and for the file itself."""
    home, outside = tmp_path / "home", tmp_path / "outside"
    home.mkdir()
    outside.mkdir()
    (home / "folder").symlink_to(outside)
    (home / "page.html").symlink_to(outside / "page.html")
    for name in ("folder/page.html", "page.html"):
        with pytest.raises(OutsideFolderError):
            replace_text(home, name, "text")
    assert list(outside.iterdir()) == []


def test_a_folder_that_is_itself_a_link_is_followed(tmp_path: Path) -> None:
    """The folder was given by its owner; only what lies below it is judged."""
    (tmp_path / "real").mkdir()
    (tmp_path / "public").symlink_to(tmp_path / "real")
    replace_text(tmp_path / "public", "index.html", "page")
    assert (tmp_path / "real" / "index.html").read_text() == "page"


def test_a_published_page_can_be_read_by_others(tmp_path: Path) -> None:
    """The file has the usual rights of a new file, not those of a private temporary one."""
    usual = tmp_path / "usual"
    usual.write_text("")
    assert replace_text(tmp_path, "index.html", "page").stat().st_mode == usual.stat().st_mode
