"""Extract and registry: what the caller may rely on without knowing the source."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pyarrow as pa
import pytest

from connectors import registry
from connectors.column_type import arrow_schema
from connectors.contract import BATCH_ROWS, Extract, ExtractRequest
from connectors.errors import SetupError
from connectors.files import FilesConnector
from connectors.files.options import FilesDataset
from connectors.window import within

SCHEMA = arrow_schema({"n": "integer"})


def request(**changes: str) -> ExtractRequest:
    return ExtractRequest(
        dataset="d",
        columns={"n": "integer"},
        options=FilesDataset(path="none"),
        cursor="n",
        **changes,  # type: ignore[arg-type]
    )


def extract(*sizes: int, **changes: str) -> Extract:
    def batches() -> Generator[pa.RecordBatch]:
        start = 0
        for size in sizes:
            yield pa.record_batch([pa.array(range(start, start + size))], schema=SCHEMA)
            start += size

    made = request(**changes)
    return Extract(made, SCHEMA, within(batches(), made), lambda: {"complete": "yes", "origin": "memory"})


def test_large_batches_are_cut_and_empty_ones_dropped() -> None:
    """A connector may give batches of any size; the caller gets 1 to 65,536 rows."""
    assert [b.num_rows for b in extract(BATCH_ROWS + 1, 0, 5)] == [BATCH_ROWS, 1, 5]


def test_an_extract_is_read_once() -> None:
    """A second pass over the same extract is refused: it would be empty."""
    read = extract(1)
    list(read)
    with pytest.raises(RuntimeError):
        iter(read)


def test_receipt_needs_the_last_batch() -> None:
    """The receipt exists when the last batch was taken, not before."""
    read = extract(1, 1)
    batches = iter(read)
    next(batches)
    with pytest.raises(RuntimeError):
        read.receipt()
    list(batches)
    assert read.receipt().rows == 2


def test_window_cuts_exactly() -> None:
    """since is inside the window and until is not, whatever the connector let through."""
    read = extract(4, 6, since="3", until="8")
    assert [n for batch in read for n in batch.column("n").to_pylist()] == [3, 4, 5, 6, 7]
    assert (read.receipt().cursor_from, read.receipt().cursor_to) == ("3", "7")


@pytest.mark.parametrize("since", ["2026-01-01", "3.5", "", "NaN", "1e3"])
def test_window_is_canonical_text(since: str) -> None:
    """A bound that is not written as the cursor's type is refused."""
    with pytest.raises(SetupError):
        list(extract(1, since=since))


def test_unknown_kind_is_a_setup_error() -> None:
    """A kind that nobody registered names those that exist."""
    with pytest.raises(SetupError, match=r"expected one of files, .*sql"):
        registry.model_of("salesforces")


@pytest.mark.parametrize("text", ["1 +", "", "raise ImportError", "class Connector: kind = 'broken'"])
def test_a_package_that_offers_no_connector_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Somebody's package that cannot be imported, or offers something else, is told by its entry."""
    (tmp_path / "okr_broken.py").write_text(text)
    (tmp_path / "okr_broken-1.dist-info").mkdir()
    entry = "[okr_pipeline.connectors]\nbroken = okr_broken:Connector\n"
    (tmp_path / "okr_broken-1.dist-info/entry_points.txt").write_text(entry)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "okr_broken", raising=False)
    with pytest.raises(SetupError, match=r"connector broken \(okr_broken:Connector\)"):
        registry.model_of("broken")


def test_wrong_connection_is_named_without_its_values(tmp_path: Path) -> None:
    """A connection that its model refuses is told by field; what was written stays unseen."""
    with pytest.raises(SetupError) as caught:
        registry.connect("sql", {"url": "postgresql://u:hunter2@h/d", "timeout": "hunter2"}, base=tmp_path)
    assert "timeout" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_models_are_cheap() -> None:
    """Asking for the models of every kind imports no client library."""
    heavy = "{'pyarrow', 'pandas', 'sqlalchemy', 'openpyxl', 'psycopg', 'sqlglot', 'duckdb', 'dagster'}"
    code = (
        "import sys\nfrom connectors import registry\n"
        "[registry.model_of(kind) for kind in registry.kinds()]\n"
        f"print(sorted({heavy} & sys.modules.keys()))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path.cwd(), check=True
    )
    assert ran.stdout.strip() == "[]"


def test_constructing_reads_nothing(tmp_path: Path) -> None:
    """A connector can be made for a root that does not exist yet."""
    made = registry.connect("files", {"root": "nowhere"}, base=tmp_path)
    assert isinstance(made, FilesConnector)
