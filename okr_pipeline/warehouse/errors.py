"""
Errors of the warehouse.

    WarehouseError
    ├── WarehouseBusy      another process is writing; wait for it
    ├── WarehouseDamaged   the file cannot be read; `okr rebuild` makes it again
    └── WarehouseFull      the disk has no room left
"""

from __future__ import annotations

from okr_pipeline.store_error import StoreError


class WarehouseError(StoreError):
    """The warehouse cannot do what was asked."""


class WarehouseBusy(WarehouseError):
    """Another process holds the warehouse open for writing."""


class WarehouseDamaged(WarehouseError):
    """The file is torn or was written by another version."""


class WarehouseFull(WarehouseError):
    """Writing failed for want of space; nothing was committed."""
