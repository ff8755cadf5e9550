"""What a user writes about a JSON API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from connectors.contract import ExtractRequest, Misfit
from connectors.names import undeclared
from connectors.rest import path as paths
from connectors.rest.auth_options import Auth
from connectors.rest.page_options import Pages, PathText, Single, Spot
from connectors.rest.page_options import PageSize as PageSize
from connectors.transport.bucket import Rate
from connectors.transport.network import Network, is_host

Parameter = str | int | bool | list[str]


class RestConnection(Network):
    """Which API, how to sign in, and how fast."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    base_url: str = Field(description="What every path starts from: https://api.example.com/v1")
    auth: Auth | None = Field(None, description="How to sign in; none for an open API.")
    headers: dict[str, str] = Field(
        default_factory=dict, repr=False, description="Headers of every call, such as the version of the API."
    )
    hosts: tuple[str, ...] = Field(
        (), description="Further hosts that links to next pages and redirects may lead to."
    )
    rate: str | None = Field(
        None, description="Most calls in a time: 10/s, 100/min or 5000/h, over all sources of a credential."
    )
    openapi: str | None = Field(
        None, description="Path of the API's OpenAPI description in JSON, for `okr discover`."
    )

    @field_validator("base_url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        plain = not (parts.query or parts.fragment or parts.username or parts.password)
        if value.startswith("env:") or (parts.scheme in ("http", "https") and parts.hostname and plain):
            return value
        raise ValueError("expected an address such as https://api.example.com/v1, without ? and #")

    @field_validator("hosts")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(is_host, value)):
            raise ValueError("expected host names such as files.example.com, without scheme and port")
        return value

    @field_validator("rate")
    @classmethod
    def _rate(cls, value: str | None) -> str | None:
        if value is not None:
            Rate.parse(value)
        return value


class Bound(Spot):
    """Where and how one end of the cursor's window is sent."""

    format: str = Field(
        "iso",
        description="iso, date, epoch_s, epoch_ms, or a strftime pattern; what is sent is UTC.",
    )
    text: str | None = Field(
        None, description="What to send, with {} where the value goes, if it is more than the value."
    )
    exclusive: bool = Field(False, description="Whether the source leaves out the value itself.")

    @field_validator("text")
    @classmethod
    def _has_a_hole(cls, value: str | None) -> str | None:
        if value is not None and value.count("{}") != 1:
            raise ValueError("expected {} once, where the value goes")
        return value


class Whole(BaseModel):
    """Where the source says how many rows there are, and when that is to be believed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    total: PathText | None = Field(None, description="Path in the answer.")
    header: str | None = Field(None, description="Header of the answer.")
    below: int | None = Field(
        None,
        ge=1,
        description="Where the source stops counting, or giving: so many rows or more are refused.",
    )
    only_if: dict[PathText, bool | int | str] = Field(
        default_factory=dict, description="What every answer must say for its rows and total to be believed."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.total is not None and self.header is not None:
            raise ValueError("expected either total or header")
        if (self.total, self.header, self.below) == (None, None, None) and not self.only_if:
            raise ValueError("expected total, header, below or only_if")
        return self


class Action(BaseModel):
    """What to do about an answer of some status, or with some text in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: int | None = Field(None, ge=200, le=599, description="Status of the answer.")
    text: str | None = Field(None, min_length=1, description="Text that is somewhere in the answer.")
    do: Literal["retry", "ignore", "fail"] = Field(
        description="Try again, take it as no rows, or fail without another try."
    )

    @model_validator(mode="after")
    def _at_least_one(self) -> Self:
        if self.status is None and self.text is None:
            raise ValueError("expected status, text or both")
        return self


class RestDataset(BaseModel):
    """What one dataset asks for, and where the rows and their columns lie in the answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(description="Path below base_url.")
    method: Literal["get", "post"] = Field("get", description="How to ask; a post must change nothing.")
    params: dict[str, Parameter] = Field(default_factory=dict, description="Query parameters of every call.")
    body: dict[str, Any] | None = Field(None, description="JSON body of a post.")
    headers: dict[str, str] = Field(default_factory=dict, description="Headers of these calls alone.")
    rows: PathText = Field("", description="Path of the rows in an answer; empty if the answer is the list.")
    rows_are: Literal["list", "entries"] = Field(
        "list",
        description="entries: rows is an object, each member a row with the fields `key` and `value`.",
    )
    rows_may_be_absent: bool = Field(
        False, description="Whether an answer without `rows` means that there are none."
    )
    fields: dict[str, PathText] = Field(
        default_factory=dict, description="Path of a column in a row, where that is not its name."
    )
    optional: tuple[str, ...] = Field(
        (), description="Columns that every row may leave out; of others at least one row must have it."
    )
    formats: dict[str, str] = Field(
        default_factory=dict,
        description="How times are written where not as ISO 8601: epoch_s, epoch_ms or a strptime pattern.",
    )
    pages: Pages = Field(default_factory=lambda: Single(by="single"), description="The way to the next page.")
    page_size: PageSize | None = Field(None, description="How many rows to ask for, and where.")
    page_limit: int = Field(10_000, ge=1, description="Pages after which there must be no other.")
    since: Bound | None = Field(None, description="Where the start of the cursor's window is sent.")
    until: Bound | None = Field(None, description="Where the end of the cursor's window is sent.")
    complete: Whole | None = Field(
        None, description="Where the source says how many rows there are, and when to believe it."
    )
    responses: tuple[Action, ...] = Field((), description="What to do about some answers; the first fits.")

    @field_validator("path")
    @classmethod
    def _relative(cls, value: str) -> str:
        if "://" in value or "?" in value or "#" in value or value.startswith("//"):
            raise ValueError("expected a path below base_url; parameters go to `params`")
        return value

    @model_validator(mode="after")
    def _body_for_post(self) -> Self:
        spots = [self.page_size, self.since, self.until, self.pages]
        in_body = any(getattr(spot, "body", None) for spot in spots)
        if self.method == "get" and (self.body is not None or in_body):
            raise ValueError("a get has no body: write `method: post`, or use `param`")
        return self

    def misfits(self, request: ExtractRequest) -> Iterator[Misfit]:
        """Yield names of no column, columns of no path, bounds that say nothing, places not in the body."""
        yield from undeclared("fields", self.fields, request.columns)
        yield from undeclared("formats", self.formats, request.columns)
        yield from undeclared("optional", self.optional, request.columns)
        for column in request.columns:
            if column not in self.fields and not paths.is_path(column):
                mend = f"""say where it is: fields: {{{column}: '["..."]'}}"""
                yield Misfit(option=("columns", column), message=f"{column} is no path", mend=mend)
        yield from self._bounds_misfit(request)
        yield from self._places_misfit()

    def _bounds_misfit(self, request: ExtractRequest) -> Iterator[Misfit]:
        counts = request.columns.get(request.cursor or "", "").startswith(("integer", "decimal"))
        for name, bound in (("since", self.since), ("until", self.until)):
            if bound is not None and request.cursor is None:
                message = f"`{name}` says nothing without a cursor"
                yield Misfit(option=(name,), message=message, mend="declare `cursor:`, or leave it out")
            elif bound is not None and counts and bound.format != "iso":
                message = "the cursor is a number, and is sent as a time"
                yield Misfit(option=(name, "format"), message=message, mend="leave out `format`")

    def _places_misfit(self) -> Iterator[Misfit]:
        body: Any = self.body or {}
        for name in ("page_size", "since", "until", "pages"):
            if place := getattr(getattr(self, name), "body", None):
                try:
                    body = paths.replaced(body, paths.parse(place), 0)
                except ValueError:
                    mend = "write the lists that it goes through at `body`"
                    yield Misfit(option=(name, "body"), message=f"the body has no place {place}", mend=mend)
