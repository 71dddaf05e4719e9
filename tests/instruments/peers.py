"""Tiny instruments: on a raw socket, a pseudo-terminal, and the parts of HiSLIP and VXI-11 in use.

Sources: IVI-6.1, messages of the synchronized mode; VXI-11 revision 1.0 and RFC 5531. Written against
the specifications and not against the simulated bench, so that the two check one another.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
import time
import tty
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


class HalfWay(Exception):
    """Send the first half of a response, then close the line or fall silent."""

    def __init__(self, reply: bytes, *, close: bool) -> None:
        self.reply = reply
        self.close = close


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
                try:
                    reply = self.answer(message.rstrip(b"\n"))
                except HalfWay as half:
                    line.sendall(half.reply[: len(half.reply) // 2])
                    if half.close:
                        break
                    continue
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
                    try:
                        self._respond(line, parameter, self.answer(program.rstrip(b"\n")))
                    except HalfWay as half:
                        head = HEADER.pack(b"HS", DATA_END, 0, parameter, len(half.reply))
                        line.sendall(head + half.reply[: len(half.reply) // 2])
                        if half.close:
                            line.close()
                            return
                    program = b""

    def _respond(self, line: socket.socket, message_id: int, reply: bytes | None) -> None:
        if reply is None:
            return
        view = memoryview(reply)  # nothing is copied: what is measured is the client
        parts = [view[i : i + self.largest] for i in range(0, len(reply), self.largest)]
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
        head = HEADER.pack(b"HS", kind, 0, parameter, len(payload))
        if len(payload) < 4096:
            line.sendall(head + bytes(payload))
        else:
            line.sendall(head)
            line.sendall(payload)


class Vxi11Peer(Peer):
    """A SCPI instrument on the core channel of VXI-11. ``dead``: it answers no call any more."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.dead = False
        self.cleared = threading.Event()
        super().__init__()

    @property
    def resource_name(self) -> str:
        return f"TCPIP::127.0.0.1,{self.port}::inst0::INSTR"

    def serve(self, line: socket.socket) -> None:
        response = b""
        while True:
            xid, procedure, arguments = self._receive(line)
            if self.dead:
                continue
            if procedure == 10:
                self._send(line, xid, struct.pack("!4I", 0, 7, 0, 1 << 20))
            elif procedure == 11:
                size = struct.unpack_from("!I", arguments, 16)[0]
                message = arguments[20 : 20 + size].rstrip(b"\n")
                try:
                    response = self.answer(message) or b""
                except HalfWay as half:
                    self._send(line, xid, struct.pack("!2I", 0, size))
                    xid, _, _ = self._receive(line)
                    self._send(line, xid, self._piece(half.reply, 0), part=0.5)
                    if half.close:
                        line.close()
                        return
                    continue
                self._send(line, xid, struct.pack("!2I", 0, size))
            elif procedure == 12:
                _, count, timeout_ms = struct.unpack_from("!3I", arguments)
                if not response:
                    time.sleep(timeout_ms / 1000)
                    self._send(line, xid, struct.pack("!3I", 15, 0, 0))
                    continue
                piece, response = response[:count], response[count:]
                self._send(line, xid, self._piece(piece, 0 if response else 4))
            else:
                if procedure == 15:
                    response = b""
                    self.cleared.set()
                self._send(line, xid, struct.pack("!I", 0))

    @staticmethod
    def _piece(data: bytes, reason: int) -> bytes:
        return struct.pack("!3I", 0, reason, len(data)) + data + bytes(-len(data) % 4)

    @staticmethod
    def _receive(line: socket.socket) -> tuple[int, int, bytes]:
        (mark,) = struct.unpack("!I", _exactly(line, 4))
        record = _exactly(line, mark & 0x7FFF_FFFF)
        xid, _, _, _, _, procedure = struct.unpack_from("!6I", record)
        return xid, procedure, record[40:]

    @staticmethod
    def _send(line: socket.socket, xid: int, results: bytes, *, part: float = 1.0) -> None:
        record = struct.pack("!6I", xid, 1, 0, 0, 0, 0) + results
        whole = struct.pack("!I", 0x8000_0000 | len(record)) + record
        line.sendall(whole[: round(len(whole) * part)])


class SerialPeer:
    """A SCPI instrument on a pseudo-terminal; leaving the block unplugs it."""

    def __init__(self, answer: Answer, *, end: bytes = b"\n") -> None:
        self.answer = answer
        self.end = end
        self._master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self._closed = False
        self.resource_name = f"ASRL{os.ttyname(self.slave)}::INSTR"
        self._serving = threading.Thread(target=self._serve, daemon=True)
        self._serving.start()

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        if not self._closed:
            self._closed = True
            os.write(self.slave, b"\n")  # wakes the reader
            self._serving.join(5)
            self.unplug()

    def unplug(self) -> None:
        for end in (self._master, self.slave):
            with contextlib.suppress(OSError):
                os.close(end)

    def _serve(self) -> None:
        program = b""
        while not self._closed:
            try:
                program += os.read(self._master, 65536)
            except OSError:
                return
            *messages, program = program.split(self.end)
            for message in messages:
                if not message:
                    continue
                try:
                    self._send(self.answer(message) or b"")
                except HalfWay as half:
                    self._send(half.reply[: len(half.reply) // 2])
                    if half.close:
                        self._closed = True
                        self.unplug()
                        return
                except OSError:
                    self._closed = True
                    self.unplug()
                    return

    def _send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._master, data) :]


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
