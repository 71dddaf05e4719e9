"""Tiny instruments on loopback sockets: a raw socket and the part of HiSLIP that a client needs.

HiSLIP source: IVI-6.1, messages of the synchronized mode. Written against the specification and
not against the simulated bench, so that the two check one another.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

HEADER = struct.Struct("!2sBBIQ")
INITIALIZE, INITIALIZE_RESPONSE = 0, 1
DATA, DATA_END = 6, 7
CLEAR_COMPLETE, CLEAR_ACKNOWLEDGE = 8, 9
ASYNC_INITIALIZE, ASYNC_INITIALIZE_RESPONSE = 17, 18
ASYNC_SIZE, ASYNC_SIZE_RESPONSE = 15, 16
ASYNC_CLEAR, ASYNC_CLEAR_ACKNOWLEDGE = 19, 23

Answer = Callable[[bytes], bytes | None]
"""A program message in, a response message (or silence) out; raising OSError drops the line."""


class Peer:
    """Listens on an ephemeral loopback port and serves every connection in a thread."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._connections: list[socket.socket] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        for line in [self._listener, *self._connections]:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
        self._accepting.join(5)

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections.append(line)
            threading.Thread(target=self._guarded, args=(line,), daemon=True).start()

    def _guarded(self, line: socket.socket) -> None:
        try:
            self.serve(line)
        except (OSError, struct.error):
            line.close()

    def serve(self, line: socket.socket) -> None:
        raise AssertionError


class SocketPeer(Peer):
    """A SCPI instrument on a raw socket."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__()

    @property
    def resource_name(self) -> str:
        return f"TCPIP::127.0.0.1::{self.port}::SOCKET"

    def serve(self, line: socket.socket) -> None:
        with line.makefile("rb") as reader:
            while message := reader.readline():
                reply = self.answer(message.rstrip(b"\n"))
                if reply is not None:
                    line.sendall(reply)
        line.close()


class HislipPeer(Peer):
    """A SCPI instrument on HiSLIP. ``largest`` splits responses into messages of that size."""

    def __init__(self, answer: Answer, *, largest: int = 1 << 20, acknowledges: bool = True):
        self.answer = answer
        self.largest = largest
        self.acknowledges = acknowledges
        self.cleared = threading.Event()
        super().__init__()

    @property
    def resource_name(self) -> str:
        return f"TCPIP::127.0.0.1::hislip0,{self.port}::INSTR"

    def serve(self, line: socket.socket) -> None:
        program = b""
        while True:
            kind, parameter, payload = self._receive(line)
            if kind == INITIALIZE:
                self._send(line, INITIALIZE_RESPONSE, parameter=0x0100_0001)
            elif kind == ASYNC_INITIALIZE:
                self._send(line, ASYNC_INITIALIZE_RESPONSE)
            elif kind == ASYNC_SIZE:
                self._send(line, ASYNC_SIZE_RESPONSE, payload=struct.pack("!Q", 1 << 20))
            elif kind == ASYNC_CLEAR and self.acknowledges:
                self._send(line, ASYNC_CLEAR_ACKNOWLEDGE)
            elif kind == CLEAR_COMPLETE:
                self._send(line, CLEAR_ACKNOWLEDGE)
                self.cleared.set()
            elif kind in (DATA, DATA_END):
                program += payload
                if kind == DATA_END:
                    self._respond(line, parameter, self.answer(program.rstrip(b"\n")))
                    program = b""

    def _respond(self, line: socket.socket, message_id: int, reply: bytes | None) -> None:
        if reply is None:
            return
        parts = [reply[i : i + self.largest] for i in range(0, len(reply), self.largest)]
        for part in parts[:-1]:
            self._send(line, DATA, parameter=message_id, payload=part)
        self._send(line, DATA_END, parameter=message_id, payload=parts[-1])

    @staticmethod
    def _receive(line: socket.socket) -> tuple[int, int, bytes]:
        header = _exactly(line, HEADER.size)
        _, kind, _, parameter, length = HEADER.unpack(header)
        return kind, parameter, _exactly(line, length)

    @staticmethod
    def _send(line: socket.socket, kind: int, *, parameter: int = 0, payload: bytes = b"") -> None:
        line.sendall(HEADER.pack(b"HS", kind, 0, parameter, len(payload)) + payload)


class BannerPeer(Peer):
    """Something that is no instrument: says a line to whoever connects."""

    def __init__(self, banner: bytes) -> None:
        self.banner = banner
        super().__init__()

    def serve(self, line: socket.socket) -> None:
        line.sendall(self.banner)
        while line.recv(4096):
            pass


def _exactly(line: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = line.recv(count - len(data))
        if not part:
            raise ConnectionResetError
        data += part
    return data
