"""What a receipt warns of reaches whoever reads the number, not only whoever ran the sync."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from fake_http import FakeServer, Reply, Request, reply_json
from project_builder import COLUMNS, ProjectFolder, day, reach

from okr_pipeline.cli import main

DEALS = [{"id": "a", "amount": "5", "won": True, "closed_on": "2026-08-02"}]
ONE_PAGE = "crm.deals: one page came, and nothing where `pages` looks for the next one"
UNPROVABLE = "crm.deals: complete: unprovable, the source does not tell how many rows there are"


@pytest.fixture(name="answered")
def _answered(tmp_path: Path) -> Iterator[tuple[ProjectFolder, Callable[..., str]]]:
    """A project over an API that gives the same page twice; only then it says that it is the last."""
    folder, answers = ProjectFolder(tmp_path), [{"deals": DEALS}, {"deals": DEALS, "next": None}]

    def answer(asked: Request) -> Reply | None:
        return reply_json(answers[len(folder.entries("snapshot"))])

    with FakeServer(answer) as server:
        pages = {"by": "json_cursor", "path": "next", "param": "after"}
        more = {"path": "deals", "rows": "deals", "pages": pages}
        folder.sources["crm"] = {
            "connector": "rest",
            "connection": {"base_url": server.url, "allow_addresses": ["127.0.0.1"]},
            "datasets": {"deals": {"columns": COLUMNS, "key": ["id"], **more}},
        }
        folder.okr["publish"] = {"page": {"to": "public/"}}
        folder.key_results = {"won": reach("crm.won")}
        yield folder, lambda *asked: CliRunner().invoke(main, ["-C", str(tmp_path), *asked]).output


def test_warnings_of_the_read_are_told_with_the_number(
    answered: tuple[ProjectFolder, Callable[..., str]],
) -> None:
    """By explain, as text and as data, and on the page; and that nothing proves that all rows came."""
    folder, okr = answered
    folder.sync_at(day(10))
    told = okr("explain", "grow.won")
    data = json.loads(okr("explain", "grow.won", "--format", "json"))
    page = (folder.root / "public/index.html").read_text(encoding="utf-8")
    assert [ONE_PAGE, UNPROVABLE] == [warning.split("; a `page_size`")[0] for warning in data["warnings"]]
    assert [] == [text for text in (told, page) for words in (ONE_PAGE, UNPROVABLE) if words not in text]


def test_a_later_read_that_proves_the_same_rows_warns_of_nothing(
    answered: tuple[ProjectFolder, Callable[..., str]],
) -> None:
    """It stands for the load that it found again; what was published before still tells of its own read."""
    folder, okr = answered
    folder.sync_at(day(10))
    folder.sync_at(day(11))
    asked = (("--as-of", "2026-08-10T12:00"), ())
    told = [json.loads(okr("explain", "grow.won", "--format", "json", *more))["warnings"] for more in asked]
    assert [2, 0] == list(map(len, told))
