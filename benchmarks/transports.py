"""How fast, and how prompt, every transport is: ratios to a raw socket in one process, on loopback.

    python -m benchmarks.transports            # a minute; prints the table of docs/instruments.md

Peers answer from memory in threads of this process, so both ends share its time; the raw receive that
everything is compared with has the same peer. Exit status 1 where a figure is missed.
"""

from __future__ import annotations

import resource
import socket
import statistics
import sys
import time

from instruments.session import open_session
from instruments.transport import open_transport
from tests.instruments.peers import HalfWay, HislipPeer, SerialPeer, SocketPeer, Vxi11Peer

SIZE = 20_000_000
BLOCK = b"#8%08d" % SIZE + bytes(range(256)) * (SIZE // 256) + b"\n"
ROUNDS = 15
MOST_TIMES_RAW = {"hislip": 1.5, "socket": 3.5, "vxi11": 25.0}
MOST_QUERY_S = 1e-3
MOST_LATE, MOST_CPU = 1.1, 0.05
TIMEOUT_S = 2.0
PEERS = {"socket": SocketPeer, "hislip": HislipPeer, "vxi11": Vxi11Peer, "serial": SerialPeer}


def main() -> int:
    missed: list[str] = []
    raw_s, transfers = transfer_times()
    typical_s = statistics.median(raw_s)
    print(f"20 MB block, medians of {ROUNDS} rounds, raw receive {typical_s * 1e3:.1f} ms\n")
    print("| transport | 20 MB | times raw, same round | at most |\n|---|---|---|---|")
    for name, durations_s in transfers.items():
        duration_s, most = statistics.median(durations_s), MOST_TIMES_RAW[name]
        ratio = statistics.median(one / raw for one, raw in zip(durations_s, raw_s, strict=True))
        print(f"| {name} | {duration_s * 1e3:.1f} ms | {ratio:.2f} | {most:g} |")
        missed += [f"{name} block"] if ratio > most else []
    query_s = write_write_query_s()
    print(f"\nwrite, write, query on a raw socket: {query_s * 1e6:.0f} µs (at most 1000)")
    missed += ["write, write, query"] if query_s > MOST_QUERY_S else []
    print(
        f"\n| time-out {TIMEOUT_S:g} s | vanished peer noticed after | processor "
        "| peer that closes mid-reply noticed after | processor |\n|---|---|---|---|---|"
    )
    for name in PEERS:
        cells: list[str] = []
        for how, closes in (("vanished", False), ("closed", True)):
            wall_s, used_s = loss(name, closes=closes)
            cells += [f"{wall_s / TIMEOUT_S:.3f} time-outs", f"{used_s / TIMEOUT_S:.1%}"]
            late = wall_s > MOST_LATE * TIMEOUT_S or used_s > MOST_CPU * TIMEOUT_S
            missed += [f"{name} {how}"] if late else []
        print(f"| {name} | {' | '.join(cells)} |")
    print("\nmissed: " + ", ".join(missed) if missed else "\nevery figure is met")
    return int(bool(missed))


def answer(message: bytes) -> bytes | None:
    if message == b"BLOCK?":
        return BLOCK
    return b"1\n" if message.endswith(b"?") else None


def transfer_times() -> tuple[list[float], dict[str, list[float]]]:
    """Return the times of a raw receive and of each transport, taken in turn."""
    times: dict[str, list[float]] = {"raw": []}
    with SocketPeer(answer) as raw, HislipPeer(answer) as hislip, Vxi11Peer(answer) as vxi11:
        peers = {"socket": raw, "hislip": hislip, "vxi11": vxi11}
        line = socket.create_connection(("127.0.0.1", raw.port))
        sessions = {
            name: open_session(peer.resource_name, role=name, timeout_s=30.0)
            for name, peer in peers.items()
        }
        for _ in range(ROUNDS):
            times["raw"].append(timed(lambda: receive(line)))
            for name, session in sessions.items():
                once = timed(lambda s=session: s.query_block("BLOCK?", count=SIZE))
                times.setdefault(name, []).append(once)
        for session in sessions.values():
            session.close()
        line.close()
    return times.pop("raw"), times


def receive(line: socket.socket) -> None:
    """Receive the block into memory of its own, as whoever keeps it must."""
    line.sendall(b"BLOCK?\n")
    reply = bytearray(len(BLOCK))
    view, have = memoryview(reply), 0
    while have < len(reply):
        have += line.recv_into(view[have:])


def timed(function) -> float:
    started_s = time.perf_counter()
    function()
    return time.perf_counter() - started_s


def write_write_query_s(count: int = 200) -> float:
    with SocketPeer(answer) as peer:
        session = open_session(peer.resource_name, role="socket")

        def once() -> None:
            session.write("A 1")
            session.write("B 2")
            session.query("C?")

        found = statistics.median(timed(once) for _ in range(count))
        session.close()
    return found


def loss(name: str, *, closes: bool) -> tuple[float, float]:
    """Return how long a query of a lost peer takes, and how much of this thread's processor time."""

    def reply(message: bytes) -> bytes | None:
        del message
        if closes:
            raise HalfWay(b"#6100000" + bytes(100_000), close=True)
        return None

    with PEERS[name](reply) as peer:
        transport = open_transport(peer.resource_name, open_timeout_s=TIMEOUT_S)
        started_s, used_s = time.perf_counter(), thread_s()
        try:
            transport.write(b"Q?\n", timeout_s=TIMEOUT_S)
            transport.read_block(timeout_s=TIMEOUT_S)
        except OSError:
            return time.perf_counter() - started_s, thread_s() - used_s
        finally:
            transport.close()
    raise AssertionError("a lost peer answered")


def thread_s() -> float:
    used = resource.getrusage(resource.RUSAGE_THREAD)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
