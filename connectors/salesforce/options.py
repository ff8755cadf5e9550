"""What a user writes about a Salesforce organisation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from connectors.contract import ExtractRequest, Misfit
from connectors.names import undeclared
from connectors.salesforce import soql
from connectors.transport.network import Network

Auth = Literal["jwt", "client_credentials", "password", "session"]

NEEDS: dict[Auth, tuple[str, ...]] = {
    "jwt": ("username", "consumer_key", "private_key"),
    "client_credentials": ("consumer_key", "consumer_secret"),
    "password": ("username", "password"),
    "session": ("access_token",),
}
SECRETS = ("password", "security_token", "consumer_key", "consumer_secret", "private_key", "access_token")

_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,80}[A-Za-z0-9])?\Z")
_ORGANIZATION = re.compile(r"00D[A-Za-z0-9]{12}([A-Za-z0-9]{3})?\Z")
_WITHOUT_PASSWORDS = "65.0"
_SHARE = re.compile(r"(100|[1-9]?[0-9])\s?%\Z")


class SalesforceConnection(Network):
    """Which organisation, who signs in and how, and how much of the day's allowance one read may take."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    auth: Auth = Field(
        description="How to sign in: jwt (recommended), client_credentials, password, or session "
        "(an access token made elsewhere)."
    )
    domain: str | None = Field(
        None, description="My Domain without `.salesforce.com`: acme.my, or acme--uat.sandbox.my."
    )
    instance_url: str | None = Field(
        None, description="Address of the organisation where it is not below salesforce.com: https://host."
    )
    username: str | None = Field(None, description="The integration user, for jwt and password.")
    password: str | None = Field(None, repr=False, description="Their password, as env:NAME.")
    security_token: str | None = Field(
        None, repr=False, description="Their security token, for password; none from a trusted network."
    )
    consumer_key: str | None = Field(
        None, repr=False, description="Consumer key of the connected app, for jwt and client_credentials."
    )
    consumer_secret: str | None = Field(
        None, repr=False, description="Consumer secret of the connected app, for client_credentials."
    )
    private_key: str | None = Field(
        None, repr=False, description="The app's private key in PEM, as file:PATH, for jwt."
    )
    access_token: str | None = Field(
        None, repr=False, description="Access token or session id, for session; it cannot be renewed here."
    )
    api_version: str = Field("62.0", pattern=r"^[3-9][0-9]\.0$", description="Version of the API to speak.")
    organization: str | None = Field(
        None, description="Id of the organisation (00D...). When another one answers, nothing is read."
    )
    share: str = Field(
        "20%", description="The most that one read may take of the requests left of the day's allowance."
    )

    @field_validator("domain")
    @classmethod
    def _name(cls, value: str | None) -> str | None:
        if value is None or value.startswith("env:"):
            return value
        if not _DOMAIN.match(value) or value.endswith("salesforce.com"):
            raise ValueError("expected My Domain without .salesforce.com, such as acme.my")
        return value

    @field_validator("instance_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is None or value.startswith("env:"):
            return value
        parts = urlsplit(value)
        if parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.username:
            raise ValueError("expected https://host")
        return value.rstrip("/")

    @field_validator("organization")
    @classmethod
    def _is_id(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("env:") and not _ORGANIZATION.match(value):
            raise ValueError("expected an id of 15 or 18 characters that begins with 00D")
        return value

    @field_validator("share")
    @classmethod
    def _percentage(cls, value: str) -> str:
        if not _SHARE.match(value):
            raise ValueError("expected a percentage from 0% to 100%")
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> SalesforceConnection:
        if (self.domain is None) == (self.instance_url is None):
            raise ValueError("expected either domain or instance_url")
        missing = [name for name in NEEDS[self.auth] if getattr(self, name) is None]
        if missing:
            raise ValueError(f"auth {self.auth} needs {', '.join(missing)}")
        if self.auth == "password" and self.api_version >= _WITHOUT_PASSWORDS:
            raise ValueError(f"auth password ended with API version {_WITHOUT_PASSWORDS}: use jwt")
        if self.auth == "client_credentials" and self.domain in ("login", "test"):
            raise ValueError(f"auth client_credentials needs My Domain: {self.domain} refuses it")
        return self

    @property
    def address(self) -> str:
        """Where to sign in, without a slash at the end."""
        return self.instance_url or f"https://{self.domain}.salesforce.com"

    @property
    def is_sandbox(self) -> bool:
        """Whether the address is a sandbox's by its name."""
        host = (urlsplit(self.address).hostname or "").lower()
        return host == "test.salesforce.com" or ".sandbox." in host or "--" in host

    @property
    def share_ratio(self) -> Decimal:
        """The share as a ratio, 0 to 1."""
        return Decimal(self.share.rstrip("% ")) / 100


class Currency(BaseModel):
    """How amounts of several currencies become one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    convert_to: str = Field(pattern=r"^[A-Z]{3}$", description="Currency that every amount is turned into.")
    rates: dict[str, Decimal] = Field(
        min_length=1, description="What one unit of each currency is worth in it: {EUR: 1, USD: 0.92}."
    )

    @field_validator("rates")
    @classmethod
    def _positive(cls, value: dict[str, Decimal]) -> dict[str, Decimal]:
        if any(not re.fullmatch("[A-Z]{3}", code) for code in value):
            raise ValueError("expected currency codes such as EUR")
        if any(not rate.is_finite() or rate <= 0 for rate in value.values()):
            raise ValueError("expected rates above 0")
        return value

    @model_validator(mode="after")
    def _own_rate(self) -> Currency:
        if self.rates.get(self.convert_to) != 1:
            raise ValueError(f"expected the rate of {self.convert_to} itself, {self.convert_to}: 1")
        return self


class SalesforceDataset(BaseModel):
    """What one dataset reads: rows of an object, or the groups of one aggregate query."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    object: str | None = Field(None, description="API name of the object: Opportunity, or Deal__c.")
    where: str | None = Field(
        None, description="Condition in SOQL that rows must meet, with dates written out."
    )
    mode: Literal["rows", "aggregate"] = Field(
        "rows", description="rows, or aggregate: the answer of `query`, in one call."
    )
    query: str | None = Field(
        None, description="One aggregate SOQL query, each result named: SELECT StageName s, SUM(Amount) a ..."
    )
    fields: dict[str, str] = Field(
        default_factory=dict,
        description="Which field a column is where the names differ: {segment: Account.Segment__c}.",
    )
    include_deleted: bool = Field(
        False, description="Read rows in the recycle bin, too; `deleted: IsDeleted` then takes them out."
    )
    currency: Currency | None = Field(
        None, description="How amounts of several currencies become one; without it they are refused."
    )
    read: Literal["auto", "rest", "bulk"] = Field(
        "auto", description="Which API reads the rows; auto takes Bulk from 20,000 rows on."
    )
    cross_check: tuple[str, ...] = Field(
        (), description="Columns whose sums, with the number of rows, are compared with the source's own."
    )

    @field_validator("object")
    @classmethod
    def _object_name(cls, value: str | None) -> str | None:
        if value is not None and not soql.is_name(value):
            raise ValueError("expected an API name such as Opportunity or Deal__c")
        return value

    @field_validator("fields")
    @classmethod
    def _field_names(cls, value: dict[str, str]) -> dict[str, str]:
        if any(not soql.is_path(path) for path in value.values()):
            raise ValueError("expected field names such as Amount or Account.Segment__c")
        return value

    @field_validator("where")
    @classmethod
    def _condition(cls, value: str | None) -> str | None:
        if value is not None and (refusal := soql.refused_condition(value)):
            raise ValueError(refusal)
        return value

    @field_validator("query")
    @classmethod
    def _aggregates(cls, value: str | None) -> str | None:
        if value is not None and (refusal := soql.refused_query(value)):
            raise ValueError(refusal)
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> SalesforceDataset:
        if self.mode == "rows":
            if self.object is None or self.query is not None:
                raise ValueError("expected `object` (and no `query`) to read rows")
            return self
        others = ("object", "where", "fields", "cross_check", "currency")
        if self.query is None or any(getattr(self, name) for name in others):
            raise ValueError(f"expected `query` with `mode: aggregate`, and none of {', '.join(others)}")
        if self.read == "bulk":
            raise ValueError("Bulk reads no aggregates: leave `read` out")
        return self

    def misfits(self, request: ExtractRequest) -> Iterator[Misfit]:
        """Yield names of no column, columns of no name, a mark nobody reads, and a cursor nobody follows."""
        if self.mode == "aggregate":
            if request.cursor is not None:
                mend = "remove `cursor`: every read is the whole answer"
                yield Misfit(option=("cursor",), message="an aggregate has no cursor", mend=mend)
            return
        yield from undeclared("fields", self.fields, request.columns)
        yield from undeclared("cross_check", self.cross_check, request.columns)
        for column in request.columns:
            if not soql.is_path(self.fields.get(column, column)):
                mend = f"name its field: fields: {{{column}: Field__c}}"
                yield Misfit(option=("columns", column), message=f"{column} is no field name", mend=mend)
        if request.columns.get(request.cursor or "", "").startswith(("integer", "decimal")):
            message = f"the cursor {request.cursor} is a number: Salesforce counts none up as rows change"
            mend = "use SystemModstamp, or another date or time"
            yield Misfit(option=("cursor",), message=message, mend=mend)
        marked = request.deleted and self.fields.get(request.deleted, request.deleted)
        if marked == "IsDeleted" and not self.include_deleted:
            yield Misfit(
                option=("deleted",),
                message="`deleted` is IsDeleted, but rows in the recycle bin are not read",
                mend="write `include_deleted: true`, or leave `deleted` out",
            )
