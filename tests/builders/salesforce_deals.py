"""Opportunities and accounts for the fake Salesforce: ties on the stamp, nulls, odd texts, no parents."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fake_salesforce import Org, id18
from fake_soql import Field

DEAL = (
    Field(name="Id", type="id"),
    Field(name="Name", type="string"),
    Field(name="Amount", type="currency", scale=2),
    Field(name="Seats__c", type="double", scale=0),
    Field(name="CloseDate", type="date"),
    Field(name="IsWon", type="boolean"),
    Field(name="IsDeleted", type="boolean"),
    Field(name="StageName", type="picklist"),
    Field(name="Expected__c", type="currency", scale=2, calculated=True),
    Field(name="AccountId", type="reference", to="Account"),
    Field(name="CreatedDate", type="datetime"),
    Field(name="SystemModstamp", type="datetime"),
)
ACCOUNT = (
    Field(name="Id", type="id"),
    Field(name="Segment__c", type="picklist"),
    Field(name="Name", type="string"),
)


def deal(number: int, **changes: Any) -> dict[str, Any]:
    """Return one opportunity; three in a row share a stamp, so that pages end within ties."""
    sane = {
        "Id": id18("006", number),
        "Name": f'Deal "{number}",\nsecond line' if number % 7 == 0 else f"Dëal {number}",
        "Amount": Decimal(number) * Decimal("14412.09") + Decimal("0.07") if number % 5 else None,
        "Seats__c": float(number * 1000),
        "CloseDate": f"2026-{number % 12 + 1:02d}-15",
        "IsWon": number % 2 == 0,
        "IsDeleted": False,
        "StageName": "Closed Won" if number % 2 == 0 else "Open",
        "Expected__c": float(number),
        "AccountId": id18("001", number % 3) if number % 4 else None,
        "CreatedDate": datetime(2026, 1, 1, tzinfo=UTC),
        "SystemModstamp": datetime.fromtimestamp(1_767_225_600 + number // 3 * 3600, UTC),
    }
    return {**sane, **changes}


def organisation(deals: int = 0, **settings: Any) -> Org:
    """Return an organisation with that many opportunities of three accounts."""
    org = Org(**settings)
    org.tables.create("Opportunity", DEAL)
    org.tables.create("Account", ACCOUNT)
    segments = ("Enterprise", "Mid-market", None)
    org.tables.insert(
        "Account",
        ({"Id": id18("001", n), "Segment__c": segments[n], "Name": f"Account {n}"} for n in range(3)),
    )
    org.tables.insert("Opportunity", map(deal, range(1, deals + 1)))
    return org
