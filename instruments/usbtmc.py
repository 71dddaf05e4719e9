"""USBTMC that knows where a response ends, and clears: amendments to pyvisa-py 0.8's client, by instance.

pyvisa-py takes whatever a read returns for the end of the response, so that a record longer than
one read is cut; reads on without limit where the end never comes; reports a failed write as a wrong
value; and has no device clear, without which a line is lost after its first time-out.
Source: USBTMC revision 1.0, chapters 3.2, 3.3 and 4.2.1.
"""

from __future__ import annotations

import struct
import time
from typing import Any

__all__ = ["clear", "is_usbtmc", "make_exact"]

_HEADER = struct.Struct("<BBBxLBxxx")
_DEV_DEP_MSG_IN = 2
_END_OF_MESSAGE = 0x01
_INITIATE_CLEAR, _CHECK_CLEAR_STATUS = 5, 6
_CLASS_REQUEST_IN = 0xA1
"""Device to host, class, interface."""
_SUCCESS, _PENDING = 0x01, 0x02
_POLL_S = 0.02


def is_usbtmc(client: Any) -> bool:
    """Return whether this is pyvisa-py's client of a USBTMC instrument."""
    return hasattr(client, "usb_recv_ep") and hasattr(client, "_btag")


def make_exact(client: Any) -> None:
    """Amend the client of a USBTMC session; others are left as they are."""
    if not is_usbtmc(client):
        return

    def write(data: bytes) -> int:
        try:
            return type(client).write(client, data)
        except ValueError as error:  # what it makes of a USBError
            raise error.__context__ or error from None

    client.write = write
    client.read = lambda count: _transfer(client, count)
    client.response_ended = False


def clear(client: Any, *, limit_s: float) -> bool:
    """Have the instrument empty its buffers; return whether it says that it did.

    Raises OSError where it does not answer at all.
    """
    deadline_s = time.monotonic() + limit_s
    status, *_ = _ask(client, _INITIATE_CLEAR, 1)
    while status == _SUCCESS and time.monotonic() < deadline_s:
        checked, *_ = _ask(client, _CHECK_CLEAR_STATUS, 2)
        if checked != _PENDING:
            client.usb_dev.clear_halt(client.usb_send_ep.bEndpointAddress)
            return checked == _SUCCESS
        time.sleep(_POLL_S)
    return False


def _ask(client: Any, request: int, length: int) -> bytes:
    number = client.usb_intf.bInterfaceNumber
    answer = client.usb_dev.ctrl_transfer(
        _CLASS_REQUEST_IN, request, 0, number, length, timeout=client.timeout
    )
    return bytes(answer)


def _transfer(client: Any, count: int) -> bytes:
    """Return the payload of one transfer of at most ``count`` bytes; raises ValueError, USBError.

    A transfer with another tag answers another request. ``client.response_ended`` says whether the
    response ends with it.
    """
    from pyvisa_py.protocols.usbtmc import BulkInMessage

    client._btag = tag = client._btag % 255 + 1  # noqa: SLF001 - its write() counts on from this tag (0.8, pinned)
    client.response_ended = False
    client.usb_send_ep.write(BulkInMessage.build_array(tag, count), client.timeout)
    data = _read(client, _HEADER.size + count)
    if len(data) < _HEADER.size:
        raise ValueError(f"expected the header of a USBTMC transfer, found {len(data)} bytes")
    kind, found, inverse, size, attributes = _HEADER.unpack_from(data)
    if (kind, found, inverse) != (_DEV_DEP_MSG_IN, tag, ~tag & 0xFF) or size > count:
        raise ValueError(
            f"expected USBTMC transfer {tag} of at most {count} bytes, found {found} of {size}"
        )
    while len(data) < _HEADER.size + size:
        data += _read(client, _HEADER.size + size - len(data))
    client.response_ended = bool(attributes & _END_OF_MESSAGE)
    return bytes(data[_HEADER.size : _HEADER.size + size])


def _read(client: Any, count: int) -> bytes:
    """Read so many bytes or up to a short packet; room is left for the packet that ends a transfer."""
    packet = client.usb_recv_ep.wMaxPacketSize
    return client.usb_recv_ep.read((count // packet + 1) * packet, client.timeout).tobytes()
