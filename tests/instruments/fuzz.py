"""Replies that go wrong in every way that has been seen, and what a session makes of them."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from bench.errors import BenchError, NotConnected
from instruments.session import Session, open_session
from tests.instruments.peers import HalfWay, HislipPeer, SerialPeer, SocketPeer, Vxi11Peer

PEERS = {"socket": SocketPeer, "hislip": HislipPeer, "vxi11": Vxi11Peer, "serial": SerialPeer}
KINDS = ("right", "truncated", "wrong count", "wrong header", "non-ASCII", "endless", "late")
TIMEOUT_S = 0.03
LONGEST_S = 8.0
"""A time-out, two seconds of clearing and a new connection, with room for a busy machine."""
LATE_S = 0.05
POINTS = 64


@dataclass
class Outcome:
    """What came of many replies."""

    cases: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    right: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    reopened: int = 0
    longest_s: float = 0.0


def value_of(number: int) -> float:
    return number * 1.25 + 0.5


def payload_of(number: int) -> bytes:
    return bytes((number * 7 + k * k) % 256 for k in range(POINTS))


class Fuzzer:
    """Answers ``VAL<n>?`` and ``BLK<n>?`` as the case at hand demands."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.kind = "right"

    def __call__(self, message: bytes) -> bytes | None:
        if message in {b"*IDN?", b"*OPC?"}:  # asked to get a serial line in step again
            return b"A,B,C,D\n" if message == b"*IDN?" else b"1\n"
        number = int(message[3:-1])
        whole = self._block(number) if message.startswith(b"BLK") else self._text(number)
        return self._spoilt(message, whole)

    @staticmethod
    def _text(number: int) -> bytes:
        return f"{value_of(number):+.8E}\n".encode()

    @staticmethod
    def _block(number: int) -> bytes:
        return b"#3%03d" % POINTS + payload_of(number) + b"\n"

    def _spoilt(self, message: bytes, whole: bytes) -> bytes | None:
        is_block = message.startswith(b"BLK")
        if self.kind == "truncated":
            raise HalfWay(whole, close=self.random.random() < 0.3)
        if self.kind == "wrong count":
            if not is_block:
                return whole[:-1] + b"," + whole
            wrong = self.random.choice([0, 1, POINTS - 1, POINTS + 1, 999])
            return b"#3%03d" % wrong + whole[5:]
        if self.kind == "wrong header":
            head = self.random.choice([b"", b"#", b"##", b"#x", b"#0", b"#(", b"\x00#", b"2#3064"])
            return head + (whole[5:] if is_block else b"V=" + whole)
        if self.kind == "non-ASCII":
            where = self.random.randrange(5)
            return whole[:where] + b"\xb5\xff" + whole[where + 1 :]
        if self.kind == "endless":
            return bytes(self.random.randrange(48, 58) for _ in range(20_000))
        if self.kind == "late":
            time.sleep(LATE_S)
        return whole


def fuzz(transport: str, *, cases: int, seed: int) -> Outcome:
    """Ask ``cases`` questions over one transport and compare what comes with what is true."""
    outcome, fuzzer = Outcome(), Fuzzer(seed)
    peer = PEERS[transport](fuzzer)
    session = _open(peer)
    try:
        for number in range(cases):
            fuzzer.kind = KINDS[0] if number % 3 == 2 else fuzzer.random.choice(KINDS[1:])
            outcome.by_kind[fuzzer.kind] += 1
            started_s = time.perf_counter()
            try:
                _ask(session, number, fuzzer, outcome)
            except NotConnected:
                outcome.refused += 1
                session.close()
                if isinstance(peer, SerialPeer):  # unplugged or given up: another port
                    peer.__exit__()
                    peer = SerialPeer(fuzzer)
                session = _open(peer)
                outcome.reopened += 1
            except BenchError:
                outcome.refused += 1
            took_s = time.perf_counter() - started_s
            outcome.longest_s = max(outcome.longest_s, took_s)
            if took_s > LONGEST_S:
                outcome.slow.append(f"case {number}: {fuzzer.kind}")
            outcome.cases += 1
    finally:
        session.close()
        peer.__exit__()
    return outcome


def _open(peer) -> Session:
    return open_session(peer.resource_name, role="fuzz", timeout_s=TIMEOUT_S * 10)


def _ask(session: Session, number: int, fuzzer: Fuzzer, outcome: Outcome) -> None:
    """Ask for a number or for a block; what is returned must be what is true."""
    session.timeout_s = TIMEOUT_S if fuzzer.kind != "right" else 2.0
    if number % 2:
        found = session.query_number(f"VAL{number}?")
        same = abs(found - value_of(number)) < 1e-6
    else:
        found = bytes(session.query_block(f"BLK{number}?", count=POINTS))
        same = found == payload_of(number)
    outcome.right += same
    if not same:
        outcome.wrong.append(f"case {number} ({fuzzer.kind}): {found!r}")


def threads_left(before: int) -> int:
    """Return how many threads are left above ``before`` once those that clear have ended."""
    deadline_s = time.monotonic() + 5.0
    while threading.active_count() > before and time.monotonic() < deadline_s:
        time.sleep(0.05)
    return max(0, threading.active_count() - before)
