"""A scripted device on a loopback socket, and clocks to wait with."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

from bench.clock import WallClock
from bench.device.frames import crc8
from bench.device.link import DeviceLink

Answer = Callable[[bytes], bytes | None]


class ScriptedDevice:
    """Answers every received line by a function; None is silence. Remembers what it was sent."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.received: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self.line: socket.socket | None = None
        self.links: list[DeviceLink] = []
        """Links to close before the device goes."""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        for link in self.links:
            link.close()
        for line in (self._listener, self.line):
            if line is not None:
                with contextlib.suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
                line.close()
        self._thread.join(5)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            self.line, _ = self._listener.accept()
            with self.line, self.line.makefile("rb") as reader:
                while request := reader.readline():
                    self.received.append(request)
                    reply = self.answer(request)
                    if reply is not None:
                        self.line.sendall(reply)


class FastClock(WallClock):
    """Simulated: a wait costs nothing, so that a silent device costs a test little."""

    simulated = True

    def __init__(self) -> None:
        self.slept_s: list[float] = []

    def sleep(self, duration_s: float) -> None:
        self.slept_s.append(duration_s)


def body(request: bytes) -> tuple[str, str]:
    """Return the sequence number (with its hash) and the rest of a request, checksum verified."""
    text = request.decode("ascii").rstrip("\n")
    text, _, check = text.rpartition("*")
    assert crc8(text.encode()) == int(check, 16)
    sequence, _, rest = text.partition(" ")
    assert sequence.startswith("#")
    return sequence, rest


def reply(request: bytes, text: str) -> bytes:
    """Return a reply under the request's number, with its checksum."""
    answer = f"{body(request)[0]} {text}"
    return f"{answer}*{crc8(answer.encode()):02X}\n".encode()


IDENTITY = "OK model=REF sn=S1 hw=B fw=1.2.3 build=abc proto=1 caps=test,inject,protect,hang,tick"
STATUS = (
    "OK state=RUN level=3 mode=lift left_s=118 contact=1 bat_mv=3712 chg=0 faults=0005 up_ms=91250 "
    "n=77"
)
"""Fault word 5: bits 0 and 2."""


def by_verb(**answers: str) -> Answer:
    """Answer by verb (``STAT`` for ``STAT?``, ``T_INJ`` for ``T:INJ``); others are refused."""
    table = {"IDN": IDENTITY, **answers}

    def answer(request: bytes) -> bytes | None:
        verb = body(request)[1].partition(" ")[0].rstrip("?").replace(":", "_")
        return reply(request, table.get(verb, "ERR 10 VERB"))

    return answer
