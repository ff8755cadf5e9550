"""The ways from one page to the next, as a user writes them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from connectors.rest import path


def _a_path(text: str) -> str:
    path.parse(text)
    return text


PathText = Annotated[str, AfterValidator(_a_path)]


class Spot(BaseModel):
    """One place in a request: a query parameter, or a path in the JSON body."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    param: str | None = Field(None, min_length=1, description="Query parameter to send it in.")
    body: PathText | None = Field(None, min_length=1, description="Path in the JSON body to send it at.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.param is None) == (self.body is None):
            raise ValueError("expected either param or body")
        return self


class PageSize(Spot):
    """How many rows to ask for, and where to say so."""

    rows: int = Field(ge=1, le=100_000, description="Rows of one page, as many as the source allows.")


class _Ways(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Single(_Ways):
    """One answer holds everything."""

    by: Literal["single"]


class HeaderLink(_Ways):
    """The next page's address is in the Link header (RFC 8288)."""

    by: Literal["header_link"]
    rel: str = Field("next", description="Which link leads on.")


class JsonLink(_Ways):
    """The next page's address is in the answer; none there is the end."""

    by: Literal["json_link"]
    path: PathText = Field(description="Where in the answer.")


class _Asked(Spot):
    more: PathText | None = Field(
        None, description="Path of a flag that is true as long as there is another page."
    )


class HeaderCursor(_Asked):
    """A header of the answer is sent back to get the next page."""

    by: Literal["header_cursor"]
    header: str = Field(description="The header; none there is the end.")


class JsonCursor(_Asked):
    """A value in the answer is sent back to get the next page."""

    by: Literal["json_cursor"]
    path: PathText = Field(description="Where in the answer; nothing there is the end.")


class Offset(_Asked):
    """The number of rows to skip is sent."""

    by: Literal["offset"]


class PageNumber(_Asked):
    """The number of the page is sent."""

    by: Literal["page_number"]
    first: int = Field(1, ge=0, le=1, description="What the first page is called: 0 or 1.")


class LastId(_Asked):
    """A value of the last row is sent to get those after it."""

    by: Literal["last_id"]
    path: PathText = Field("id", description="Where in a row.")


Pages = Annotated[
    Single | HeaderLink | JsonLink | HeaderCursor | JsonCursor | Offset | PageNumber | LastId,
    Field(discriminator="by"),
]
