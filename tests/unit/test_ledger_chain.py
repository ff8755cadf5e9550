"""What nobody can do to a ledger unseen: each fault is done for real, with a plain SQLite client."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import rfc8785

from okr_pipeline.ledger.canonical import sha256
from okr_pipeline.ledger.entry import EMPTY, ChainFault, Draft, Head
from okr_pipeline.ledger.errors import LedgerCorrupt, LedgerUnreachable
from okr_pipeline.ledger.store import Ledger

MONDAY = datetime(2026, 10, 5, 7, tzinfo=UTC)
URL = "sqlite:///ledger.db"
RULES = ("entry_is_not_updated", "entry_is_not_deleted", "entry_follows")


@pytest.fixture
def five(tmp_path: Path) -> Path:
    """Give the folder of a ledger of five entries."""
    record(tmp_path, *(f"{n}.000000000" for n in range(1, 6)))
    return tmp_path


def record(base: Path, *values: str, url: str = URL) -> None:
    drafts = [Draft("observation", "growth.pipeline", MONDAY, {"value": value}) for value in values]
    with Ledger.open(url, base=base) as ledger:
        ledger.append(drafts, recorded_at=MONDAY, run="run1")


def head(base: Path) -> Head:
    with Ledger.open(URL, base=base) as ledger:
        return ledger.head()


def faults(base: Path, *, anchor: Head | None = None) -> list[ChainFault]:
    with Ledger.open(URL, base=base) as ledger:
        return ledger.verify_chain(anchor=anchor)


def tamper(base: Path, *statements: str) -> None:
    """Do *statements* to the file as somebody would who drops the rules first."""
    with closing(sqlite3.connect(base / "ledger.db")) as connection:
        for rule in RULES:
            connection.execute(f"DROP TRIGGER {rule}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_a_whole_ledger_has_no_fault(five: Path) -> None:
    """Neither alone nor against its own head, an older head, or the head of an empty one."""
    anchors = [None, head(five), EMPTY]
    record(five, "6.0")
    assert [faults(five, anchor=anchor) for anchor in anchors] == [[], [], []]


def test_anybody_can_recompute_the_chain(five: Path) -> None:
    """The documented recipe, with the reference implementation, gives the stored hashes."""
    with closing(sqlite3.connect(five / "ledger.db")) as connection:
        rows = connection.execute("SELECT * FROM entry ORDER BY seq").fetchall()
    previous = "0" * 64
    for seq, recorded_at, run, kind, subject, valid_at, body, body_hash, told, own in rows:
        assert (previous, body_hash) == (told, sha256(body))
        fields = [seq, recorded_at, run, kind, subject, valid_at, body_hash, previous]
        assert own == sha256(rfc8785.dumps(fields).decode())
        assert body == rfc8785.dumps(json.loads(body)).decode()
        previous = own


@pytest.mark.parametrize("statement", [
    "UPDATE entry SET body = '{}' WHERE seq = 2",
    "DELETE FROM entry WHERE seq = 5",
    "DELETE FROM entry",
    "INSERT OR REPLACE INTO entry SELECT seq, recorded_at, run, kind, subject, valid_at, '{}', body_hash, "
    "previous, hash FROM entry WHERE seq = 5",
    "INSERT INTO entry SELECT 7, recorded_at, run, kind, subject, valid_at, body, body_hash, hash, hash "
    "FROM entry WHERE seq = 5",
    "INSERT INTO entry SELECT 6, recorded_at, run, kind, subject, valid_at, body, body_hash, previous, hash "
    "FROM entry WHERE seq = 5",
])  # fmt: skip
def test_the_database_itself_refuses(five: Path, statement: str) -> None:
    """An update, a delete, a replacement, a gap and a fork all fail for any client."""
    connection = sqlite3.connect(five / "ledger.db")
    with closing(connection), pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    assert faults(five) == []


def test_an_edited_body_is_named(five: Path) -> None:
    """One digit more in entry 3."""
    tamper(five, """UPDATE entry SET body = '{"value":"33.000000000"}' WHERE seq = 3""")
    assert [ChainFault(3, "its body is not the one that was recorded")] == faults(five)


def test_an_edited_body_with_its_own_hash_is_named(five: Path) -> None:
    """Whoever mends the body's hash, too, still breaks the entry's."""
    tamper(five, f"UPDATE entry SET body = '{{}}', body_hash = '{sha256('{}')}' WHERE seq = 3")
    assert [ChainFault(3, "its fields are not the ones that were recorded")] == faults(five)


@pytest.mark.parametrize("column", ["recorded_at", "run", "kind", "subject", "valid_at"])
def test_any_edited_field_is_named(five: Path, column: str) -> None:
    """Not only bodies are covered."""
    tamper(five, f"UPDATE entry SET {column} = '2026-10-05T07:00:01Z' WHERE seq = 5")
    assert [ChainFault(5, "its fields are not the ones that were recorded")] == faults(five)


def test_a_forged_entry_with_a_right_hash_is_refused(five: Path) -> None:
    """Its own hash fits, but it does not follow entry 5."""
    forged = rfc8785.dumps([6, "2026-10-05T07:00:00Z", "r", "k", "s", None, sha256("{}"), "f" * 64]).decode()
    row = f"6, '2026-10-05T07:00:00Z', 'r', 'k', 's', NULL, '{{}}', '{sha256('{}')}', '{'f' * 64}'"
    tamper(five, f"INSERT INTO entry VALUES ({row}, '{sha256(forged)}')")
    assert [ChainFault(6, "does not follow the entry before it")] == faults(five)


def test_a_missing_entry_is_named(five: Path) -> None:
    """Entries 2 and 3 are gone, 4 and 5 are right."""
    tamper(five, "DELETE FROM entry WHERE seq IN (2, 3)")
    assert [ChainFault(2, "entries 2 to 3 are missing")] == faults(five)


def test_an_entry_recorded_before_its_predecessor_is_named(five: Path) -> None:
    """A forger with a clock behind, who did everything else right."""
    before = head(five)
    fields = [6, "2026-10-05T06:00:00Z", "r", "k", "s", None, sha256("{}"), before.hash]
    row = f"6, '2026-10-05T06:00:00Z', 'r', 'k', 's', NULL, '{{}}', '{sha256('{}')}', '{before.hash}'"
    tamper(five, f"INSERT INTO entry VALUES ({row}, '{sha256(rfc8785.dumps(fields).decode())}')")
    assert [ChainFault(6, "is recorded earlier than the entry before it")] == faults(five)


def test_a_deleted_tail_is_found_with_an_anchor_alone(five: Path) -> None:
    """What is left is a whole chain: only a head that was kept outside tells."""
    anchor = head(five)
    tamper(five, "DELETE FROM entry WHERE seq > 3")
    assert faults(five) == []
    assert [ChainFault(4, "the ledger was rolled back from entry 5 to 3")] == faults(five, anchor=anchor)


def test_a_ledger_emptied_or_deleted_is_found(five: Path) -> None:
    """A new, empty file in its place is a roll-back to entry 0."""
    anchor = head(five)
    for file in five.glob("ledger.db*"):
        file.unlink()
    assert [ChainFault(1, "the ledger was rolled back from entry 5 to 0")] == faults(five, anchor=anchor)


def test_a_ledger_written_anew_is_found(five: Path) -> None:
    """Another history, hashed correctly from end to end, has another hash at the anchor."""
    anchor = head(five)
    for file in five.glob("ledger.db*"):
        file.unlink()
    record(five, "1.000000000", "2.000000000", "9.000000000", "4.000000000", "5.000000000", "6.000000000")
    assert faults(five) == []
    told = ChainFault(5, "is not the entry that was published: the ledger was rewritten")
    assert [told] == faults(five, anchor=anchor)


def test_a_field_that_is_no_text_is_named(five: Path) -> None:
    """Bytes in place of a body are a fault, not a traceback."""
    tamper(five, "UPDATE entry SET body = x'00ff' WHERE seq = 4")
    assert [ChainFault(4, "a field of it is not text")] == faults(five)


@pytest.mark.parametrize("body", ["'{\"value\"'", "x'00ff'", "CAST(x'7b22ff227d' AS TEXT)"])
def test_reading_an_unreadable_body_is_a_clear_error(five: Path, body: str) -> None:
    """Torn JSON, bytes and broken UTF-8 stop a reader with LedgerCorrupt."""
    tamper(five, f"UPDATE entry SET body = {body} WHERE seq = 4")
    with Ledger.open(URL, base=five) as ledger, pytest.raises(LedgerCorrupt, match=r"ledger\.db"):
        list(ledger.entries("observation"))


def test_a_cut_write_ahead_log_is_found_with_an_anchor(five: Path) -> None:
    """SQLite drops a torn tail in silence; the head that was published names what is missing."""
    ledger = Ledger.open(URL, base=five)
    ledger.append([Draft("observation", "a.b", None, {"value": "6"})], recorded_at=MONDAY, run="run2")
    anchor = ledger.head()
    log = (five / "ledger.db-wal").read_bytes()
    copy = five / "copy"
    copy.mkdir()
    (copy / "ledger.db").write_bytes((five / "ledger.db").read_bytes())
    (copy / "ledger.db-wal").write_bytes(log[: len(log) - 100])
    ledger.close()
    assert [ChainFault(6, "the ledger was rolled back from entry 6 to 5")] == faults(copy, anchor=anchor)


@pytest.mark.parametrize("keep", [0.9, 0.5, 0.1])
def test_a_truncated_file_is_a_clear_error_or_a_fault(tmp_path: Path, keep: float) -> None:
    """Wherever the cut falls, nobody sees a traceback and nobody sees a whole ledger."""
    record(tmp_path, *(f"{n}.0" for n in range(2000)))
    anchor = head(tmp_path)
    whole = (tmp_path / "ledger.db").read_bytes()
    (tmp_path / "ledger.db").write_bytes(whole[: int(len(whole) * keep)])
    try:
        found = faults(tmp_path, anchor=anchor)
    except LedgerCorrupt:
        found = [ChainFault(0, "cannot be opened")]
    assert found


def test_a_flipped_byte_is_told_or_changes_nothing(tmp_path: Path) -> None:
    """In tables, indexes and headers alike: no read is wrong while verify_chain finds nothing."""
    record(tmp_path, *(f"{n}.0" for n in range(100)))
    anchor = head(tmp_path)
    whole = (tmp_path / "ledger.db").read_bytes()
    told = 0
    for place in range(0, len(whole), 997):
        flipped = bytes([whole[place] ^ 0x55])
        (tmp_path / "ledger.db").write_bytes(whole[:place] + flipped + whole[place + 1 :])
        try:
            found = faults(tmp_path, anchor=anchor)
        except (LedgerCorrupt, LedgerUnreachable):
            found = [ChainFault(0, "cannot be opened")]
        told += bool(found)
        assert found or newest_value(tmp_path) == "99.0"
    assert told > 10


def newest_value(base: Path) -> object:
    with Ledger.open(URL, base=base) as ledger:
        return ledger.latest("observation")["growth.pipeline", MONDAY].body["value"]
