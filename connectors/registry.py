"""Which kinds of source there are, and how one is opened."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from connectors.contract import Announced
from connectors.errors import SetupError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from connectors.contract import Connector

Model = TypeVar("Model", bound="BaseModel")

GROUP = "okr_pipeline.connectors"
"""Entry points of this group name connector classes of other packages; the entry's name is the kind."""

_MEND_PACKAGE = "mend or remove the package that offers it"

_BUILT_IN = {
    "files": "connectors.files:FilesConnector",
    "google_sheets": "connectors.google_sheets:GoogleSheetsConnector",
    "rest": "connectors.rest:RestConnector",
    "salesforce": "connectors.salesforce:SalesforceConnector",
    "sql": "connectors.sql:SqlConnector",
}


def kinds() -> tuple[str, ...]:
    """Return every kind that `connector:` may name, sorted. A built-in kind cannot be replaced."""
    return tuple(sorted({*_BUILT_IN, *(entry.name for entry in entry_points(group=GROUP))}))


def model_of(kind: str) -> tuple[type[BaseModel], type[BaseModel]]:
    """Return the kind's Connection and Dataset models, without importing any client library."""
    found = _class_of(kind)
    return found.Connection, found.Dataset


def reads_together(kind: str) -> bool:
    """Return whether connectors of *kind* read several datasets in one go, if told which."""
    return issubclass(_class_of(kind), Announced)


def connect(kind: str, connection: Mapping[str, object], *, base: Path) -> Connector:
    """
    Return a connector of *kind* without any I/O.

    *connection* is what the user wrote, with secrets already resolved to text. Relative paths in it
    are relative to *base*.

    Raises:
        SetupError: If no such kind exists, or *connection* is not what its model expects.
    """
    found = _class_of(kind)
    settings = validated(found.Connection, connection, what=f"connector {kind}: its connection")
    made: Connector = found(settings, base=base)
    return made


def validated(model: type[Model], written: Mapping[str, object], *, what: str) -> Model:
    """Return *written*, secrets resolved, as *model*; SetupError that names *what* and the fields alone."""
    from pydantic import ValidationError

    try:
        return model.model_validate(dict(written))
    except ValidationError as problem:
        fields = sorted({".".join(map(str, error["loc"])) for error in problem.errors(include_input=False)})
    # Outside the handler: what pydantic raised holds the values.
    raise SetupError(
        f"{what} is not valid{' at ' * any(fields)}{', '.join(filter(None, fields))}",
        mend=f"expected {', '.join(model.model_fields)}",
    )


def _class_of(kind: str) -> Any:
    if kind in _BUILT_IN:
        module, _, name = _BUILT_IN[kind].partition(":")
        return getattr(import_module(module), name)
    entry = next(iter(entry_points(group=GROUP, name=kind)), None)
    if entry is None:
        raise SetupError(f"no connector is called {kind}", mend=f"expected one of {', '.join(kinds())}")
    try:
        found = entry.load()
    except (ImportError, AttributeError, SyntaxError) as problem:
        raise SetupError(
            f"connector {kind} ({entry.value}) cannot be imported", mend=_MEND_PACKAGE
        ) from problem
    if not all(hasattr(found, name) for name in ("Connection", "Dataset", "extract")):
        raise SetupError(f"connector {kind} ({entry.value}) is no connector", mend=_MEND_PACKAGE)
    return found
