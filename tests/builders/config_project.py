"""A small correct configuration in a folder, to be broken one file at a time."""

from __future__ import annotations

from pathlib import Path

from okr_pipeline.config import Checked, Diagnostic, check

SETTINGS = """\
project: fernhill
timezone: Europe/Berlin
fiscal_year_start: 02-01
cycles:
  fy26: {start: 2026-02-01, end: 2027-01-31}
  fy26_q3: {start: 2026-08-01, end: 2026-10-31, parent: fy26}
strategy:
  mid_market_first: Win companies of 100 to 1,000 people first
"""

SOURCE = """\
connector: files
refresh: hourly
datasets:
  deals:
    path: data/deals.csv
    columns:
      Id: string
      Amount: decimal(18,2)
      CloseDate: date
      IsWon: boolean
      Changed: timestamp
    key: [Id]
    cursor: Changed
    freshness: 6h
    checks: {min_rows: 1, max_change: 30%, not_null: [Amount], unique: [Id]}
"""

METRICS = """\
metrics:
  new_arr:
    dataset: crm.deals
    value: sum(Amount)
    where: IsWon IS TRUE
    time: CloseDate
    unit: USD
  deals:
    dataset: crm.deals
    value: count(*)
  won: {dataset: crm.deals, value: count(*), where: IsWon IS TRUE}
  win_rate:
    ratio: {of: crm.won, to: crm.deals}
    unit: percent
"""

OBJECTIVES = """\
cycle: fy26_q3
objectives:
  mid_market:
    title: Win the mid-market
    key_results:
      pipeline:
        title: New revenue
        metric: crm.new_arr
        indicator: lagging
        from: 2.4M
        to: 4M
"""

COMPANY = "objectives/fy26_q3/company.yaml"
FILES = {"okr.yaml": SETTINGS, "sources/crm.yaml": SOURCE, "metrics/crm.yaml": METRICS, COMPANY: OBJECTIVES}


def checked(root: Path, changes: dict[str, str | bytes] | None = None) -> Checked:
    """Write the correct files with *changes* (path to content) under *root*, and check them."""
    for path, content in {**FILES, **(changes or {})}.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return check(root)


def problems(root: Path, changes: dict[str, str | bytes] | None = None) -> list[tuple[str, str]]:
    """Return `(code, file:line)` of everything wrong with the correct files after *changes*."""
    return [(d.code, f"{d.file}:{d.line}") for d in checked(root, changes).diagnostics]


def only(root: Path, changes: dict[str, str | bytes]) -> Diagnostic:
    """Return the one diagnostic of the correct files after *changes*; fails if there are more or none."""
    found = checked(root, changes).diagnostics
    assert len(found) == 1, [(d.code, d.place, d.message) for d in found]
    return found[0]


def key_result(lines: str) -> dict[str, str | bytes]:
    """Return a change that gives the objective one key result of *lines*, indented by eight blanks."""
    head = OBJECTIVES.split("        title: New")[0]
    return {COMPANY: head + "".join(f"        {line}\n" for line in lines.strip().splitlines())}


def metric(lines: str) -> dict[str, str | bytes]:
    """Return a change that adds the metric `crm.extra` of *lines*."""
    return {
        "metrics/crm.yaml": METRICS + "  extra:\n" + "".join(f"    {x}\n" for x in lines.strip().splitlines())
    }


def replaced(old: str, new: str, *, file: str = COMPANY) -> dict[str, str | bytes]:
    """Return a change that puts *new* in place of *old* in one of the correct files."""
    assert old in FILES[file]
    return {file: FILES[file].replace(old, new)}
