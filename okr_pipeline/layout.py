"""Where things lie in a project's folder."""

from __future__ import annotations

CONFIG_FOLDER = "okr_config"
STATE_FOLDER = ".okr"
LATEST = "latest.json"
