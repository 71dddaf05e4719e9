"""The session layer on real sockets, with peers that do what real ones have been seen to do."""

from __future__ import annotations

import signal
import socket
import threading
import time

import numpy as np
import pytest

from bench.errors import InstrumentError, InstrumentTimeout, NotConnected
from instruments.session import Session, open_session
from tests.instruments.peers import BannerPeer, HislipPeer, SocketPeer

PAYLOAD = bytes(range(256)) * 400
"""Every byte, so also every line feed that a terminator could be taken for."""


def echo(message: bytes) -> bytes | None:
    """Answer queries with themselves, ``BLOCK?`` with a block, and nothing to a command."""
    if message == b"BLOCK?":
        return b"#8%08d" % len(PAYLOAD) + PAYLOAD + b"\n"
    return message + b"\n" if message.endswith(b"?") else None


@pytest.fixture(params=[SocketPeer, HislipPeer], ids=["socket", "hislip"])
def peer_class(request):
    return request.param


def connect(peer, *, timeout_s: float = 5.0) -> Session:
    return open_session(peer.resource_name, role="role", timeout_s=timeout_s)


def test_queries_and_commands_in_order(peer_class):
    with peer_class(echo) as peer:
        session = connect(peer)
        session.write("SET 1")
        assert [session.query(f"Q{i}?") for i in range(20)] == [f"Q{i}?" for i in range(20)]
        session.close()


def test_a_block_with_every_byte_arrives_whole_and_the_line_stays_in_step(peer_class):
    with peer_class(echo) as peer:
        session = connect(peer)
        for _ in range(2):
            codes = session.query_block("BLOCK?", count=len(PAYLOAD))
            assert np.array_equal(codes, np.frombuffer(PAYLOAD, dtype=np.uint8))
            assert session.query("NEXT?") == "NEXT?"
        session.close()


def test_a_block_in_several_hislip_messages_arrives_whole():
    with HislipPeer(echo, largest=7777) as peer:
        session = connect(peer)
        assert session.query_block("BLOCK?").size == len(PAYLOAD)
        session.close()


def test_a_block_of_exactly_the_chunk_that_pyvisa_is_asked_for_arrives_whole():
    size = (1 << 20) - 11
    with HislipPeer(lambda _: b"#8%08d" % size + bytes(size) + b"\n") as peer:
        session = connect(peer)
        assert session.query_block("BLOCK?").size == size
        session.close()


def test_write_write_query_does_not_wait_for_delayed_acknowledgements():
    with SocketPeer(echo) as peer:
        session = connect(peer)
        started_s = time.perf_counter()
        for _ in range(10):
            session.write("A 1")
            session.write("B 2")
            session.query("C?")
        assert time.perf_counter() - started_s < 0.2
        session.close()


def test_a_closed_port_is_not_connected(peer_class):
    with peer_class(echo) as peer:
        name = peer.resource_name
    with pytest.raises(NotConnected, match=r"role \(TCPIP.*cannot be reached.*station file"):
        open_session(name, role="role", timeout_s=1.0)


@pytest.mark.parametrize("name", ["", "nonsense", "TCPIP::::INSTR", "FOO::1::INSTR"])
def test_what_is_no_resource_name_is_refused(name):
    with pytest.raises(InstrumentError, match=r"role \("):
        open_session(name, role="role", timeout_s=0.5)


def test_a_silent_instrument_is_a_timeout_and_usable_afterwards(peer_class):
    silent_once = iter([None])

    def answer(message: bytes) -> bytes | None:
        return next(silent_once, echo(message))

    with peer_class(answer) as peer:
        session = connect(peer, timeout_s=0.1)
        with pytest.raises(InstrumentTimeout, match=r"Q1\? within 0.1 s"):
            session.query("Q1?")
        assert session.query("Q2?") == "Q2?"
        session.close()


def test_a_late_reply_is_never_the_answer_to_another_question(peer_class):
    late = threading.Event()

    def answer(message: bytes) -> bytes | None:
        if message == b"SLOW?":
            late.wait(5)
        return echo(message)

    with peer_class(answer) as peer:
        session = connect(peer, timeout_s=0.1)
        threading.Timer(0.15, late.set).start()
        with pytest.raises(InstrumentTimeout):
            session.query("SLOW?")
        late.wait(5)
        answers = ask_until_answered(session, "NEXT?")
        assert set(answers) <= {"NEXT?"}
        session.close()


def ask_until_answered(session: Session, command: str) -> list[str]:
    """Return the answers of three queries; a session that gave up counts as none."""
    answers = []
    for _ in range(3):
        try:
            answers.append(session.query(command))
        except (InstrumentTimeout, NotConnected):
            continue
    return answers


def test_a_line_dropped_in_the_middle_of_a_block_is_not_connected(peer_class):
    class Dropping(peer_class):
        def serve(self, line: socket.socket) -> None:
            self.line = line
            super().serve(line)

    def answer(_: bytes) -> bytes:
        if peer_class is HislipPeer:
            peer.line.sendall(b"HS\x07\x00\xff\xff\xff\x00" + (1000).to_bytes(8, "big") + b"#41000")
        else:
            peer.line.sendall(b"#41000" + bytes(100))
        raise ConnectionAbortedError

    with Dropping(answer) as peer:
        session = connect(peer, timeout_s=0.3)
        if peer_class is HislipPeer:
            peer.line = peer._connections[0]
        with pytest.raises(NotConnected, match="lost"):
            session.query_block("BLOCK?")
        with pytest.raises(NotConnected, match="open it again"):
            session.query("NEXT?")


def test_an_instrument_that_closes_the_line_is_noticed_at_once(peer_class):
    def answer(_: bytes) -> bytes:
        raise ConnectionAbortedError

    with peer_class(answer) as peer:
        session = connect(peer, timeout_s=5.0)
        started_s = time.perf_counter()
        with pytest.raises(NotConnected):
            session.query("Q?")
        assert time.perf_counter() - started_s < 1.0


def test_clearing_a_line_whose_peer_is_gone_ends(peer_class):
    with peer_class(echo) as peer:
        session = connect(peer, timeout_s=0.2)
        assert session.query("Q?") == "Q?"
    started_s = time.perf_counter()
    session.clear()
    assert time.perf_counter() - started_s < 3.0
    with pytest.raises(NotConnected):
        session.query("Q?")


def test_a_clear_that_is_never_acknowledged_ends_and_the_line_is_opened_anew():
    silent_once = iter([None])

    def answer(message: bytes) -> bytes | None:
        return next(silent_once, echo(message))

    with HislipPeer(answer, acknowledges=False) as peer:
        session = connect(peer, timeout_s=0.1)
        started_s = time.perf_counter()
        with pytest.raises(InstrumentTimeout):
            session.query("Q1?")
        assert time.perf_counter() - started_s < 3.0
        assert session.query("Q2?") == "Q2?"
        session.close()


def test_ctrl_c_in_the_middle_of_a_block_leaves_a_usable_session(peer_class):
    class Halting(peer_class):
        """Sends half of the first block and then nothing."""

        def serve(self, line: socket.socket) -> None:
            self.line = line
            super().serve(line)

    def answer(message: bytes) -> bytes | None:
        if message == b"HALF?":
            if peer_class is HislipPeer:
                head = b"HS\x07\x00" + (0xFFFF_FF00).to_bytes(4, "big") + (100).to_bytes(8, "big")
                peer._connections[0].sendall(head + b"#3096" + bytes(20))
            else:
                peer.line.sendall(b"#3096" + bytes(20))
            return None
        return echo(message)

    def interrupt(*_) -> None:
        raise KeyboardInterrupt

    with Halting(answer) as peer:
        session = connect(peer)
        before = signal.signal(signal.SIGALRM, interrupt)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(KeyboardInterrupt):
                session.query_block("HALF?")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert session.query("NEXT?") == "NEXT?"
        session.close()


def test_a_time_out_on_hislip_clears_the_instrument():
    with HislipPeer(lambda _: None) as peer:
        session = connect(peer, timeout_s=0.1)
        with pytest.raises(InstrumentTimeout):
            session.query("Q?")
        assert peer.cleared.wait(2)
        session.close()


def test_something_that_is_no_hislip_instrument_is_an_error():
    with BannerPeer(b"220 mail.example.org ESMTP ready\r\n") as peer:
        name = f"TCPIP::127.0.0.1::hislip0,{peer.port}::INSTR"
        with pytest.raises(NotConnected, match="cannot be reached"):
            open_session(name, role="role", timeout_s=1.0)


def test_garbage_in_the_middle_of_hislip_is_an_error():
    def answer(_: bytes) -> None:
        peer._connections[0].sendall(b"garbage of sixteen bytes and more")

    with HislipPeer(answer) as peer:
        session = connect(peer, timeout_s=0.3)
        with pytest.raises(NotConnected):
            session.query("Q?")


@pytest.mark.parametrize("reply", [b"no block\n", b"#15abc\n"])
def test_a_block_that_is_none_is_an_error(peer_class, reply):
    with peer_class(lambda _: reply) as peer:
        session = connect(peer, timeout_s=0.3)
        with pytest.raises(InstrumentError):
            session.query_block("BLOCK?")
        session.close()


def test_two_threads_on_one_session_get_their_own_answers(peer_class):
    wrong: list[str] = []
    with peer_class(echo) as peer:
        session = connect(peer)

        def ask(name: str) -> None:
            wrong.extend(
                answer for _ in range(100) if (answer := session.query(f"{name}?")) != f"{name}?"
            )

        threads = [threading.Thread(target=ask, args=(name,)) for name in "AB"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        session.close()
    assert wrong == []
