"""Where a read that breaks off leaves its place, so that the next run goes on from there."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from okr_pipeline.publish.atomic import replace_text


@dataclass(frozen=True, slots=True)
class UnfinishedRead:
    """
    One small text in a file of its own, replaced whole. It is an aid: where it cannot be kept, or is
    lost, the read begins anew.
    """

    folder: Path
    name: str

    def read(self) -> str | None:
        """Return what was written since the last `clear`, None if nothing was."""
        try:
            return (self.folder / self.name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def write(self, text: str) -> None:
        """Keep *text*."""
        with suppress(OSError):
            replace_text(self.folder, self.name, text)

    def clear(self) -> None:
        """Forget it: what was read is accepted."""
        with suppress(OSError):
            (self.folder / self.name).unlink(missing_ok=True)
