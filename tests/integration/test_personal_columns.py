"""Personal columns: what is dropped or hashed never reaches the lake in plain."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest
from project_builder import ProjectFolder, day, reach

from okr_pipeline.config import ConfigError

KEY = "0123456789abcdef0123456789abcdef"
ROWS = [
    "id,amount,won,closed_on,email,phone",
    "a,100.10,true,2026-08-01,ada@b.example,555-1",
    "b,200.20,true,2026-08-02,bob@b.example,555-2",
    "c,300.30,true,2026-08-05,ada@b.example,",
    "d,50,true,2026-08-09,,555-4",
]


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> ProjectFolder:
    """A project that counts people by their address, which it hashes, and drops their numbers."""
    folder = ProjectFolder(tmp_path)
    folder.okr["personal_key"] = "env:PERSONAL"
    folder.dataset["columns"] |= {"email": "string", "phone": "string"}
    folder.dataset["personal"] = {"drop": ["phone"], "hash": ["email"]}
    folder.metrics["crm"]["people"] = {"dataset": "crm.deals", "value": "count(DISTINCT email)"}
    folder.key_results = {"people": reach("crm.people")}
    folder.csv("crm/deals", ROWS)
    return folder


def landed(folder: ProjectFolder, column: str) -> list[object]:
    with folder.workspace().measuring() as (db, _):
        return [row[column] for row in db.rows('SELECT * FROM landing."crm.deals" ORDER BY id')]


def test_nothing_personal_is_kept_in_plain(folder: ProjectFolder) -> None:
    """Neither in lake, warehouse nor ledger; equal people are still equal, and nobody stays nobody."""
    assert 2 == folder.seen_at(day(10), environ={"PERSONAL": KEY})["people"].value
    ada, bob = (
        hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest()
        for text in ("ada@b.example", "bob@b.example")
    )
    assert [ada, bob, ada, None] == landed(folder, "email")
    kept = b"".join(file.read_bytes() for file in (folder.root / ".okr").rglob("*") if file.is_file())
    assert [] == [text for text in (b"ada@b", b"bob@b", b"555-", KEY.encode()) if text in kept]


def test_another_key_reads_everything_again(folder: ProjectFolder) -> None:
    """Hashes by two keys would count everybody twice."""
    folder.dataset["cursor"] = "closed_on"
    folder.sync_at(day(10), environ={"PERSONAL": KEY})
    folder.csv("crm/deals", [*ROWS, "e,7,true,2026-08-10,bob@b.example,"])
    again = folder.seen_at(day(11), environ={"PERSONAL": KEY[::-1]})
    assert (2, "full") == (again["people"].value, folder.entries("load")[-1].body["mode"])


@pytest.mark.parametrize(
    ("environ", "said"), [({}, "PERSONAL is not set"), ({"PERSONAL": "short"}, "fewer than 16")]
)
def test_without_its_key_the_dataset_is_not_read(
    folder: ProjectFolder, environ: dict[str, str], said: str
) -> None:
    """Its failure is written down; nothing of it reaches the lake."""
    [one] = folder.sync_at(day(10), environ=environ).extracted
    assert said in str(one.error)
    assert [] == list((folder.root / ".okr").rglob("*.parquet"))


@pytest.mark.parametrize(
    ("personal", "key", "said"),
    [
        ({"hash": ["email"]}, None, "there is no key to hash by"),
        ({"hash": ["email"]}, KEY, "is written in plain"),
        ({"hash": ["amount"]}, "env:PERSONAL", "a hash is text"),
        ({"drop": ["id"]}, "env:PERSONAL", "needed elsewhere in this dataset"),
        ({"drop": ["email"], "hash": ["email"]}, "env:PERSONAL", "needed elsewhere in this dataset"),
        ({"drop": ["e_mail"]}, "env:PERSONAL", "e_mail"),
        ({"drop": ["email"]}, "env:PERSONAL", "email"),
    ],
)
def test_what_cannot_be_spared_is_told(
    folder: ProjectFolder, personal: dict[str, list[str]], key: str | None, said: str
) -> None:
    """A metric, a key or a check on a column that is dropped is found before anything is read."""
    folder.okr["personal_key"] = key
    if key is None:
        del folder.okr["personal_key"]
    folder.dataset["personal"] = personal
    folder.write()
    with pytest.raises(ConfigError) as told:
        folder.workspace()
    assert said in "\n".join(d.message for d in told.value.diagnostics)
