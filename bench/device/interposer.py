"""A stretch of line between a link and its device, on which replies can go wrong."""

from __future__ import annotations

import contextlib
import os
import random
import select
import socket
import threading
import time
import tty
from typing import Final, Literal

from bench.device.stream import ByteStream, open_stream
from bench.errors import DeviceLinkError

__all__ = ["SPOILT", "Interposer", "Trouble"]

Trouble = Literal["none", "silent", "late", "dropped", "spoilt"]
"""``silent``: replies are lost; ``late``: they are held back until ``none``; ``dropped``: the next
reply is cut and the line closed; ``spoilt``: what comes is not what was sent."""

SPOILT: Final = ("truncated", "without end", "twice", "behind garbage", "not ASCII", "other length")
_POLL_S: Final = 0.02
_CHUNK_BYTES: Final = 4096


class Interposer:
    """Passes bytes between one client at :attr:`url` and the device at another address.

    A TCP device is reached through a loopback socket, a serial one through a pseudo-terminal, so
    that an adapter finds the kind of line that it knows.
    """

    def __init__(self, url: str, *, seed: int = 0) -> None:
        """Open the device's line; raises DeviceLinkError or ConfigurationError."""
        self.trouble: Trouble = "none"
        self._device: ByteStream = open_stream(url)
        self._random = random.Random(seed)
        self._held = b""
        self._ended = False
        self._listener: socket.socket | None = None
        self._client: int | None = None
        self._terminal: int | None = None
        if url.startswith("tcp:"):
            self._listener = socket.create_server(("127.0.0.1", 0))
            self.url = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        else:
            self._client, self._terminal = os.openpty()
            tty.setraw(self._terminal)
            self.url = f"serial://{os.ttyname(self._terminal)}"
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close both ends; idempotent."""
        self._ended = True
        self._thread.join()
        self._drop()
        self._device.close()
        if self._listener is not None:
            self._listener.close()
        if self._terminal is not None:
            os.close(self._terminal)
            self._terminal = None

    def _pass_on(self) -> None:
        while not self._ended:
            try:
                self._serve_once()
            except (OSError, DeviceLinkError):
                self._drop()
                time.sleep(_POLL_S)

    def _serve_once(self) -> None:
        if self._client is None:
            self._accept()
            return
        if select.select([self._client], [], [], 0.0)[0]:
            data = os.read(self._client, _CHUNK_BYTES)
            if not data:
                self._drop()
                return
            self._device.send(data)
        if reply := self._device.receive(_POLL_S):
            self._deliver(reply)
        elif self._held and self.trouble == "none":
            self._deliver(b"")

    def _accept(self) -> None:
        listener = self._listener
        if listener is None or not select.select([listener], [], [], _POLL_S)[0]:
            time.sleep(_POLL_S)
            return
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client = connection.detach()

    def _deliver(self, reply: bytes) -> None:
        client = self._client
        if client is None or self.trouble == "silent":
            return
        if self.trouble == "late":
            self._held += reply
            return
        if self.trouble == "spoilt":
            reply = self._spoil(reply)
        whole, self._held = self._held + reply, b""
        if self.trouble == "dropped":
            os.write(client, whole[: len(whole) // 2])
            self.trouble = "none"
            self._drop()
            return
        os.write(client, whole)

    def _spoil(self, reply: bytes) -> bytes:
        body = reply.rstrip(b"\r\n")
        middle = len(body) // 2
        match self._random.choice(SPOILT):
            case "truncated":
                return body[:middle] + b"\n"
            case "without end":
                return body
            case "twice":
                return body + body + b"\n"
            case "behind garbage":
                return b"\x00\x7f?:;=," + reply
            case "not ASCII":
                return body[:middle] + b"\xb5\xff" + body[middle:] + b"\n"
            case _:
                return reply[: self._random.randrange(len(reply))] + reply

    def _drop(self) -> None:
        """End the client's line; a pseudo-terminal cannot be unplugged and falls silent."""
        if self._client is None or (self._terminal is not None and not self._ended):
            return
        with contextlib.suppress(OSError):
            os.close(self._client)
        self._client = None
