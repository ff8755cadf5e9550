"""
Errors of the ledger, grouped by what the caller should do.

    LedgerError
    ├── LedgerBusy          another process is writing: wait, then run again
    ├── LedgerUnreachable   mend the address, the credential or the folder's rights
    ├── LedgerFull          free disk space, then run again: nothing of the batch was kept
    ├── LedgerNewer         upgrade okr-pipeline: a newer version wrote this ledger
    └── LedgerCorrupt       stop: compare with a backup; never write to it

Messages name a file, or a database and its host; never a URL, a user or a password, never a body.
"""

from __future__ import annotations

from okr_pipeline.store_error import StoreError


class LedgerError(StoreError):
    """The ledger could not be read or written."""


class LedgerBusy(LedgerError):
    """Another writer held the ledger for longer than the wait that was allowed."""


class LedgerUnreachable(LedgerError):
    """The ledger cannot be opened, read or written as configured."""


class LedgerFull(LedgerError):
    """The disk that holds the ledger has no room for the batch."""


class LedgerNewer(LedgerError):
    """The ledger's tables are of a later version than this program knows."""


class LedgerCorrupt(LedgerError):
    """The ledger's file is no database, is torn, or holds what no version of this program wrote."""
