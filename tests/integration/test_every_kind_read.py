"""What readers meet of every kind: explain recomputes, files agree, nothing masked is anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from click.testing import CliRunner
from every_kind import CHECK_INS, KEY_RESULTS, Company
from project_builder import NOON, day, reach

from okr_pipeline.cli import main

SECRET = "714.25"
PAY = "WHERE key_result LIKE 'grow.pay%'"
SAID = [
    *CHECK_INS,
    {"on": "2026-08-08", "key_result": "grow.total", "author": "m.lind", "confidence": "80%", "note": "calm"},
    {
        "on": "2026-08-09",
        "key_result": "grow.floor",
        "author": "a.okafor",
        "override": {"status": "at_risk", "until": "2026-08-12", "why": "a holiday in the north"},
    },
    {"on": "2026-08-20", "key_result": "grow.total", "author": "m.lind", "note": "not said yet"},
]


class Readers(Company):
    """The company of every kind, with a masked salary beside it and people who speak."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.sources["hr"] = {
            "connector": "files",
            "datasets": {
                "pay": {
                    "path": "data/pay.csv",
                    "columns": {"id": "string", "pay": "decimal(9,2)"},
                    "key": ["id"],
                }
            },
        }
        (root / "data").mkdir(exist_ok=True)
        (root / "data/pay.csv").write_text(f"id,pay\n1,{SECRET}\n", encoding="utf-8")
        self.metrics = {**self.metrics, "hr": {"pay": {"dataset": "hr.pay", "value": "sum(pay)"}}}
        masked: dict[str, Any] = {"visibility": "masked"}
        self.key_results = {
            **KEY_RESULTS,
            "auto": reach("crm.total", **{"from": "auto", "to": "x2"}),
            "pay": reach("hr.pay", to=5000, **masked),
            "pay_kept": {"title": "Pay kept", "metric": "hr.pay", "keep": ">= 5000", **masked},
        }

    def write(self) -> Company:
        super().write()
        file = self.root / "okr_config/check_ins/aug.yaml"
        file.write_text(yaml.safe_dump({"check_ins": SAID}), encoding="utf-8")
        return self


Run = Callable[..., str]


@pytest.fixture(scope="module", name="okr")
def _okr(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    company = Readers(tmp_path_factory.mktemp("readers"))
    company.sync_at(NOON)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["-C", str(company.root), *arguments])
        assert 0 == result.exit_code, result.output
        return result.output

    return company.root, run


@pytest.mark.parametrize("name", [*KEY_RESULTS, "auto", "pay", "pay_kept"])
def test_every_kind_is_explained_and_matches(okr: tuple[Path, Run], name: str) -> None:
    """From the formula to the rows or check-ins, which give the same again."""
    told = okr[1]("explain", f"grow.{name}", "--sql", "--rows", "1") if name[:3] != "pay" else ""
    told = told or okr[1]("explain", f"grow.{name}")
    data = json.loads(okr[1]("explain", f"grow.{name}", "--format", "json"))
    assert ": matches" in told
    assert (True, data["formula"]) == (data["recomputes"], told.splitlines()[1].strip())


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        (
            "floor",
            ["days that ended inside / days = 8 / 9 = 88.9 %", "Vouched for        a.okafor says at risk"],
        ),
        ("both", ["part 1             met, 140, asked >= 100   crm.total", "1: 140, 2: 15, progress 0"]),
        ("done", ["stated by a on 4 Aug 2026: access done   check_ins/aug.yaml:", "weight 2"]),
        ("partners", ["stated by a on 9 Aug 2026: 2   check_ins/aug.yaml:", "check-ins give 2: matches"]),
        ("half", ["groups inside / groups = 1 / 2", "north: 10, south: 5"]),
        (
            "auto",
            [
                "From               15, measured for 2026-08-01",
                "baseline frozen for 1 Aug 2026, ledger entry",
            ],
        ),
        ("late", ["more of it late: the share of days squared"]),
        ("dated", ["10 % by 2026-08-20, 100 % by 2026-08-31"]),
        ("total", ["gap +17.7 points, at least -10.0 (policy pace)", "Commit             100, reached"]),
        ("gone", ["retired 5 Aug 2026: merged"]),
    ],
)
def test_explain_says_what_its_kind_rests_on(okr: tuple[Path, Run], name: str, facts: list[str]) -> None:
    """Days counted, parts with metrics, check-ins with lines, frozen baselines, curve, threshold."""
    told = okr[1]("explain", f"grow.{name}")
    assert [] == [fact for fact in facts if fact not in told]


def test_no_masked_number_is_in_anything_published(okr: tuple[Path, Run]) -> None:
    """Not on the page, in a table, in the report file, nor in what explain says."""
    root, run = okr
    found = [
        file.name
        for file in [*root.glob("public/**/*.*"), root / ".okr/latest.json"]
        for number in (b"714.25", b"714", b"5,000", b">= 5000", b"5000")
        if file.suffix in (".html", ".csv", ".json") and number in _without_hashes(file)
    ]
    asked = [(name, how) for name in ("pay", "pay_kept") for how in ("text", "json")]
    told = "".join(run("explain", f"grow.{name}", "--format", how) for name, how in asked)
    with duckdb.connect(str(root / "public/tables/okr.duckdb"), read_only=True) as db:
        rows = db.execute(f"SELECT value, baseline, target, keep FROM key_results_lagging {PAY}").fetchall()
        days = db.execute(f"SELECT count(value) FROM history {PAY}").fetchone()
    assert ([], [(None,) * 4] * 2, (0,)) == (found, rows, days)
    assert ("714" in told, "5,000" in told, "5000" in told) == (False, False, False)


def _without_hashes(file: Path) -> bytes:
    """Return the bytes of *file* without its 64-digit hashes, ids of which may hold any digits."""
    import re

    return re.sub(rb"[0-9a-f]{8,64}", b"", file.read_bytes())


def test_an_override_is_gone_after_its_last_day(tmp_path: Path) -> None:
    """It stands on its last day and not on the next; the check-in stays, and none is told before its day."""
    company = Readers(tmp_path)
    company.upto(14)
    shown = []
    for last in (12, 13):
        company.sync_at(day(last))
        report = json.loads(CliRunner().invoke(main, ["-C", str(tmp_path), "show", "--json"]).stdout)[
            "report"
        ]
        lines = {line["id"]: line for line in report["objectives"][0]["key_results"]}
        shown.append((lines["grow.floor"]["override"], lines["grow.total"]["said"][3]))
    assert [("at_risk", "calm"), (None, "calm")] == [(o and o[0], note) for o, note in shown]


def test_what_is_published_is_what_the_ledger_says(okr: tuple[Path, Run]) -> None:
    """People's words in the report file are held against the configuration that was recorded."""
    assert "all recompute" in okr[1]("verify")


def test_carried_values_of_every_kind_are_explained(tmp_path: Path) -> None:
    """With the source gone, each is followed to the rows of the day that it is carried from."""
    company = Readers(tmp_path)
    company.seen_at()
    (tmp_path / "data/crm/days.csv").unlink()
    company.sync_at(day(12))
    told = {
        name: CliRunner().invoke(main, ["-C", str(tmp_path), "explain", f"grow.{name}"]).output
        for name in ("total", "floor", "half", "both", "done")
    }
    assert [] == [name for name, text in told.items() if "stale" not in text and "no fresh" not in text]
    assert [] == [name for name, text in told.items() if ": matches" not in text]


def test_the_action_plan_is_told_when_the_cycle_is_over(tmp_path: Path) -> None:
    """Not before its last day; then `missed`, because something was not reached; and why, and the choice."""
    company = Readers(tmp_path)
    company.write()
    file = next((tmp_path / "okr_config/objectives").rglob("*.yaml"))
    declared = yaml.safe_load(file.read_text(encoding="utf-8"))
    declared["objectives"]["grow"] |= {"action_plan": {"missed": "Stop the pilot"}, "why": "It pays"}
    file.write_text(yaml.safe_dump(declared, sort_keys=False), encoding="utf-8")
    company.write = lambda: company  # type: ignore[method-assign]
    shown = []
    for last in (30, 31):
        company.sync_at(day(last))
        page = (tmp_path / "public/index.html").read_text(encoding="utf-8")
        shown.append(("It pays" in page, "Stop the pilot" in page))
    assert [(True, False), (True, True)] == shown
