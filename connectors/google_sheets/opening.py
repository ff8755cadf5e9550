"""The way to Google's client library, which an installation without the extra does not have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from connectors.errors import SetupError
from connectors.google_sheets.options import SheetsConnection
from connectors.google_sheets.sign_in import EXTRA

if TYPE_CHECKING:
    from connectors.google_sheets.api import Api
    from connectors.transport.policy import Policy, Timing


def open_api(
    connection: SheetsConnection,
    *,
    base: Path,
    policy: Policy | None,
    timing: Timing | None,
    scopes: tuple[str, ...],
) -> Api:
    """
    Return the calls of *connection*, to be closed; nothing is sent. *policy* and *timing* None: as usual.

    Raises:
        SetupError: If the client library is not installed, or a credential is none.
    """
    from connectors.transport.policy import Timing

    try:
        from connectors.google_sheets.api import POLICY, Api
    except ImportError:
        pass
    else:
        return Api(connection, base=base, policy=policy or POLICY, timing=timing or Timing(), scopes=scopes)
    raise SetupError("the Google Sheets client is not installed", mend=EXTRA)
