"""The store: finished runs in one database, filled from their folders, which stay the truth."""

from bench.store.address import StoreAddress, default_store, read_address, store_of
from bench.store.filling import Filled, fill_from, forward_pending, mark_pending
from bench.store.queries import ParameterStatistics, history_rows, parameter_statistics

__all__ = [
    "Filled",
    "ParameterStatistics",
    "StoreAddress",
    "default_store",
    "fill_from",
    "forward_pending",
    "history_rows",
    "mark_pending",
    "parameter_statistics",
    "read_address",
    "store_of",
]
