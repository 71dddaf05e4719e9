"""What real peers have been seen to do, in every transport: each ends in time with the right error."""

from __future__ import annotations

import resource as process_resources
import threading
import time

import numpy as np
import pytest

from bench.errors import InstrumentError, InstrumentTimeout, NotConnected
from instruments.session import Session, open_session
from tests.instruments.peers import HalfWay, HislipPeer, SerialPeer, SocketPeer, Vxi11Peer

PAYLOAD = bytes(range(256)) * 40
BLOCK = b"#8%08d" % len(PAYLOAD) + PAYLOAD + b"\n"
IDENTITY = b"MAKER,MODEL,SERIAL,1.0\n"
CHUNK = (1 << 20) - 1

ALL = {"socket": SocketPeer, "hislip": HislipPeer, "vxi11": Vxi11Peer, "serial": SerialPeer}
STREAMS = {"socket": SocketPeer, "serial": SerialPeer}
MARKED = {"hislip": HislipPeer, "vxi11": Vxi11Peer}


def over(peers):
    return pytest.mark.parametrize("peer_class", peers.values(), ids=peers.keys())


def echo(message: bytes) -> bytes | None:
    known = {b"BLOCK?": BLOCK, b"*IDN?": IDENTITY, b"*OPC?": b"1\n"}
    return known.get(message, message + b"\n" if message.endswith(b"?") else None)


def connect(peer, *, timeout_s: float = 5.0) -> Session:
    return open_session(peer.resource_name, role="role", timeout_s=timeout_s)


class Stopwatch:
    """Wall time and processor time of this process since it was made."""

    def __init__(self) -> None:
        self._wall_s, self._cpu_s = time.perf_counter(), self._used_s()

    @property
    def wall_s(self) -> float:
        return time.perf_counter() - self._wall_s

    @property
    def cpu_s(self) -> float:
        return self._used_s() - self._cpu_s

    @staticmethod
    def _used_s() -> float:
        used = process_resources.getrusage(process_resources.RUSAGE_THREAD)
        return used.ru_utime + used.ru_stime


@over(ALL)
def test_text_and_blocks_alternate_in_step(peer_class):
    with peer_class(echo) as peer:
        session = connect(peer)
        for number in range(3):
            session.write("SET 1")
            assert session.query(f"Q{number}?") == f"Q{number}?"
            block = session.query_block("BLOCK?", count=len(PAYLOAD))
            assert np.array_equal(block, np.frombuffer(PAYLOAD, dtype=np.uint8))
            assert not block.flags.writeable
        session.close()


@over(ALL)
def test_a_silent_peer_costs_its_time_out_and_no_processor(peer_class):
    with peer_class(lambda m: None if m == b"Q?" else echo(m)) as peer:
        session = connect(peer, timeout_s=1.0)
        watch = Stopwatch()
        session._transport.write(b"Q?\n", timeout_s=1.0)
        with pytest.raises(TimeoutError):
            session._transport.read_text(timeout_s=1.0)
        assert 0.95 < watch.wall_s < 1.1 + 0.1
        assert watch.cpu_s < 0.05
        session.close()


@over(ALL)
@pytest.mark.parametrize("query", ["text", "block"])
def test_a_line_closed_halfway_through_a_reply_is_lost_at_once(peer_class, query):
    def answer(message: bytes) -> bytes | None:
        raise HalfWay(BLOCK if message == b"BLOCK?" else IDENTITY, close=True)

    with peer_class(answer) as peer:
        session = connect(peer, timeout_s=2.0)
        watch = Stopwatch()
        with pytest.raises(NotConnected, match=r"role \(.*lost"):
            session.query("Q?") if query == "text" else session.query_block("BLOCK?")
        assert watch.wall_s < 0.5
        assert watch.cpu_s < 0.1
        with pytest.raises(NotConnected, match="open it again"):
            session.query("Q?")


@over(ALL)
def test_a_reply_that_stops_halfway_is_a_time_out_and_the_next_answer_is_the_next(peer_class):
    asked = iter([True])

    def answer(message: bytes) -> bytes | None:
        if message == b"BLOCK?" and next(asked, False):
            raise HalfWay(BLOCK, close=False)
        return echo(message)

    with peer_class(answer) as peer:
        session = connect(peer, timeout_s=0.3)
        watch = Stopwatch()
        with pytest.raises(InstrumentTimeout):
            session.query_block("BLOCK?")
        assert watch.wall_s < 4.0
        try:
            assert session.query("NEXT?") == "NEXT?"
        except NotConnected:  # a line that could not be cleared says so instead
            assert peer_class is HislipPeer
        session.close()


@over(ALL)
def test_a_late_answer_is_never_that_of_the_next_question(peer_class):
    late = threading.Event()

    def answer(message: bytes) -> bytes | None:
        if message == b"SLOW?":
            late.wait(5)
        return echo(message)

    with peer_class(answer) as peer:
        session = connect(peer, timeout_s=0.2)
        threading.Timer(0.4, late.set).start()
        with pytest.raises(InstrumentTimeout):
            session.query("SLOW?")
        late.wait(5)
        assert [session.query(f"N{k}?") for k in range(5)] == [f"N{k}?" for k in range(5)]
        session.close()


def test_a_serial_line_that_cannot_be_put_in_step_is_given_up():
    with SerialPeer(lambda _: None) as peer:
        session = connect(peer, timeout_s=0.1)
        watch = Stopwatch()
        with pytest.raises(InstrumentTimeout):
            session.query("Q?")
        assert watch.wall_s < 3.0
        with pytest.raises(NotConnected, match="could not be cleared"):
            session.query("Q?")


def test_a_vxi11_peer_that_answers_no_call_any_more_costs_its_time_out():
    with Vxi11Peer(echo) as peer:
        session = connect(peer, timeout_s=1.0)
        assert session.query("Q?") == "Q?"
        peer.dead = True
        watch = Stopwatch()
        with pytest.raises(TimeoutError):
            session._transport.write(b"Q?\n", timeout_s=1.0)
        assert 0.95 < watch.wall_s < 1.1 + 0.1
        assert watch.cpu_s < 0.05
        session.close()


@over(MARKED)
@pytest.mark.parametrize("times", [1, 2])
def test_a_response_of_whole_chunks_has_an_end(peer_class, times):
    size = times * CHUNK - 11  # header of ten, terminator of one
    reply = b"#8%08d" % size + bytes(size) + b"\n"
    assert len(reply) == times * CHUNK
    with peer_class(lambda m: reply if m == b"BLOCK?" else echo(m)) as peer:
        session = connect(peer, timeout_s=2.0)
        assert session.query_block("BLOCK?").size == size
        assert session.query("NEXT?") == "NEXT?"
        session.close()


@over(MARKED)
def test_an_indefinite_block_ends_with_its_response(peer_class):
    with peer_class(lambda m: b"#0ab\ncd\n" if m == b"BLOCK?" else echo(m)) as peer:
        session = connect(peer)
        assert bytes(session.query_block("BLOCK?")) == b"ab\ncd"
        assert bytes(session.query_block("BLOCK?", count=5)) == b"ab\ncd"
        for wrong in (4, 6):
            with pytest.raises(InstrumentError, match=f"{wrong} bytes, the block has 5"):
                session.query_block("BLOCK?", count=wrong)
        session.close()


@over(STREAMS)
def test_an_indefinite_block_on_a_stream_needs_its_count(peer_class):
    with peer_class(lambda m: b"#0ab\ncd\n" if m == b"BLOCK?" else echo(m)) as peer:
        session = connect(peer)
        assert bytes(session.query_block("BLOCK?", count=5)) == b"ab\ncd"
        with pytest.raises(InstrumentError, match="whose end a stream does not show"):
            session.query_block("BLOCK?")
        assert session.query("NEXT?") == "NEXT?"
        session.close()


@over(ALL)
@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"#41010" + bytes(1010) + bytes(10) + b"\n", "block|end"),  # longer than it says
        (b"#3abc12345\n", "length"),
        (b"ERROR 7\n", "definite-length block"),
        (b"x#13abc\n", "definite-length block"),
        (b"#(99999999999)abc\n", "more than"),
        (b"#13ab", None),  # shorter than it says
    ],
)
def test_a_wrong_block_is_an_error_and_the_next_answer_is_the_next(peer_class, reply, reason):
    with peer_class(lambda m: reply if m == b"BLOCK?" else echo(m)) as peer:
        session = connect(peer, timeout_s=0.2)
        kind = InstrumentTimeout if reason is None and peer_class in STREAMS.values() else None
        with pytest.raises(kind or InstrumentError, match=None if kind else reason or "block of 3"):
            session.query_block("BLOCK?")
        assert session.query("NEXT?") == "NEXT?"
        session.close()


@over(ALL)
def test_what_a_family_sends_in_front_and_behind_a_block_is_taken_where_it_is_declared(peer_class):
    reply = b"C1:WF DAT2,#9000000003abc\n\n"
    with peer_class(lambda m: reply if m == b"BLOCK?" else echo(m)) as peer:
        session = connect(peer)
        for _ in range(3):
            assert bytes(session.query_block("BLOCK?", prefixes=("C1:WF DAT2,",))) == b"abc"
            assert session.query("NEXT?") == "NEXT?"
        with pytest.raises(InstrumentError, match="found b'C1:WF"):
            session.query_block("BLOCK?")
        session.close()


@over(ALL)
def test_an_endless_reply_ends(peer_class):
    stop = threading.Event()

    def answer(message: bytes) -> bytes | None:
        return b"7," * 30_000 if message == b"ENDLESS?" and not stop.is_set() else echo(message)

    with peer_class(answer) as peer:
        if peer_class is HislipPeer:
            peer._send = _never_ending(peer)
        session = connect(peer, timeout_s=0.3)
        watch = Stopwatch()
        with pytest.raises((InstrumentError, InstrumentTimeout, NotConnected)):
            session.query_number("ENDLESS?")
        stop.set()
        assert watch.wall_s < 4.0
        session.close()


def _never_ending(peer):
    """HiSLIP that marks no message as the last one and repeats it for ever."""
    send = HislipPeer._send

    def again(line, kind, *, parameter=0, payload=b""):
        if kind != 7:
            send(line, kind, parameter=parameter, payload=payload)
            return
        deadline_s = time.monotonic() + 5.0
        while time.monotonic() < deadline_s:
            send(line, 6, parameter=parameter, payload=payload)

    return again


def test_unasked_bytes_on_a_socket_are_dropped_before_the_next_question(caplog):
    with SocketPeer(lambda m: b"A\nB\n" if m == b"TWICE?" else echo(m)) as peer:
        session = connect(peer)
        assert session.query("TWICE?") == "A"
        assert session.query("NEXT?") == "NEXT?"
        assert "unasked bytes dropped" in caplog.text
        session.close()


def test_a_socket_that_serves_one_client_at_a_time_is_opened_anew():
    class Exclusive(SocketPeer):
        busy = threading.Lock()

        def serve(self, line):
            with self.busy:
                super().serve(line)

    silent_once = iter([None])
    with Exclusive(lambda m: next(silent_once, echo(m))) as peer:
        session = connect(peer, timeout_s=0.2)
        with pytest.raises(InstrumentTimeout):
            session.query("Q?")
        assert session.query("NEXT?") == "NEXT?"
        session.close()


@over(ALL)
def test_clearing_a_line_whose_peer_is_gone_ends(peer_class):
    with peer_class(echo) as peer:
        session = connect(peer, timeout_s=0.3)
        assert session.query("Q?") == "Q?"
    watch = Stopwatch()
    session.clear()
    assert watch.wall_s < 3.5
    assert watch.cpu_s < 0.5
    with pytest.raises(NotConnected):
        session.query("Q?")


@over(ALL)
def test_a_reply_that_is_not_ascii_is_an_error(peer_class):
    with peer_class(lambda _: b"\xb5\xff1.0\n") as peer:
        session = connect(peer, timeout_s=0.5)
        with pytest.raises(InstrumentError, match="expected ASCII"):
            session.query_number("Q?")
        session.close()
