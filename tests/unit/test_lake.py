"""What the lake keeps, and how damage to it shows: real files, real bytes flipped."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from extract_builder import SCHEMA, deals, extract_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.errors import Incomplete
from okr_pipeline.lake import ExtractDamaged, ExtractMissing, Lake, LakeError, StoredExtract


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Give a lake in a folder that does not exist yet."""
    return Lake(".okr/lake", base=tmp_path)


def files(base: Path) -> list[str]:
    return sorted(path.name for path in base.rglob("*") if path.is_file())


def store(lake: Lake, count: int = 10, **how: int) -> StoredExtract:
    return lake.store("crm.deals", extract_of(deals(count), **how))


def test_an_extract_is_one_file_named_by_its_content(lake: Lake, tmp_path: Path) -> None:
    """The folder tells source and dataset, the name what is inside; nothing else is left."""
    stored = store(lake)
    folder = tmp_path / ".okr/lake/extracts/crm/deals"
    assert folder / f"{stored.receipt.content_hash}.parquet" == stored.path
    assert stored.path == lake.path("crm.deals", stored.extract_id)
    assert [f"{stored.extract_id}.parquet"] == files(tmp_path)


def test_an_extract_reads_back_as_it_came(lake: Lake) -> None:
    """Types, nulls and values are those of the source; the receipt counts them."""
    stored = store(lake, 1000)
    read = pq.read_table(stored.path)
    assert (SCHEMA, deals(1000), 1000) == (read.schema, read, stored.receipt.rows)
    lake.verify("crm.deals", stored.extract_id)


def test_an_extract_without_rows_is_kept(lake: Lake) -> None:
    """Nothing is a fact, too, with an id of its own."""
    stored = store(lake, 0)
    assert (pq.read_table(stored.path).num_rows, pq.read_schema(stored.path)) == (0, SCHEMA)
    lake.verify("crm.deals", stored.extract_id)


def test_the_same_content_is_kept_once(lake: Lake, tmp_path: Path) -> None:
    """An unchanged full read adds no file and does not touch the first."""
    first = store(lake)
    written = first.path.stat()
    again = store(lake)
    assert (first, written) == (again, again.path.stat())
    assert [first.path.name] == files(tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20)
@given(batch_rows=st.integers(1, 50))
def test_the_cut_into_batches_does_not_count(lake: Lake, batch_rows: int) -> None:
    """However the source pages, equal rows have an equal id, and verify finds it again."""
    stored = store(lake, 40, batch_rows=batch_rows)
    assert store(lake, 40).extract_id == stored.extract_id
    lake.verify("crm.deals", stored.extract_id)


def test_small_batches_become_large_row_groups(lake: Lake) -> None:
    """Readers get groups of 131,072 rows and more, whatever the source's pages were."""
    table = pa.table({"seats": pa.array(range(300_000), pa.int64())})
    stored = lake.store("crm.deals", extract_of(table, batch_rows=1000))
    metadata = pq.read_metadata(stored.path)
    rows = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
    assert rows == [132_000, 132_000, 36_000]
    lake.verify("crm.deals", stored.extract_id)


def test_a_source_that_fails_leaves_nothing(lake: Lake, tmp_path: Path) -> None:
    """Rows came before the source broke off; no file tells of them, and the error is the source's."""
    with pytest.raises(Incomplete):
        lake.store("crm.deals", extract_of(deals(10), fails=True))
    assert files(tmp_path) == []


def test_an_extract_that_is_not_there_is_missing(lake: Lake) -> None:
    """The message names the dataset and the lake, and says what to do."""
    for ask in (lake.path, lake.verify):
        with pytest.raises(ExtractMissing, match=r"crm\.deals is not in the lake at") as told:
            ask("crm.deals", "a" * 64)
        assert "bring the file back" in told.value.mend


def test_another_extract_under_its_name_is_damage(lake: Lake) -> None:
    """A file that is whole, but of other rows, does not pass for the one that was recorded."""
    stored, other = store(lake, 10), store(lake, 11)
    stored.path.write_bytes(other.path.read_bytes())
    with pytest.raises(ExtractDamaged, match=f"its rows have the id {other.extract_id[:12]}"):
        lake.verify("crm.deals", stored.extract_id)


def test_a_flipped_byte_is_damage_or_changes_no_row(lake: Lake) -> None:
    """Anywhere in the file: verify refuses, or every row still reads back; never another error."""
    stored = store(lake, 30)
    whole = stored.path.read_bytes()
    refused = 0
    for place in range(len(whole)):
        stored.path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        try:
            lake.verify("crm.deals", stored.extract_id)
        except ExtractDamaged:
            refused += 1
        else:
            assert deals(30).equals(pq.read_table(stored.path))
    assert refused > len(whole) / 2


@pytest.mark.parametrize("keep", [0, 3, 200, -1])
def test_a_torn_file_is_damage(lake: Lake, keep: int) -> None:
    """Cut anywhere, empty included."""
    stored = store(lake)
    stored.path.write_bytes(stored.path.read_bytes()[:keep])
    with pytest.raises(ExtractDamaged, match="it cannot be read; bring the file back"):
        lake.verify("crm.deals", stored.extract_id)


@pytest.mark.parametrize("dataset", ["deals", "../x.deals", "crm./etc", "a.b.c", "crm.Deals", "crm.deals\n"])
def test_a_dataset_id_never_leaves_the_lake(lake: Lake, dataset: str) -> None:
    """What is no id is no path, whoever asks for it."""
    with pytest.raises(ValueError, match="a dataset's id is"):
        lake.path(dataset, "a" * 64)


@pytest.mark.parametrize("extract_id", ["", "../" * 20 + "etc", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_an_extract_id_never_leaves_the_lake(lake: Lake, extract_id: str) -> None:
    """An id from a forged receipt is not followed."""
    with pytest.raises(ValueError, match="an extract's id is"):
        lake.path("crm.deals", extract_id)


def test_a_lake_is_a_folder(tmp_path: Path) -> None:
    """An address of another kind is refused at once, not at the first write."""
    with pytest.raises(LakeError, match="cannot live on s3"):
        Lake("s3://bucket/lake", base=tmp_path)


def test_a_lake_may_lie_anywhere(tmp_path: Path) -> None:
    """An absolute path does not start at the project."""
    lake = Lake(str(tmp_path / "far"), base=tmp_path / "project")
    assert (tmp_path / "far") in store(lake).path.parents
