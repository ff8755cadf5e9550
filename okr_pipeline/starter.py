"""The smallest project that runs: one file of data, one metric, one key result, each with a comment."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

_FILES = {
    "okr_config/okr.yaml": """\
project: {project}
timezone: Europe/Berlin                 # days begin and end here
cycles:
  this_quarter: {{start: {start}, end: {end}}}
publish:
  page: {{to: public/}}
""",
    "okr_config/sources/crm.yaml": """\
connector: files                        # also: google_sheets, rest, salesforce, sql
connection: {{root: data}}
datasets:
  deals:
    path: deals.csv
    columns: {{id: string, amount: "decimal(18,2)", won: boolean, closed_on: date}}
    key: [id]
    checks: {{min_rows: 1, not_null: [amount]}}
""",
    "okr_config/metrics/crm.yaml": """\
metrics:
  won:
    dataset: crm.deals
    value: sum(amount)                  # a DuckDB aggregate over the columns above
    where: won
    time: closed_on                     # places each row in time; the window is the cycle so far
    unit: EUR
""",
    "okr_config/objectives/this_quarter/company.yaml": """\
cycle: this_quarter
objectives:
  grow:
    title: Grow beyond the first customers
    owner: you@example.com
    key_results:
      won: {{title: Deals won, metric: crm.won, indicator: lagging, from: 0, to: 50k}}
""",
    "data/deals.csv": """\
id,amount,won,closed_on
d-1,12000.00,true,{start}
d-2,8500.50,false,{start}
""",
}


class ProjectExists(Exception):
    """A file that the starter would write is already there."""


def write_starter(target: Path, *, today: date) -> list[Path]:
    """
    Write a project whose cycle is the quarter of *today*; return the files.

    Raises:
        ProjectExists: If one of them is there already; nothing is written then.
    """
    start = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    after = start + timedelta(days=95)
    end = after.replace(day=1) - timedelta(days=1)
    paths = {target / name: text for name, text in _FILES.items()}
    if present := [path for path in paths if path.exists()]:
        raise ProjectExists(str(present[0]))
    for path, text in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(project="my_company", start=start, end=end), encoding="utf-8")
    return list(paths)
