"""A scope that shares its memory among the channels that are on: those not needed are switched off."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from bench.errors import NotOffered
from bench.station.acquisition import Acquirer, Shot
from bench.station.scales import Label
from bench.stopwatch import Stopwatch
from tests.instruments.loopback import OnLoopback

CHANNELS = {Label.CURRENT: 1, Label.TRANSIENT: 2, Label.ELECTRODE: 3, Label.SYNC: 4}
DEPTHS = {1: (1_000, 10_000), 2: (1_000,), 4: (1_000,)}
"""Of a DHO804 with a thousandth of its memory."""
SHORT = Shot(title="all", full_scale=dict.fromkeys(CHANNELS, 1.0), duration_s=0.02, points=500)
LONG = replace(SHORT, title="fast record", full_scale={Label.CURRENT: 1.0}, duration_s=0.2)


class Views:
    """Every channel reads volts as they are."""

    def view(self, label):
        return SimpleNamespace(channel=CHANNELS[label], sensitivity=1.0, unit="V")

    def of(self, label, volts):
        del label, volts
        return SimpleNamespace(sensitivity=1.0, zero_v=0.0)


@pytest.fixture
def bench(monkeypatch):
    found = OnLoopback("rigol-dho800")
    monkeypatch.setattr(type(found.simulated), "DEPTHS", DEPTHS)
    monkeypatch.setattr(type(found.driver), "MEMORY_POINTS", DEPTHS)
    return found


def acquirer(bench) -> Acquirer:
    bench.driver.reset()
    return Acquirer(
        scope=bench.driver,
        clock=bench.clock,
        scales=Views(),
        stopwatch=Stopwatch(),
        store=lambda waveform: f"{waveform.record_length}",
        record=lambda capture: None,
        on_action=lambda: None,
        timestamp=lambda: "",
    )


def shown(bench) -> set[int]:
    return set(bench.simulated.settings.shown())


def test_a_record_that_does_not_fit_is_taken_alone_and_the_others_come_back(bench):
    taker = acquirer(bench)
    taker.take(SHORT, conditions={})
    assert shown(bench) == {1, 2, 3, 4}
    capture = taker.take(replace(LONG, points=4_000), conditions={})
    assert capture.waveforms[Label.CURRENT].sample_interval_s <= 2 * 0.2 / 4_000
    assert shown(bench) == {1}
    taker.take(SHORT, conditions={})
    assert shown(bench) == {1, 2, 3, 4}


def test_what_no_memory_holds_is_not_offered_and_tried_alone_once(bench):
    taker = acquirer(bench)
    taker.take(SHORT, conditions={})
    for _ in range(2):
        with pytest.raises(NotOffered, match="memory is too small"):
            taker.take(replace(LONG, points=40_000), conditions={})


def test_a_record_with_a_cause_is_not_repeated(bench):
    causes: list[int] = []
    taker = acquirer(bench)
    taker.take(SHORT, conditions={})
    with pytest.raises(NotOffered):
        taker.take(replace(LONG, points=4_000), conditions={}, cause=lambda: causes.append(1))
    assert causes == [1]
