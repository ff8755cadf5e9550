"""What one read of an object asks for: fields, order, conditions; the same whichever API answers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

from connectors.column_type import declared_types
from connectors.contract import ExtractRequest
from connectors.errors import SetupError
from connectors.salesforce import schema
from connectors.salesforce.options import Currency, SalesforceDataset
from connectors.salesforce.schema import Describe, Field
from connectors.window import bounds

ISO_CODE = "CurrencyIsoCode"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    *paths* is the select list; *columns* says at which place of it each declared column is, *amounts*
    which columns are money of several currencies, and the path of what tells which. Rows come in the
    *order* of its fields: ids alone for the whole dataset, else the cursor, then ids. *low* and *high*
    bound the cursor, [low, high).
    """

    object: str
    fields: Mapping[str, Field]
    paths: tuple[str, ...]
    columns: tuple[int, ...]
    order: tuple[str, ...]
    conditions: tuple[str, ...]
    include_deleted: bool
    low: str | None = None
    high: str | None = None
    currency: Currency | None = None
    amounts: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)

    @property
    def id_at(self) -> int:
        """The place of the id among the paths."""
        return self.paths.index("Id")

    @property
    def cursor_at(self) -> int | None:
        """The place of the cursor where rows come in its order, else None."""
        return None if len(self.order) == 1 else self.paths.index(self.order[0])

    def fingerprint(self) -> str:
        """Return a hash of all that decides which rows come, but for the upper bound."""
        parts = (self.object, self.paths, self.order, self.conditions, self.include_deleted, self.low)
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def planned(request: ExtractRequest, describe: Describe) -> Plan:
    """
    Look at what the dataset's fields are, and return how to read them.

    Raises:
        SchemaChanged: If a field is missing, hidden, or of another type than declared.
        SetupError: If it cannot be read as declared.
    """
    options = cast("SalesforceDataset", request.options)
    name = str(options.object)
    fields = _fields(request, options, describe)
    cursor = fields[request.cursor] if request.cursor else None
    amounts = _amounts(fields, options, describe)
    is_window = request.since is not None or request.until is not None
    order = (cursor.path, "Id") if cursor is not None and is_window else ("Id",)
    extra = (*order, *amounts.values())
    paths = tuple(dict.fromkeys([*(found.path for found in fields.values()), *extra]))
    low, high = (None, None) if cursor is None else _window(request, cursor)
    return Plan(
        object=name,
        fields=fields,
        paths=paths,
        columns=tuple(paths.index(found.path) for found in fields.values()),
        order=order,
        conditions=(options.where,) if options.where else (),
        include_deleted=options.include_deleted,
        low=low,
        high=high,
        currency=options.currency,
        amounts=amounts,
        types={column: found.told() for column, found in fields.items()},
    )


def clocked(plan: Plan, at: datetime) -> Plan:
    """
    Return *plan* with a window that ends at the server's time *at*, if it has none of its own and
    its cursor follows the server's clock: rows that change from then on are the next read's.
    """
    if plan.high is not None or plan.order[0] not in schema.STAMPS:
        return plan
    return replace(plan, high=instant_literal(at))


def instant_literal(at: datetime) -> str:
    """Return an instant in UTC as SOQL writes it, to the millisecond."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _fields(request: ExtractRequest, options: SalesforceDataset, describe: Describe) -> dict[str, Field]:
    found: dict[str, Field] = {}
    name = str(options.object)
    for column, declared in declared_types(request.columns).items():
        path = options.fields.get(column, column)
        found[column] = schema.found(describe, name, path, column=column)
        schema.refuse_unfit(found[column], declared, of=name, column=column)
    return found


def _amounts(fields: Mapping[str, Field], options: SalesforceDataset, describe: Describe) -> dict[str, str]:
    """
    Return the columns whose money may be of several currencies, each with the path of its code: money
    of a parent is of the parent's currency. SetupError if no rule says what then.
    """
    amounts = {}
    for column, found in fields.items():
        of = schema.holder(describe, str(options.object), found.path, column=column)
        if found.type == "currency" and any(one["name"] == ISO_CODE for one in describe(of)["fields"]):
            amounts[column] = ".".join([*found.path.split(".")[:-1], ISO_CODE])
    if amounts and options.currency is None:
        raise SetupError(
            f"{options.object}: {next(iter(amounts))} may hold several currencies",
            mend="declare currency: {convert_to: EUR, rates: {EUR: 1, USD: 0.92}}",
        )
    return amounts


def _window(request: ExtractRequest, cursor: Field) -> tuple[str | None, str | None]:
    since, until = bounds(request)
    return _literal(since, cursor, up=False), _literal(until, cursor, up=True)


def _literal(value: object, cursor: Field, *, up: bool) -> str | None:
    """Return a bound of the cursor in SOQL; one finer than milliseconds is let through and cut later."""
    if value is None:
        return None
    if not isinstance(value, datetime):
        return str(value)
    finer = value.microsecond % 1000
    return instant_literal(value + timedelta(microseconds=1000 - finer) if up and finer else value)
