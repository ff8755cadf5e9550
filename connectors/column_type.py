"""The seven declared column types, and the Arrow type each one lands as."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from connectors.errors import SetupError

if TYPE_CHECKING:
    import pyarrow as pa

TypeName = Literal["string", "integer", "decimal", "boolean", "date", "timestamp", "json"]

_PLAIN = ("string", "integer", "boolean", "date", "timestamp", "json")
_DECIMAL = re.compile(r"decimal\(([1-9][0-9]?),(0|[1-9][0-9]?)\)")


@dataclass(frozen=True, slots=True)
class ColumnType:
    """One declared type. *precision* (1 to 38) and *scale* (0 to precision) speak of decimals alone."""

    name: TypeName
    precision: int = 0
    scale: int = 0

    @classmethod
    def parse(cls, text: str) -> ColumnType:
        """
        Return the type that *text* declares, for example `decimal(18,2)`.

        Raises:
            ValueError: If *text* is none of the seven, or a decimal that Arrow cannot hold.
        """
        if text in _PLAIN:
            return cls(cast("TypeName", text))
        found = _DECIMAL.fullmatch(text)
        if found is None:
            raise ValueError("not a column type")
        precision, scale = int(found[1]), int(found[2])
        if not 1 <= precision <= 38 or scale > precision:
            raise ValueError("a decimal has 1 to 38 digits, of which at most all are decimals")
        return cls("decimal", precision, scale)

    def arrow(self) -> pa.DataType:
        """Return the Arrow type: instants are microseconds in UTC, json is its text."""
        import pyarrow as pa

        if self.name == "decimal":
            return pa.decimal128(self.precision, self.scale)
        return {
            "string": pa.string(),
            "integer": pa.int64(),
            "boolean": pa.bool_(),
            "date": pa.date32(),
            "timestamp": pa.timestamp("us", "UTC"),
            "json": pa.string(),
        }[self.name]


def declared_types(columns: Mapping[str, str]) -> dict[str, ColumnType]:
    """Return each column's type in declared order; SetupError names the column whose type is none."""
    types: dict[str, ColumnType] = {}
    for name, text in columns.items():
        try:
            types[name] = ColumnType.parse(text)
        except ValueError as problem:
            mend = "declare string, integer, decimal(p,s), boolean, date, timestamp or json under `columns`"
            raise SetupError(f"column {name}: {problem}", mend=mend) from None
    return types


def arrow_schema(columns: Mapping[str, str]) -> pa.Schema:
    """Return the schema of every batch of a dataset with these declared columns."""
    import pyarrow as pa

    return pa.schema([(name, kind.arrow()) for name, kind in declared_types(columns).items()])
