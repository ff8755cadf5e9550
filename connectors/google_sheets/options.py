"""What a user writes about Google Sheets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from connectors.contract import ExtractRequest, Misfit
from connectors.transport.network import Network

_ID = re.compile(r"[A-Za-z0-9_-]{10,128}")
_URL = re.compile(
    r"https://docs\.google\.com/(?:a/[^/]+/)?spreadsheets/(?:u/\d+/)?d/([A-Za-z0-9_-]{10,128})\b\S*"
)
_GID = re.compile(r"[#&?]gid=([0-9]{1,10})")


def _findable(value: str) -> str:
    if not value.startswith(("env:", "file:")) and not (_ID.fullmatch(value) or _URL.fullmatch(value)):
        raise ValueError("expected a spreadsheet's id, or its URL from docs.google.com/spreadsheets/d/")
    return value


Spreadsheet = Annotated[
    str,
    AfterValidator(_findable),
    Field(repr=False, description="The spreadsheet's id or URL; env:NAME keeps it out of the file."),
]


class OAuthUser(BaseModel):
    """A person who has agreed that an application reads in their name."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    refresh_token: str = Field(repr=False, description="Refresh token of that agreement, as env: or file:.")
    client_id: str = Field(description="Client id of the application.")
    client_secret: str = Field(repr=False, description="Client secret of the application, as env: or file:.")


class SheetsConnection(Network):
    """Who reads: exactly one of a service account, a person, and an API key."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    service_account: str | None = Field(
        None,
        repr=False,
        description="JSON key of a service account, as file:PATH or env:NAME. Share each spreadsheet with "
        "its e-mail address.",
    )
    oauth: OAuthUser | None = Field(None, description="A person's agreement: what they may read is read.")
    api_key: str | None = Field(
        None, repr=False, description="API key, as env:NAME: reads spreadsheets that anyone may see."
    )

    @model_validator(mode="after")
    def _one_sign_in(self) -> SheetsConnection:
        if [self.service_account, self.oauth, self.api_key].count(None) != 2:
            raise ValueError("expected exactly one of service_account, oauth and api_key")
        return self


class WritingConnection(SheetsConnection):
    """Who writes: a service account or a person."""

    @model_validator(mode="after")
    def _can_write(self) -> WritingConnection:
        if self.api_key is not None:
            raise ValueError("expected service_account or oauth: an API key can only read")
        return self


class SheetsDataset(BaseModel):
    """What one dataset is: a table below a header row of one tab, or a single cell."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    spreadsheet: Spreadsheet
    tab: str | None = Field(
        None, description="Tab by its title. With `gid` as well, the gid decides and a new title is told."
    )
    gid: int | None = Field(
        None, ge=0, description="Tab by the number behind `gid=` in its URL, which a renaming leaves alone."
    )
    header_row: int = Field(1, ge=1, le=1000, description="Row that names the columns.")
    cell: str | None = Field(
        None,
        min_length=1,
        max_length=250,
        description="One cell instead of a table: a named range, or an address such as `B7` or `Plan!B7`. "
        "It is one row of the one declared column.",
    )

    def misfits(self, request: ExtractRequest) -> Iterator[Misfit]:
        """Yield a cell of several columns."""
        if self.cell is not None and len(request.columns) != 1:
            message = f"a cell is one column, and {len(request.columns)} are declared"
            yield Misfit(option=("cell",), message=message, mend="declare one column")

    @property
    def spreadsheet_id(self) -> str:
        """The id alone."""
        found = _URL.fullmatch(self.spreadsheet)
        return found[1] if found else self.spreadsheet

    @property
    def declared_gid(self) -> int | None:
        """The gid that decides: as written; else of the URL, where no title is written."""
        if self.gid is not None or self.tab is not None:
            return self.gid
        found = _GID.search(self.spreadsheet) if _URL.fullmatch(self.spreadsheet) else None
        return int(found[1]) if found else None


class SheetTarget(BaseModel):
    """A tab that is written whole, and who writes it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    to: Spreadsheet
    tab: str = Field(description="Tab by its title: an empty one of its own.", min_length=1)
    gid: int | None = Field(
        None, ge=0, description="The number behind `gid=` in the tab's URL: it decides, whatever the title."
    )
    connection: WritingConnection = Field(description="Who writes: `service_account` or `oauth`.")

    @property
    def place(self) -> SheetsDataset:
        """Where it is."""
        return SheetsDataset(spreadsheet=self.to, tab=self.tab, gid=self.gid)
