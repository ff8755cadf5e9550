"""An organisation of 230 deals on loopback, and reads of it that lose no time waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fake_http import Exchange, FakeServer, Fault, Reply
from fake_salesforce import Org, connection, running
from salesforce_deals import organisation

from connectors.contract import ExtractRequest, Receipt
from connectors.salesforce import SalesforceConnector
from connectors.salesforce.bulk_lane import Patience
from connectors.salesforce.options import SalesforceConnection, SalesforceDataset
from connectors.transport.policy import Policy, Timing

DEALS = 230
PAGE_ROWS = 50
COLUMNS = {
    "Id": "string",
    "Name": "string",
    "Amount": "decimal(18,2)",
    "Seats__c": "integer",
    "CloseDate": "date",
    "IsWon": "boolean",
    "Account.Segment__c": "string",
    "SystemModstamp": "timestamp",
}
SINCE = "2026-01-02T00:00:00Z"
QUICK = Policy(first_wait_s=0.01, longest_wait_s=0.02, connect_s=2, read_s=0.5, deadline_s=1.5, budget_s=20)
PATIENT = Patience(first_s=0.01, longest_s=0.02, stuck_s=0.1)
MORE, JOB, RESULTS, TOKEN = "*/query/01g*", "*/jobs/query/750*", "*/jobs/query/*/results", "*/oauth2/token"
QUERY = "*/query"


@dataclass(kw_only=True)
class World:
    """One organisation, where it listens, and how it is read. *read* names the lane."""

    folder: Path
    org: Org
    server: FakeServer
    read: str = "rest"

    def connector(
        self, *, timing: Timing | None = None, policy: Policy = QUICK, **changes: Any
    ) -> SalesforceConnector:
        settings = SalesforceConnection(**connection(self.server, self.org, **changes))
        return SalesforceConnector(settings, base=self.folder, policy=policy, timing=timing, patience=PATIENT)

    def request(self, *, columns: dict[str, str] | None = None, **changes: Any) -> ExtractRequest:
        """Return a full read of the deals; what ExtractRequest does not know is an option of the dataset."""
        known = set(ExtractRequest.__dataclass_fields__) - {"mode"}
        own = {name: changes.pop(name) for name in list(changes) if name in known}
        cursor = own.pop("cursor", "SystemModstamp")
        options = SalesforceDataset(**{"object": "Opportunity", "read": self.read, **changes})
        made = ExtractRequest(
            dataset="crm.deals", columns=columns or COLUMNS, options=options, key=("Id",), cursor=cursor
        )
        return replace(made, **own)

    def receipt(self, *, connector: SalesforceConnector | None = None, **changes: Any) -> Receipt:
        """Read to the end and return the receipt."""
        extract = (connector or self.connector()).extract(self.request(**changes))
        for _ in extract:
            pass
        return extract.receipt()

    def rows(self, **changes: Any) -> list[dict[str, Any]]:
        extract = self.connector().extract(self.request(**changes))
        return [row for batch in extract for row in batch.to_pylist()]

    def then(self, happening: Callable[[], object]) -> Fault:
        """Return a fault by which *happening* befalls the organisation just before it answers."""

        def send(exchange: Exchange) -> None:
            happening()
            exchange.send(exchange.reply())

        return send


@contextmanager
def world(folder: Path, *, deals: int = DEALS, read: str = "rest", **settings: Any) -> Iterator[World]:
    """Lend a world."""
    folder.mkdir(exist_ok=True)
    org = organisation(deals, **{"page_rows": PAGE_ROWS, **settings})
    with running(folder, org) as server:
        yield World(folder=folder, org=org, server=server, read=read)


def without_a_row(reply: Reply) -> Reply:
    """Return a CSV without its last line, cut where a line ends."""
    lines = reply.body.rstrip(b"\n").split(b"\n")
    return replace(reply, body=b"\n".join(lines[:-1]) + b"\n")
