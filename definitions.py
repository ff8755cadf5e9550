"""
The Dagster code location of one project.

    OKR_PROJECT     folder that holds okr_config (default: the folder of this file)
    OKR_EXECUTOR    in_process (default) or multiprocess

Loading needs no network and no secret; a broken configuration fails to load, and says where.
"""

import os
from pathlib import Path

from okr_pipeline.orchestration import build_definitions, executor_named
from okr_pipeline.workspace import Workspace

workspace = Workspace.load(Path(os.environ.get("OKR_PROJECT") or Path(__file__).parent), environ=os.environ)
defs = build_definitions(workspace, executor=executor_named(os.environ.get("OKR_EXECUTOR") or "in_process"))
