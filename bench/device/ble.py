"""Text lines over Bluetooth Low Energy: MDL/1 through a serial service (bleak, extra ``ble``).

``ble://ADDRESS`` uses the Nordic UART service, whose characteristics most modules copy;
``ble://ADDRESS?write=UUID&notify=UUID`` names others. Reactions must not be timed over it: a
notification may be 30 ms late or more.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import parse_qs, urlsplit

from bench.clock import Clock
from bench.device.line_protocol import LineProtocolLink
from bench.errors import ConfigurationError, DeviceLinkError

if TYPE_CHECKING:
    from bleak import BleakClient

__all__ = ["BleDevice", "BleStream"]

WRITE_UUID: Final = "6e400002-b5a3-f393-e0a9-e50e24dcca9e"
NOTIFY_UUID: Final = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"
"""Nordic UART service. Source: nRF Connect SDK, Nordic UART Service (NUS)."""
CONNECT_S: Final = 20.0
WRITE_S: Final = 5.0
_CHUNK_BYTES: Final = 20
"""What every connection takes: ATT_MTU 23 less 3. Source: Bluetooth Core 5.4, vol. 3 part F."""
_Result = TypeVar("_Result")


class BleStream:
    """A byte stream over two characteristics; an event loop of its own runs in a thread."""

    def __init__(self, url: str, *, backend: Any = None) -> None:
        """Connect; raises ConfigurationError and DeviceLinkError. ``backend`` is bleak's."""
        parts = urlsplit(url)
        if parts.scheme != "ble" or not parts.netloc:
            raise ConfigurationError(f"device link {url}: expected ble://ADDRESS")
        options = parse_qs(parts.query)
        self.name = url
        self._write_uuid = options.get("write", [WRITE_UUID])[0]
        self._notify_uuid = options.get("notify", [NOTIFY_UUID])[0]
        self._received: queue.Queue[bytes | None] = queue.Queue()
        self._lost = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._client: BleakClient | None = None
        try:
            self._client = self._wait(self._connect(parts.netloc, backend), CONNECT_S)
        except Exception as error:
            self.close()
            raise DeviceLinkError(
                f"device link {url}: cannot be reached ({error or type(error).__name__}); check "
                "that it is on, near, not paired elsewhere, and that Bluetooth is on here"
            ) from error

    def send(self, data: bytes) -> None:
        """Send all of ``data`` in pieces that every connection takes."""
        if self._client is None or self._lost:
            raise DeviceLinkError(f"device link {self.name}: the line is gone (it was closed)")
        try:
            self._wait(self._write(self._client, data), WRITE_S)
        except Exception as error:
            raise DeviceLinkError(f"device link {self.name}: the line is gone ({error})") from error

    def receive(self, timeout_s: float) -> bytes:
        """Return what has come, waiting at most ``timeout_s`` for the first byte."""
        data = b""
        with contextlib.suppress(queue.Empty):
            piece = self._received.get(timeout=max(0.0, timeout_s)) if timeout_s > 0 else None
            piece = self._received.get_nowait() if piece is None and not self._lost else piece
            while piece is not None:
                data += piece
                piece = self._received.get_nowait()
        if not data and self._lost:
            raise DeviceLinkError(f"device link {self.name}: the device closed the line")
        return data

    def close(self) -> None:
        """Disconnect; idempotent, never raises."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                self._wait(client.disconnect(), WRITE_S)
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(WRITE_S)
            self._loop.close()

    async def _connect(self, address: str, backend: Any) -> BleakClient:
        try:
            from bleak import BleakClient
        except ImportError as error:
            raise DeviceLinkError("pip install 'microcurrent-bench[ble]'") from error
        more = {} if backend is None else {"backend": backend}
        client = BleakClient(address, self._disconnected, timeout=CONNECT_S, **more)
        await client.connect()
        await client.start_notify(self._notify_uuid, self._notified)
        return client

    async def _write(self, client: BleakClient, data: bytes) -> None:
        for start in range(0, len(data), _CHUNK_BYTES):
            await client.write_gatt_char(
                self._write_uuid, data[start : start + _CHUNK_BYTES], response=True
            )

    def _notified(self, _characteristic: Any, data: bytearray) -> None:
        self._received.put(bytes(data))

    def _disconnected(self, _client: BleakClient) -> None:
        self._lost = True
        self._received.put(None)

    def _wait(self, work: Coroutine[Any, Any, _Result], limit_s: float) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(limit_s)


class BleDevice(LineProtocolLink):
    """MDL/1 over Bluetooth Low Energy."""

    def __init__(self, url: str, *, clock: Clock, unlock_key: str, backend: Any = None) -> None:
        super().__init__(BleStream(url, backend=backend), clock=clock, unlock_key=unlock_key)
