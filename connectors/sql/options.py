"""What a user writes about a database."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from connectors.contract import ExtractRequest, Misfit

_SECONDS = {"s": 1, "m": 60, "h": 3600}


class SqlConnection(BaseModel):
    """Which database, and how long one statement may take."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field(
        repr=False,
        description="SQLAlchemy URL, as env:NAME if it holds a password. The role should have SELECT alone.",
    )
    timeout: str = Field("120s", description="Longest time one statement may take: 30s, 10m or 1h.")

    @field_validator("timeout")
    @classmethod
    def _duration(cls, value: str) -> str:
        if not re.fullmatch(r"[1-9][0-9]{0,5}[smh]", value):
            raise ValueError("expected a duration such as 30s, 10m or 1h")
        return value

    @property
    def timeout_s(self) -> int:
        """The timeout in seconds."""
        return int(self.timeout[:-1]) * _SECONDS[self.timeout[-1]]


class SqlDataset(BaseModel):
    """What one dataset reads: a SELECT or a table; its columns are matched by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    query: str | None = Field(
        None,
        description="One SELECT. It may use :since and :until, the bounds of the cursor (closed, open); "
        "they are applied around it as well.",
    )
    table: str | None = Field(None, description="Table or view to read whole, as table or schema.table.")

    @model_validator(mode="after")
    def _one_of_two(self) -> SqlDataset:
        if (self.query is None) == (self.table is None):
            raise ValueError("expected either query or table")
        return self

    @field_validator("query")
    @classmethod
    def _reads(cls, value: str | None) -> str | None:
        from connectors.sql.statement import refused_in_any_dialect

        if value is not None and (refusal := refused_in_any_dialect(value)):
            raise ValueError(f"the query {refusal}: expected exactly one SELECT that only reads")
        return value

    def misfits(self, request: ExtractRequest) -> Iterator[Misfit]:
        """Yield a bound of no cursor, where the common grammar finds one."""
        from connectors.sql.statement import BOUNDS, bound_in_any_dialect

        if request.cursor is not None or not any(f":{name}" in (self.query or "") for name in BOUNDS):
            return
        for name in bound_in_any_dialect(str(self.query))[:1]:
            message = f"the query uses :{name} but no cursor is declared"
            yield Misfit(option=("query",), message=message, mend="declare `cursor:`")
