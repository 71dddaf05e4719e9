"""A clock that asks the device while the bench waits, and is silent where it is told to be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench.errors import LinkTimeout
from bench.station.attention import AttentiveClock


class Stepping:
    """A clock that only moves when it is told to sleep."""

    simulated = True

    def __init__(self) -> None:
        self.time_ns = 0

    def now_ns(self) -> int:
        return self.time_ns

    def synchronise(self) -> int:
        return self.time_ns

    def sleep(self, duration_s: float) -> None:
        self.time_ns += max(0, round(duration_s * 1e9))

    def wait_until(
        self, condition: Callable[[], bool], *, timeout_s: float, poll_s: float = 0.01
    ) -> bool:
        raise AssertionError("the waiting is the attentive clock's own, so that it asks meanwhile")


def attentive(
    *, tapped: bool = False, error: Exception | None = None
) -> tuple[AttentiveClock, list[float]]:
    """Return a clock over a device with a time-out of ten seconds, and when it was asked."""
    inner = Stepping()
    clock = AttentiveClock(inner)
    asked: list[float] = []

    def ask() -> None:
        asked.append(inner.time_ns / 1e9)
        if error is not None:
            raise error

    clock.attend(ask, timeout_s=10.0, tapped=lambda: tapped)
    return clock, asked


def test_a_long_wait_is_broken_by_requests_and_as_long_as_asked() -> None:
    clock, asked = attentive()
    clock.sleep(30.0)
    assert asked == pytest.approx([4.0, 8.0, 12.0, 16.0, 20.0, 24.0, 28.0])
    assert clock.now_ns() == 30_000_000_000


def test_short_waits_add_up() -> None:
    clock, asked = attentive()
    for _ in range(100):
        clock.sleep(0.1)
    assert asked == pytest.approx([4.0, 8.0], abs=0.11)


def test_polling_is_a_wait_too() -> None:
    clock, asked = attentive()
    assert not clock.wait_until(lambda: False, timeout_s=9.0, poll_s=1.0)
    assert asked == pytest.approx([4.0, 8.0], abs=1.01)
    assert clock.wait_until(lambda: True, timeout_s=0.0)


def test_a_tapped_link_is_asked_as_late_as_possible() -> None:
    clock, asked = attentive(tapped=True)
    clock.sleep(20.0)
    assert asked == pytest.approx([8.0, 16.0])


def test_silence_is_kept_and_ended() -> None:
    clock, asked = attentive()
    with clock.silence():
        clock.sleep(15.0)
    assert asked == []
    clock.sleep(1.0)
    assert asked == pytest.approx([15.0])


def test_a_silent_device_does_not_end_the_wait() -> None:
    clock, asked = attentive(error=LinkTimeout("silent"))
    clock.sleep(9.0)
    assert len(asked) == 2
    assert clock.now_ns() == 9_000_000_000


def test_without_a_watched_link_it_is_the_clock_alone() -> None:
    inner = Stepping()
    clock = AttentiveClock(inner)
    clock.sleep(100.0)
    assert (inner.time_ns, clock.synchronise()) == (100_000_000_000, 100_000_000_000)
