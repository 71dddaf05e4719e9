"""The clocks: waiting by condition, and a virtual clock that keeps its order after a cut."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress

import pytest

from bench.clock import TwinClock, WallClock
from bench.errors import NotConnected
from bench.twin.clock_page import ClockPage


@contextmanager
def serving(answers=()):
    """Serve a clock whose time moves only by ADV; ``answers`` replace what is said to a line."""
    listener = socket.create_server(("127.0.0.1", 0))
    fixed, state = dict(answers), {"now": 0}

    def serve(connection):
        cut_off = suppress(ConnectionError)
        with cut_off, connection, connection.makefile("rwb", buffering=0) as stream:
            for line in stream:
                words = line.split()
                state["now"] += int(words[1]) if words[0] == b"ADV" else 0
                answer = fixed.get(line.strip(), str(state["now"]))
                stream.write(answer.encode() + b"\n")

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


@pytest.fixture
def server():
    with serving() as address:
        yield address


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
    reader = clock._reader

    class Interrupting:
        def readline(self):
            reader.peek()  # the answer has come, and nobody has read it
            raise KeyboardInterrupt

        def close(self):
            reader.close()

    monkeypatch.setattr(clock, "_reader", Interrupting())
    with pytest.raises(KeyboardInterrupt):
        clock.sleep(1.0)

    clock.sleep(2.0)

    assert clock.now_ns() == 3_000_000_000
    clock.close()


def test_time_that_others_let_pass_is_read_from_the_page():
    page = ClockPage()
    with serving({b"PAGE?": page.address}) as address:
        clock = TwinClock(address)

        page.write(250_000_000)

        assert clock.now_ns() == 250_000_000
        clock.close()


@pytest.mark.parametrize("broken", ["path", "token"])
def test_a_page_out_of_reach_is_asked_for(broken):
    page = ClockPage()
    page.write(1)
    path, token = page.address.split()
    wrong = {"path": f"/nowhere {token}", "token": f"{path} {'0' * 32}"}[broken]
    with serving({b"PAGE?": wrong, b"NOW?": "7"}) as address:
        clock = TwinClock(address)

        assert clock.now_ns() == 7
        clock.close()


def test_nobody_at_the_address_is_one_clear_line():
    with pytest.raises(NotConnected, match=r"nothing answers at 127\.0\.0\.1:1 "):
        TwinClock("127.0.0.1:1")


def test_the_wall_clock_moves_by_itself():
    clock = WallClock()
    before = clock.now_ns()

    clock.sleep(0.001)

    assert clock.now_ns() - before >= 1_000_000
