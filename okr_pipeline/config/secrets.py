"""References to secrets become secrets, at the last moment and for one connector."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from connectors.errors import SetupError
from connectors.transport.redaction import remember
from okr_pipeline.config.masking import REFERENCE

MAX_SECRET_BYTES = 65_536


def resolve(connection: Mapping[str, object], *, environ: Mapping[str, str], base: Path) -> dict[str, object]:
    """
    Return *connection* with every `env:NAME` and `file:PATH` in it replaced by what it refers to.

    A relative PATH is relative to *base*; one newline at the end of a file is dropped. What was a
    secret is hidden from now on wherever a text leaves a connector.

    Raises:
        SetupError: If a variable is missing, empty or holds a line break, or a file cannot be
            read or is empty. Only the name is told, never what it holds.
    """
    return {key: _resolved(value, environ, base) for key, value in connection.items()}


def _resolved(value: object, environ: Mapping[str, str], base: Path) -> object:
    if isinstance(value, Mapping):
        return resolve(value, environ=environ, base=base)
    if isinstance(value, list):
        return [_resolved(inner, environ, base) for inner in value]
    found = REFERENCE.match(value) if isinstance(value, str) else None
    if found is None:
        return value
    secret = _variable(found["variable"], environ) if found["variable"] else _file(found["path"], base)
    remember([secret])
    return secret


def _variable(name: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name)
    if value is None:
        raise SetupError(f"environment variable {name} is not set", mend=f"set {name} before the run")
    if not value.strip():
        raise SetupError(f"environment variable {name} is empty", mend=f"set {name} to the secret")
    if "\n" in value or "\r" in value:
        mend = "remove the line break; for a secret of several lines, mount a file and write file:PATH"
        raise SetupError(f"environment variable {name} holds a line break", mend=mend)
    return value


def _file(path: str, base: Path) -> str:
    try:
        with (base / path).open(encoding="utf-8") as stream:
            text = stream.read(MAX_SECRET_BYTES + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not UTF-8 text"
        mend = "mount it, and allow this user to read it"
        raise SetupError(f"secret file {path} cannot be read: {reason}", mend=mend) from None
    if len(text) > MAX_SECRET_BYTES:
        raise SetupError(
            f"secret file {path} is larger than 64 kB", mend="name the file that holds the secret alone"
        )
    if not text.strip():
        raise SetupError(f"secret file {path} is empty", mend="write the secret into it")
    return text.removesuffix("\n").removesuffix("\r")
