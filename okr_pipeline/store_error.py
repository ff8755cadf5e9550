"""What a store could not do: the base of the errors of lake, ledger and warehouse."""

from __future__ import annotations


class StoreError(Exception):
    """
    A store could not be read or written.

    *message* says what happened and where; *mend* says what to do about it.
    """

    def __init__(self, message: str, *, mend: str) -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.message}; {self.mend}"
