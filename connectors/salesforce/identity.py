"""Which organisation answers, held against the one read before and the one that the address names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connectors.errors import SetupError

if TYPE_CHECKING:
    from connectors.salesforce.api import Api

_IN_ORIGIN = re.compile(r"\bsalesforce organisation (00D[A-Za-z0-9]{12,15})\b")


def organisation(api: Api, *, last_origin: str | None) -> str:
    """
    Return the id of the organisation that answers.

    Raises:
        SetupError: If it is not the declared one or, where none is declared, not the one that
            *last_origin* was read from.
    """
    found = str(api.organization()["Id"])
    before = _IN_ORIGIN.search(last_origin or "")
    if before and api.connection.organization is None and before[1][:15] != found[:15]:
        raise SetupError(
            f"organisation {found} answers, {before[1]} was read before",
            mend=f"mend the address; if this is meant, declare organization: {found}",
        )
    return found


def mismatch(api: Api) -> str | None:
    """Return how the organisation and its address contradict each other, None if they do not."""
    is_sandbox = bool(api.organization().get("IsSandbox"))
    if is_sandbox == api.connection.is_sandbox:
        return None
    told = (
        "a sandbox behind an address of production" if is_sandbox else "production behind a sandbox's address"
    )
    return f"{api.organization()['Id']} is {told}"


def origin(organisation: str, what: str) -> str:
    """Return what a receipt says was read."""
    return f"salesforce organisation {organisation} {what}"
