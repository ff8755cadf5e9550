"""What the ledger keeps, and how it is read as it was known at any instant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Receipt, Reject
from okr_pipeline.ledger.entry import EMPTY, Draft, Entry, Head
from okr_pipeline.ledger.instant import instant_from, instant_text
from okr_pipeline.ledger.receipt import receipt_body, receipt_from
from okr_pipeline.ledger.store import Ledger

MONDAY = datetime(2026, 10, 5, 7, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Give an empty ledger in a folder that does not exist yet."""
    with Ledger.open("sqlite:///.okr/ledger.db", base=tmp_path) as opened:
        yield opened


def observed(value: str, *, subject: str = "growth.pipeline", valid_at: datetime | None = MONDAY) -> Draft:
    return Draft("observation", subject, valid_at, {"value": value})


def say(ledger: Ledger, *drafts: Draft, at: datetime = MONDAY, run: str = "run1") -> list[Entry]:
    return ledger.append(drafts, recorded_at=at, run=run)


def test_an_empty_ledger_has_the_empty_head(ledger: Ledger) -> None:
    """Nothing recorded is seq 0 and 64 zeros."""
    assert Head(0, "0" * 64) == EMPTY == ledger.head()


def test_an_entry_reads_back_as_it_was_appended(ledger: Ledger) -> None:
    """append returns what a later read returns."""
    body = {"value": "0.380000000", "loads": {"crm.deals": 17}, "path": [True, None, "é\x00\U0001f600"]}
    appended = say(ledger, Draft("observation", "growth.pipeline", MONDAY, body), run="run7")
    assert appended == list(ledger.entries("observation"))
    assert ("run7", MONDAY, MONDAY, body) == (
        appended[0].run,
        appended[0].valid_at,
        appended[0].recorded_at,
        appended[0].body,
    )


def test_seq_counts_from_one_without_gaps(ledger: Ledger) -> None:
    """Batches follow one another, and each entry names the hash before it."""
    entries = say(ledger, observed("1"), observed("2")) + say(ledger, observed("3"))
    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert [EMPTY.hash, *(entry.hash for entry in entries)][:3] == [entry.previous for entry in entries]
    assert Head(3, entries[-1].hash) == ledger.head()


def test_a_ledger_goes_on_after_it_was_closed(tmp_path: Path) -> None:
    """Opening again finds the same entries, and the chain goes on."""
    url = "sqlite:///ledger.db"
    with Ledger.open(url, base=tmp_path) as first:
        before = say(first, observed("1"))
    with Ledger.open(url, base=tmp_path) as again:
        assert before == list(again.entries("observation"))
        assert before[0].hash == say(again, observed("2"))[0].previous


def test_no_drafts_append_nothing(ledger: Ledger) -> None:
    """A run without news leaves the head where it was."""
    assert say(ledger) == []
    assert ledger.head() == EMPTY


def test_a_batch_with_one_bad_body_is_refused_whole(ledger: Ledger) -> None:
    """A float in the last body keeps the first from being recorded."""
    with pytest.raises(TypeError, match="float"):
        say(ledger, observed("1"), Draft("observation", "a.b", None, {"value": 0.5}))
    assert ledger.head() == EMPTY


@pytest.mark.parametrize("field", ["recorded_at", "valid_at"])
def test_an_instant_without_a_zone_is_refused(ledger: Ledger, field: str) -> None:
    """It would mean another instant on another machine; on an empty ledger and on a full one."""
    naive = MONDAY.replace(tzinfo=None)
    draft = observed("1", valid_at=naive if field == "valid_at" else MONDAY)
    for seq in (0, 1):
        with pytest.raises(ValueError, match="needs a time zone"):
            say(ledger, draft, at=naive if field == "recorded_at" else MONDAY)
        assert ledger.head().seq == seq
        say(ledger, observed("1"))


def test_a_clock_that_jumped_back_keeps_the_last_instant(ledger: Ledger) -> None:
    """recorded_at never runs backwards along seq."""
    say(ledger, observed("1"), at=MONDAY)
    [late] = say(ledger, observed("2"), at=MONDAY - timedelta(hours=2))
    [later] = say(ledger, observed("3"), at=MONDAY + SECOND)
    assert [late.recorded_at, later.recorded_at] == [MONDAY, MONDAY + SECOND]


def test_entries_are_told_apart_by_kind_subject_and_place(ledger: Ledger) -> None:
    """entries yields what was asked for alone, in seq order."""
    say(ledger, observed("1"), observed("2", subject="a.b"), Draft("run", "r", None, {}), observed("3"))
    seqs = [[entry.seq for entry in found] for found in (
        ledger.entries("observation"),
        ledger.entries("observation", subject="growth.pipeline"),
        ledger.entries("observation", after_seq=1),
        ledger.entries("load"),
    )]  # fmt: skip
    assert seqs == [[1, 2, 4], [1, 4], [2, 4], []]


def test_entries_may_be_appended_to_while_they_are_read(ledger: Ledger) -> None:
    """A reader sees the state it began with, and keeps no writer waiting."""
    say(ledger, *(observed(str(n)) for n in range(2500)))
    read = 0
    for _ in ledger.entries("observation"):
        if read in (0, 2000):
            say(ledger, observed("more"))
        read += 1
    assert (read, ledger.head().seq) == (2500, 2502)


def test_last_is_the_newest_of_its_subject(ledger: Ledger) -> None:
    """None means that nothing was ever said."""
    say(ledger, observed("1"), observed("2", subject="a.b"))
    found = [ledger.last("observation", subject=subject) for subject in (None, "growth.pipeline", "c.d")]
    assert [entry and entry.seq for entry in found] == [2, 1, None]


def test_latest_takes_the_correction(ledger: Ledger) -> None:
    """For each subject and valid instant the highest seq counts; entries without one are left out."""
    say(ledger, observed("1"), observed("2", valid_at=TUESDAY), observed("3"), observed("x", valid_at=None))
    found = ledger.latest("observation")
    assert {key: entry.body["value"] for key, entry in found.items()} == {
        ("growth.pipeline", MONDAY): "3",
        ("growth.pipeline", TUESDAY): "2",
    }


@pytest.mark.parametrize(
    ("known_at", "expected"),
    [
        (-TICK, None),
        (0 * TICK, "1"),
        (SECOND / 2 - TICK, "1"),
        (SECOND / 2, "2"),
        (SECOND, "3"),
        (2 * SECOND, "3"),
    ],
)
def test_latest_as_it_was_known(ledger: Ledger, known_at: timedelta, expected: str | None) -> None:
    """Before, at and after each correction, within one second too, the answer is what was known then."""
    for value, after in (("1", 0 * TICK), ("2", SECOND / 2), ("3", SECOND)):
        say(ledger, observed(value), at=MONDAY + after)
    known = MONDAY + known_at
    entry = ledger.latest("observation", known_at=known).get(("growth.pipeline", MONDAY))
    last = ledger.last("observation", known_at=known)
    assert (expected, expected) == (entry and entry.body["value"], last and last.body["value"])
    assert int(expected or 0) == len(list(ledger.entries("observation", known_at=known)))


def test_latest_bounds_are_inside(ledger: Ledger) -> None:
    """valid_from and valid_to count themselves, to the microsecond."""
    instants = [MONDAY - TICK, MONDAY, MONDAY + TICK, MONDAY + SECOND, MONDAY + SECOND + TICK]
    say(ledger, *(observed("1", valid_at=instant) for instant in instants))
    found = ledger.latest("observation", valid_from=MONDAY, valid_to=MONDAY + SECOND)
    assert instants[1:4] == [valid_at for _, valid_at in found]
    assert [at for _, at in ledger.latest("observation", valid_from=MONDAY, valid_to=MONDAY)] == [MONDAY]


@pytest.mark.parametrize(("before_seq", "expected"), [(1, []), (2, ["1"]), (3, ["2"]), (None, ["2"])])
def test_latest_before_a_place(ledger: Ledger, before_seq: int | None, expected: list[str]) -> None:
    """One instant may record several batches: the place tells what the earlier one could know."""
    say(ledger, observed("1"))
    say(ledger, observed("2"))
    found = ledger.latest("observation", before_seq=before_seq)
    assert [entry.body["value"] for entry in found.values()] == expected


def test_latest_of_one_subject(ledger: Ledger) -> None:
    """Another subject's entries do not count."""
    say(ledger, observed("1"), observed("2", subject="a.b"))
    assert list(ledger.latest("observation", subject="a.b")) == [("a.b", MONDAY)]


def test_by_seq_gives_what_is_there(ledger: Ledger) -> None:
    """Any number of seqs may be asked for; one that is not there is left out."""
    say(ledger, *(observed(str(n)) for n in range(2500)))
    found = ledger.by_seq([2500, 3, 3, 9999, *range(1000, 2400)])
    assert [3, *range(1000, 2400), 2500] == list(found)
    assert found[3].body["value"] == "2"


def test_instants_are_written_in_utc_with_z() -> None:
    """Microseconds appear only when they are not zero, and a zone is turned into UTC."""
    berlin = timezone(timedelta(hours=2))
    assert instant_text(datetime(2026, 10, 5, 9, tzinfo=berlin)) == "2026-10-05T07:00:00Z"
    assert instant_text(MONDAY + TICK) == "2026-10-05T07:00:00.000001Z"


@given(at=st.datetimes(timezones=st.just(UTC)))
def test_an_instant_reads_back(at: datetime) -> None:
    """Text and instant are one to one."""
    assert at == instant_from(instant_text(at))


def test_a_receipt_reads_back_from_the_ledger(ledger: Ledger) -> None:
    """Nothing of a receipt is lost on its way through a body."""
    receipt = Receipt(
        dataset="crm.deals", mode="full", rows=3, bytes=90, content_hash="a" * 64, complete="yes",
        origin="deals.csv", cursor_to="2026-10-05", source_schema={"id": "text"}, request_ids=("r1",),
        server_time_at=MONDAY, warnings=("one",), reject_count=1, libraries={"pyarrow": "26"},
        rejects=(Reject(place="line 4", column="amount", reason="no decimal"),),
    )  # fmt: skip
    [entry] = say(ledger, Draft("receipt", "crm.deals", None, receipt_body(receipt)))
    assert receipt == receipt_from(entry.body)
    assert receipt == receipt_from(next(ledger.entries("receipt")).body)
