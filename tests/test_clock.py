"""The clocks: waiting by condition, and a virtual clock that keeps its order after a cut."""

from __future__ import annotations

import socket
import threading

import pytest

from bench.clock import TwinClock, WallClock
from bench.errors import NotConnected


@pytest.fixture
def server():
    """A clock server whose time moves only by ADV; it answers every connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    state = {"now": 0}
    followers = []

    def serve(connection):
        with connection, connection.makefile("rwb", buffering=0) as stream:
            for line in stream:
                words = line.split()
                state["now"] += int(words[1]) if words[0] == b"ADV" else 0
                for follower in followers if words[0] == b"ADV" else ():
                    follower.write(b"T %d\n" % state["now"])
                if words[0] == b"FOLLOW":
                    followers.append(stream)
                stream.write(b"%d\n" % state["now"])
            followers[:] = [follower for follower in followers if follower is not stream]

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield f"127.0.0.1:{listener.getsockname()[1]}"
    listener.close()


def test_sleeping_moves_virtual_time(server):
    clock = TwinClock(server)

    clock.sleep(1.5)

    assert clock.now_ns() == 1_500_000_000
    clock.close()


def test_waiting_gives_up_after_its_time(server):
    clock = TwinClock(server)

    assert not clock.wait_until(lambda: False, timeout_s=0.1, poll_s=0.03)
    assert clock.now_ns() == 100_000_000
    clock.close()


def test_waiting_ends_when_the_condition_holds(server):
    clock = TwinClock(server)

    assert clock.wait_until(lambda: clock.now_ns() >= 50_000_000, timeout_s=1.0, poll_s=0.01)
    assert clock.now_ns() == 50_000_000
    clock.close()


def test_an_interrupted_question_does_not_shift_the_answers(server, monkeypatch):
    clock = TwinClock(server)

    def interrupt():
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(clock, "_receive", interrupt)
        with pytest.raises(KeyboardInterrupt):
            clock.sleep(1.0)

    clock.sleep(2.0)

    assert clock.now_ns() == 3_000_000_000
    clock.close()


def test_time_that_others_let_pass_is_told_without_a_question(server):
    clock, other = TwinClock(server), TwinClock(server)
    clock.now_ns()

    other.sleep(0.25)

    assert clock.now_ns() == 250_000_000
    clock.close()
    other.close()


def test_a_twin_that_ends_is_one_clear_line():
    listener = socket.create_server(("127.0.0.1", 0))
    clock = TwinClock(f"127.0.0.1:{listener.getsockname()[1]}")
    listener.accept()[0].close()
    listener.close()

    with pytest.raises(NotConnected, match=r"closed the line|reset"):
        clock.sleep(1.0)
    clock.close()


def test_nobody_at_the_address_is_one_clear_line():
    with pytest.raises(NotConnected, match=r"nothing answers at 127\.0\.0\.1:1 "):
        TwinClock("127.0.0.1:1")


def test_the_wall_clock_moves_by_itself():
    clock = WallClock()
    before = clock.now_ns()

    clock.sleep(0.001)

    assert clock.now_ns() - before >= 1_000_000
