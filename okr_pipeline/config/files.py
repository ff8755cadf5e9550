"""The configuration folder: which files it holds, what each is for, and which do not belong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.document import Document, digest, read

LAYOUT = (
    "okr.yaml, sources/<source>.yaml, metrics/<topic>.yaml, objectives/<cycle>/*.yaml, check_ins/<cycle>.yaml"
)


@dataclass(slots=True)
class Files:
    """The documents of a configuration folder by what they declare, and the digest over their bytes."""

    settings: Document | None = None
    sources: list[Document] = field(default_factory=list)
    metrics: list[Document] = field(default_factory=list)
    objectives: list[Document] = field(default_factory=list)
    check_ins: list[Document] = field(default_factory=list)
    digest: str = ""


def read_files(root: Path, report: list[Diagnostic]) -> Files:
    """Return everything declared under *root*; what cannot be read or does not belong goes to *report*."""
    files = Files()
    contents = []
    for file in sorted(_yaml_files(root, report)):
        place = _place(file)
        if problem := _misplaced(file, place):
            report.append(problem)
            continue
        document, content, problems = read(root / file, file)
        report += problems
        contents.append((file, content))
        if place == "settings":
            files.settings = document
        else:
            getattr(files, place).append(document)
    files.digest = digest(contents)
    if files.settings is None:
        report.append(_no_settings(root))
    return files


def _yaml_files(root: Path, report: list[Diagnostic]) -> Iterator[str]:
    def unreadable(error: OSError) -> None:
        folder = Path(error.filename).relative_to(root).as_posix() if error.filename else "."
        message = f"the folder cannot be read: {error.strerror}"
        report.append(
            Diagnostic(code="OKR002", message=message, mend="allow this user to read it", file=folder)
        )

    if not root.is_dir():
        return
    for folder, folders, names in os.walk(root, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if name.lower().endswith((".yaml", ".yml")) and not name.startswith("."):
                yield (Path(folder) / name).relative_to(root).as_posix()


def _place(file: str) -> str:
    parts = PurePosixPath(file).parts
    if file == "okr.yaml":
        return "settings"
    if len(parts) == 2 and parts[0] in ("sources", "metrics", "check_ins"):
        return parts[0]
    if len(parts) == 3 and parts[0] == "objectives":
        return "objectives"
    return ""


def _misplaced(file: str, place: str) -> Diagnostic | None:
    if place and file.endswith(".yml"):
        mend = f"rename it to `{PurePosixPath(file).stem}.yaml`"
        return Diagnostic(
            code="OKR015", message="a YAML file that does not end in .yaml", mend=mend, file=file
        )
    if not place or not file.endswith(".yaml"):
        message = "a YAML file that nothing reads"
        return Diagnostic(code="OKR015", message=message, mend=f"move it: {LAYOUT}", file=file)
    return None


def _no_settings(root: Path) -> Diagnostic:
    if not root.is_dir():
        message = "there is no configuration folder here"
        mend = "run `okr init`, or name the project's folder"
    else:
        message, mend = "okr.yaml is missing", "write it with `project:` and `timezone:`, or run `okr init`"
    return Diagnostic(code="OKR001", message=message, mend=mend, file="okr.yaml")
