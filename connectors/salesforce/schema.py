"""What `describe` says of the fields a dataset reads, held against what was declared, before it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.column_type import ColumnType
from connectors.errors import SchemaChanged
from connectors.names import nearest

Describe = Callable[[str], Mapping[str, Any]]

NUMBERS = ("int", "long", "double", "currency", "percent")
_TEXTS = ("id", "reference", "string", "textarea", "picklist", "multipicklist", "combobox", "phone", "url")
_MORE_TEXTS = ("email", "encryptedstring", "time", "datacategorygroupreference")
_FITTING: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(NUMBERS, ("decimal", "integer")),
    **dict.fromkeys((*_TEXTS, *_MORE_TEXTS), ("string", "json")),
    "boolean": ("boolean",),
    "date": ("date",),
    "datetime": ("timestamp",),
}
STAMPS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")
"""Fields that Salesforce's own clock fills: best first as a cursor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field as `describe` has it. *path* leads to it from the object that is read."""

    path: str
    type: str
    precision: int = 0
    scale: int = 0
    calculated: bool = False
    aggregatable: bool = True

    @classmethod
    def of(cls, described: Mapping[str, Any], *, path: str) -> Field:
        """Return what one entry of a describe's `fields` says."""
        return cls(
            path=path,
            type=str(described.get("type")),
            precision=int(described.get("precision") or 0),
            scale=int(described.get("scale") or 0),
            calculated=bool(described.get("calculated")),
            aggregatable=bool(described.get("aggregatable", True)),
        )

    def told(self) -> str:
        """Return the type as a receipt and `okr discover` show it."""
        digits = f"({self.precision},{self.scale})" if self.type in NUMBERS and self.precision else ""
        return f"{self.type}{digits}{' calculated' if self.calculated else ''}"

    def declared(self) -> str:
        """Return the type to declare it as."""
        if self.type in NUMBERS and self.type not in ("int", "long"):
            return f"decimal({min(max(self.precision, self.scale, 1), 38)},{min(self.scale, 38)})"
        return "integer" if self.type in NUMBERS else _FITTING[self.type][0]

    @property
    def is_readable(self) -> bool:
        """Whether any declared type could hold it."""
        return self.type in _FITTING


def found(describe: Describe, object: str, path: str, *, column: str) -> Field:
    """
    Return the field that *path* names from *object*.

    Raises:
        SchemaChanged: If there is none, or the user may not see it: the describe leaves it out.
    """
    here, last = holder(describe, object, path, column=column), path.rpartition(".")[2]
    fields = _fields(describe(here))
    if last not in fields:
        raise _missing(last, list(fields), of=here, column=column)
    return Field.of(fields[last], path=path)


def holder(describe: Describe, object: str, path: str, *, column: str) -> str:
    """Return the object whose field *path* names from *object*: itself, or a parent."""
    for parent in path.split(".")[:-1]:
        object = _parent(describe, object, parent, column=column)
    return object


def refuse_unfit(field: Field, declared: ColumnType, *, of: str, column: str) -> None:
    """Raise SchemaChanged unless *declared* can hold what *field* holds."""
    fitting = _FITTING.get(field.type, ())
    if declared.name in fitting:
        return
    mend = f"declare it as {' or '.join(fitting)}" if fitting else "read the fields that it is made of"
    what = f"{of}: field {field.path} is {field.type}, declared as {declared.name}"
    raise SchemaChanged(what, mend=mend, column=column)


def _parent(describe: Describe, object: str, name: str, *, column: str) -> str:
    """Return the object that the relationship *name* leads to; `Name` where it may be one of several."""
    relations = {
        str(field["relationshipName"]): list(field.get("referenceTo") or ())
        for field in describe(object).get("fields", ())
        if field.get("relationshipName")
    }
    if name not in relations:
        raise _missing(name, list(relations), of=object, column=column)
    leads_to = relations[name]
    return str(leads_to[0]) if len(leads_to) == 1 else "Name"


def _fields(described: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {str(field["name"]): field for field in described.get("fields", ())}


def _missing(name: str, present: Sequence[str], *, of: str, column: str) -> SchemaChanged:
    close = nearest(name, present)
    seen = "mend its name, or let the integration user see it (field-level security)"
    return SchemaChanged(
        f"{of}: there is no field {name}, or this user may not see it",
        mend=f"did you mean {close}? Or {seen}" if close else seen,
        column=column,
        nearest=close,
    )
