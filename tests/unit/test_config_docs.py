"""Every goal that the documentation shows can be declared beside the demo, as it stands there."""

from __future__ import annotations

import shutil
from pathlib import Path

from doc_pages import ROOT, blocks

from okr_pipeline.config import check
from okr_pipeline.demo import config_folder

FOLDERS = {
    "cycle": "objectives/fy26_q3/shown_{}.yaml",
    "metrics": "metrics/example.yaml",
    "check_ins": "check_ins/fy26_q3.yaml",
}
SHOWN = ("Goals", "expected", "revisions", "check_ins/&lt;cycle&gt;.yaml")


def test_the_goals_of_the_documentation_load_together(tmp_path: Path) -> None:
    """All kinds, curves, revisions and check-ins of docs/configuration.md in one project, without a word."""
    root = tmp_path / "okr_config"
    shutil.copytree(config_folder(), root)
    shown = [block for block in blocks(ROOT / "docs/configuration.md") if block.heading in SHOWN]
    for number, block in enumerate(shown):
        file = root / FOLDERS[block.text.partition(":")[0]].format(number)
        file.parent.mkdir(exist_ok=True)
        file.write_text(block.text, encoding="utf-8")
    assert (11, ()) == (len(shown), check(root).diagnostics)
