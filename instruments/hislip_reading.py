"""Long HiSLIP responses straight into their place: pyvisa-py's reader would copy them twice."""

# ruff: noqa: SLF001 - pyvisa-py reads into no given buffer; this keeps its client's state as its receive() does (0.8, pinned)

from __future__ import annotations

from typing import Any

__all__ = ["can_receive_into", "receive_into"]

_LAST = "DataEnd"
_STATE = ("_sync", "_msg_type", "_payload_remaining", "_next_data_header", "_rmt")


def can_receive_into(client: Any) -> bool:
    """Return whether this is a HiSLIP client whose state is known here."""
    return all(hasattr(client, name) for name in _STATE)


def receive_into(client: Any, view: memoryview) -> tuple[int, bool]:
    """Fill ``view`` with what comes of the response; return how much, and whether it ended."""
    from pyvisa_py.protocols.hislip import receive_exact_into

    have = 0
    while have < len(view):
        if client._payload_remaining <= 0:
            if client._msg_type == _LAST:
                break
            client._msg_type, client._payload_remaining = client._next_data_header()
            continue
        count = min(client._payload_remaining, len(view) - have)
        receive_exact_into(client._sync, view[have : have + count])  # pyright: ignore[reportArgumentType] - it fills a view, whatever it declares
        client._payload_remaining -= count
        have += count
    ended = client._payload_remaining == 0 and client._msg_type == _LAST
    if ended:
        client._rmt = 1
    return have, ended
