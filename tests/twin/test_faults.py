"""Each fault has its effect at the terminals or on the link, and nothing else can be fitted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.twin.faults import DEVICE_FAULTS, FaultError
from tests.twin.unit_under_test import UA_PER_SHUNT_V, UnitUnderTest

LEVELS = (80, 160, 240, 320, 400)


def plateaus(unit: UnitUnderTest, seconds: float = 0.25) -> tuple[float, float]:
    """Return the highest and the lowest current."""
    current = unit.currents_ua(seconds)
    return float(np.max(current)), float(np.min(current))


@pytest.mark.parametrize("name", sorted(DEVICE_FAULTS))
def test_every_severity_of_every_fault_can_be_fitted_and_run(name: str) -> None:
    envelope = {"rate_hz": 8.0, "depth": 0.5, "shape": "sine"} if name == "T08" else None
    for severity in DEVICE_FAULTS[name].severities:
        unit = UnitUnderTest(f"{name}={severity}", waveform__envelope=envelope)
        unit.power_up()
        unit.ask("LEVEL 3")
        unit.ask("START 60")
        unit.wait(3.0)


@pytest.mark.parametrize(("severity", "gain"), [("low", 1.08), ("middle", 1.25), ("high", 2.0)])
def test_a01_scales_the_amplitude(severity: str, gain: float) -> None:
    high, low = plateaus(UnitUnderTest(f"A01={severity}").run(level=2))
    assert (high, low) == (
        pytest.approx(160 * gain, rel=0.02),
        pytest.approx(-160 * gain, rel=0.02),
    )


@pytest.mark.parametrize(("severity", "offset_ua"), [("low", 0.5), ("middle", 5.0), ("high", 50.0)])
def test_a03_moves_both_plateaus(severity: str, offset_ua: float) -> None:
    unit = UnitUnderTest(f"A03={severity}")
    unit.unit.source.gain_negative = 1.0
    high, low = plateaus(unit.run(level=1))
    assert (high + low) / 2 == pytest.approx(offset_ua, abs=0.05)


@pytest.mark.parametrize(("severity", "skew"), [("low", 0.01), ("middle", 0.1)])
def test_a05_skews_the_durations_and_not_the_amplitudes(severity: str, skew: float) -> None:
    unit = UnitUnderTest(f"A05={severity}").run()
    current = unit.currents_ua(unit.unit.machine.timer.programme.cycle_ns / 1e9, 10e-6)
    positive, negative = np.sum(current > 200), np.sum(current < -200)
    assert (positive - negative) / (positive + negative) == pytest.approx(skew, abs=0.002)
    assert np.max(current) == pytest.approx(-np.min(current), rel=0.02)


@pytest.mark.parametrize(
    ("severity", "found"),
    [
        ("low", (160, 160, 240, 320, 400)),
        ("middle", (160, 240, 320, 400, 400)),
        ("high", (160, 240, 320, 400, 800)),
    ],
)
def test_a06_delivers_a_neighbouring_level(severity: str, found: tuple[int, ...]) -> None:
    unit = UnitUnderTest(f"A06={severity}")
    current = unit.unit.firmware.level_current
    assert tuple(current(level) for level in range(1, 6)) == found
    assert plateaus(unit.run(level=1))[0] == pytest.approx(found[0], rel=0.03)


def test_a14_silences_one_polarity() -> None:
    unit = UnitUnderTest("A14=middle", firmware_settings__dc_threshold_ua=1e6).run()
    high, low = plateaus(unit)
    assert high == pytest.approx(400, rel=0.02)
    assert low == pytest.approx(0, abs=1)
    assert plateaus(UnitUnderTest("A14=high", firmware_settings__dc_threshold_ua=1e6).run()) == (
        pytest.approx(0, abs=1),
        pytest.approx(-400, rel=0.02),
    )


def test_a14_low_silences_one_negative_pulse_in_ten() -> None:
    unit = UnitUnderTest("A14=low").run()
    period_s = unit.unit.machine.timer.programme.cycle_ns / 1e9
    current = unit.currents_ua(4 * period_s, 1e-4)
    assert np.sum(current < -200) / np.sum(current > 200) == pytest.approx(0.9, abs=0.01)


def test_a15_is_direct_current_until_the_protection_trips() -> None:
    unit = UnitUnderTest("A15=middle", firmware_settings__dc_threshold_ua=1e6).run()
    assert plateaus(unit) == (pytest.approx(400, rel=0.02), pytest.approx(400, rel=0.02))
    guarded = UnitUnderTest("A15=middle").run()
    assert guarded.values("STAT?")["faults"] == "010"


def test_a15_low_recovers_after_a_second() -> None:
    unit = UnitUnderTest("A15=low", firmware_settings__dc_threshold_ua=1e6).run()
    unit.wait(1.0)
    assert plateaus(unit)[0] == pytest.approx(400, rel=0.02)


@pytest.mark.parametrize(
    ("severity", "session_s"), [("low", 1.03), ("middle", 2.0), ("high", float("inf"))]
)
def test_f01_keeps_delivering(severity: str, session_s: float) -> None:
    unit = UnitUnderTest(f"F01={severity}").power_up()
    unit.ask("START 100")
    unit.wait(100.0 * min(session_s, 5.0) - 1.0)
    assert unit.unit.firmware.delivering
    unit.wait(2.0)
    assert unit.unit.firmware.delivering == (severity == "high")


@pytest.mark.parametrize(("severity", "output"), [("low", False), ("middle", True), ("high", True)])
def test_f07_delivers_while_charging(severity: str, output: bool) -> None:
    unit = UnitUnderTest(f"F07={severity}").run()
    unit.supply(3, 5.0)
    unit.close(113)
    unit.wait(0.4)
    assert unit.unit.firmware.delivering
    unit.wait(1.0)
    assert unit.unit.firmware.delivering == output


@pytest.mark.parametrize(("severity", "lost"), [("low", True), ("middle", False), ("high", False)])
def test_f09_does_not_see_an_open_contact(severity: str, lost: bool) -> None:
    unit = UnitUnderTest(f"F09={severity}").run()
    unit.open(107)
    unit.wait(1.0)
    assert unit.unit.firmware.delivering != lost
    assert (
        np.max(np.abs(unit.samples("electrode", unit.record(0.2), unit.now_ns, 1e-3))) > 15
    ) != lost


@pytest.mark.parametrize(("severity", "word"), [("middle", "002"), ("high", "000")])
def test_p01_leaves_the_overcurrent_to_the_next_layer(severity: str, word: str) -> None:
    unit = UnitUnderTest(f"P01={severity}").run(load=101)
    unit.unlock()
    unit.ask("T:INJ overcurrent_ua,800")
    unit.wait(0.5)
    assert unit.values("STAT?")["faults"] == word


@pytest.mark.parametrize(("severity", "seconds"), [("low", 0.05), ("middle", 0.5), ("high", 5.0)])
def test_r05_takes_its_time_to_stop(severity: str, seconds: float) -> None:
    unit = UnitUnderTest(f"R05={severity}").run()
    assert unit.ask("STOP") == "OK"
    unit.wait(seconds * 0.7)
    assert unit.unit.firmware.delivering
    unit.wait(seconds * 0.5 + 0.02)
    assert unit.state == "IDLE"


@pytest.mark.parametrize(("severity", "leak_ua"), [("low", 0.05), ("middle", 0.5), ("high", 5.0)])
def test_o01_leaks_while_off(severity: str, leak_ua: float) -> None:
    unit = UnitUnderTest(f"O01={severity}").power_up()
    unit.ask("POWEROFF")
    unit.wait(0.1)
    assert unit.mean_ua(1.0) == pytest.approx(leak_ua, rel=0.01)


def test_faults_combine() -> None:
    high, low = plateaus(UnitUnderTest("A01=middle", "A04=high", "A03=high").run(level=1))
    assert high == pytest.approx(80 * 1.25 + 50, rel=0.01)
    assert low == pytest.approx(-80 * 1.25 * 1.5 + 50, rel=0.02)


def test_a11_clips_at_ten_kilohm_only() -> None:
    assert plateaus(UnitUnderTest("A11=high").run(load=102))[0] == pytest.approx(400, rel=0.02)
    clipped = plateaus(UnitUnderTest("A11=high").run(load=103))[0]
    assert clipped == pytest.approx(3.0 / 10_200 * 1e6, rel=0.01)


def test_a13_shows_at_low_loads_only() -> None:
    assert plateaus(UnitUnderTest("A13=middle").run(load=102))[0] == pytest.approx(400, rel=0.02)
    assert plateaus(UnitUnderTest("A13=middle").run(load=101))[0] == pytest.approx(480, rel=0.02)


def test_a20_sends_a_larger_charge_at_a_hot_connect() -> None:
    charges = []
    for faults in ((), ("A20=middle",)):
        unit = UnitUnderTest(*faults).run(load=101)
        unit.unit.contact.enabled = False
        unit.open(107)
        unit.wait(0.1)
        start_ns = unit.now_ns
        unit.world.keep_trace(start_ns)
        while abs(unit.world.unit.machine.value(3)) < 15.0:
            unit.wait(1e-3)
        closing_ns = unit.now_ns
        unit.close(107)
        unit.wait(1e-3)
        current = unit.samples("shunt", closing_ns, unit.now_ns, 1e-7) / 100.0
        spike = np.where(np.abs(current) > 1e-3, current, 0.0)
        charges.append(abs(float(np.sum(spike))) * 1e-7 * 1e9)
    assert charges[0] < 60.0
    assert charges[1] > 700.0


def test_t04_leaves_out_about_as_many_pulses_as_it_should() -> None:
    unit = UnitUnderTest("T04=high").run(level=2)
    current = np.abs(unit.currents_ua(60.0, 1e-3))
    missing = 1.0 - np.sum(current > 80) / (current.size * 0.48)
    assert 0.004 < missing < 0.02


def test_i01_opens_the_lead_now_and_then() -> None:
    unit = UnitUnderTest("I01=high")
    opened: list[bool] = []
    changed = unit.unit.lead.changed
    unit.unit.lead.changed = lambda is_open: (opened.append(is_open), changed(is_open))[1]
    unit.run()
    unit.wait(300.0)
    assert 2 <= sum(opened) <= 25


def test_f05_gives_output_while_it_starts() -> None:
    unit = UnitUnderTest("F05=middle")
    unit.close(101, 107, 108, 114)
    start_ns = unit.now_ns
    unit.world.keep_trace(start_ns)
    unit.supply(1, 3.7)
    unit.wait(0.3)
    current = unit.samples("shunt", start_ns, unit.now_ns, 1e-4) * UA_PER_SHUNT_V
    assert np.max(current) == pytest.approx(80, rel=0.02)
    assert np.sum(current > 40) * 1e-4 == pytest.approx(5e-3, rel=0.1)


def test_p10_resumes_after_the_watchdog() -> None:
    unit = UnitUnderTest("P10=high").run(level=1)
    unit.unlock()
    unit.ask("T:HANG main")
    unit.wait(3.0)
    assert plateaus(unit)[0] == pytest.approx(400, rel=0.02)


def test_b03_leaves_the_output_stuck_after_a_dip() -> None:
    unit = UnitUnderTest("B03=middle").run()
    unit.supply(1, 2.2)
    unit.wait(0.2)
    unit.supply(1, 3.7)
    unit.wait(2.0)
    high, low = plateaus(unit)
    assert high == pytest.approx(low, abs=0.5)
    assert unit.ask("STAT?") == ""


@pytest.mark.parametrize(
    ("fault", "line", "reply"),
    [
        ("C04=low", "LEVEL 99", "OK"),
        ("C05=low", "level 2", "OK"),
        ("C05=middle", "STA 5", "OK"),
        ("C09=middle", "T:INJ overcurrent_ua,0", "OK"),
        ("C09=low", "T:INJ overcurrent_ua,0", "ERR 40 LOCKED"),
    ],
)
def test_faulty_parsers_take_what_they_should_refuse(fault: str, line: str, reply: str) -> None:
    assert UnitUnderTest(fault).power_up().ask(line) == reply


def test_c07_is_another_device() -> None:
    assert UnitUnderTest("C07=middle").power_up().values("IDN?")["fw"] != "1.0.0"
    assert UnitUnderTest("C07=high").power_up().values("IDN?")["model"] != "REF-ALT-400"


def test_c01_tells_what_is_not_so() -> None:
    unit = UnitUnderTest("C01=middle").run(level=4)
    assert unit.values("STAT?")["level"] == "1"


STRANGER = """
class WeakNegative:
    def fit(self, unit, severity):
        healthy = unit.stage.current_ua

        def current_ua(set_ua, polarity, level):
            value = healthy(set_ua, polarity, level)
            return value * (0.5 if polarity < 0 else 1.0)

        unit.stage.current_ua = current_ua


class Broken:
    def fit(self, unit, severity):
        unit.no_such_part.value = 1
"""


def test_strangers_class_is_fitted_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(STRANGER)
    unit = UnitUnderTest(faults=[{"spec": f"{path}:WeakNegative", "severity": None}])
    unit.unit.direct_current.dead = True
    assert plateaus(unit.run())[1] == pytest.approx(-200, rel=0.02)


@pytest.mark.parametrize(
    ("spec", "severity", "message"),
    [
        ("Z99", "low", "fault Z99: not known; known are A01"),
        ("A01", "worst", "expected severity low, middle or high, found 'worst'"),
        ("P01", "low", "no severity low; it has middle, high"),
        ("{path}:Missing", None, "no class Missing with fit"),
        ("{path}:Broken", None, "its fit.. raised AttributeError"),
        ("nowhere.py:Fault", None, "no file nowhere.py"),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_its_reason(
    tmp_path: Path, spec: str, severity: str | None, message: str
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(STRANGER)
    with pytest.raises(FaultError, match=message):
        UnitUnderTest(faults=[{"spec": spec.format(path=path), "severity": severity}])


MODES = [
    {"rates_hz": [80.0], "durations_s": []},
    {"rates_hz": [80.0, 40.0, 20.0], "durations_s": [0.5, 0.5, 1.0]},
]


def in_sequence(*faults: str) -> UnitUnderTest:
    unit = UnitUnderTest(
        *faults, waveform__modes=MODES, waveform__kind="biphasic", waveform__pulse_duration_s=1e-3,
        firmware_settings__modes=["steady", "programme"], waveform__pulses_per_train=1,
    ).power_up()  # fmt: skip
    assert unit.ask("MODE programme") == "OK"
    assert unit.ask("START 60") == "OK"
    unit.wait(1.5)
    return unit


def rates_hz(unit: UnitUnderTest, seconds: float) -> set[int]:
    """Return the rates at which leading edges follow each other."""
    current = unit.currents_ua(seconds, 100e-6)
    leading = np.flatnonzero((current[1:] > 50) & (current[:-1] <= 50))
    return {round(1 / (step * 100e-6) / 5) * 5 for step in np.diff(leading)}


def test_a_sequence_plays_its_rates_and_t07_skips_one() -> None:
    assert rates_hz(in_sequence(), 4.0) == {80, 40, 20}
    assert rates_hz(in_sequence("T07=middle"), 3.0) == {80, 40}
    assert rates_hz(in_sequence("T07=high"), 4.0) == {40, 20}


def test_t06_plays_the_next_mode() -> None:
    assert rates_hz(in_sequence("T06=high"), 1.0) == {80}


def test_p15_lets_direct_current_pass_the_second_limiter() -> None:
    found = []
    for faults in ((), ("P15=high",)):
        unit = UnitUnderTest(
            *faults, output__blocking_uf=1.0, firmware_settings__dc_threshold_ua=1e6
        ).run()
        unit.unit.injection.stuck_polarity = 1
        unit.wait(4.0)
        found.append(unit.mean_ua(2.0))
    assert found == [pytest.approx(0.0, abs=4.0), pytest.approx(400, rel=0.05)]


def test_p15_leaves_nothing_behind_the_first_protection() -> None:
    states = []
    for faults in ((), ("P15=high",)):
        unit = UnitUnderTest(
            *faults, output__second_dc_ua=60.0, firmware_settings__dc_threshold_ua=50.0
        ).run()
        unit.unit.direct_current.enabled = False
        unit.unit.injection.stuck_polarity = 1
        unit.wait(1.0)
        states.append(unit.state)
    assert states == ["FAULT", "RUN"]


def test_a_boost_ends_by_itself() -> None:
    unit = UnitUnderTest(output__boost={"current_ua": 500.0, "duration_s": 2.0}).run(level=1)
    assert unit.ask("BOOST") == "OK"
    unit.wait(0.1)
    assert plateaus(unit)[0] == pytest.approx(500, rel=0.03)
    unit.wait(2.0)
    assert plateaus(unit)[0] == pytest.approx(80, rel=0.05)
    assert UnitUnderTest().run().ask("BOOST") == "ERR 10 VERB"


def ripple_ua(unit: UnitUnderTest, *, row: int, stop_s: float, slice_s: float) -> float:
    """Return the r.m.s. current about its mean that the meter's slices show at a relay's node."""
    unit.close(row)
    edges_ns = unit.record(stop_s) + np.arange(0, round(stop_s * 1e9) + 1, round(slice_s * 1e9))
    means_v = unit.world.mean_voltages(edges_ns)
    assert means_v is not None
    unit.open(row)
    return float(np.std(means_v)) * UA_PER_SHUNT_V


@pytest.mark.parametrize(("severity", "damping"), [("low", 0.6), ("middle", 0.4)])
def test_a19_overshoots_as_its_damping_says(severity: str, damping: float) -> None:
    unit = UnitUnderTest(f"A19={severity}")
    unit.unit.source.rise_time_constant_us = 1.0
    current = unit.run(load=101).currents_ua(0.25, 2e-6)
    overshoot = np.exp(-np.pi * damping / np.sqrt(1 - damping**2))
    top = np.median(current[current > 300])
    assert np.max(current) / top - 1 == pytest.approx(overshoot, abs=0.02)
    assert np.min(current) / top + 1 == pytest.approx(-overshoot, abs=0.03)


@pytest.mark.parametrize(("severity", "through_us"), [("low", 1.0), ("middle", 20.0)])
def test_a16_lets_the_rail_through_at_every_phase(severity: str, through_us: float) -> None:
    unit = UnitUnderTest(f"A16={severity}").run(load=101)
    current = unit.currents_ua(0.25, 0.5e-6)
    half_rail_ua = unit.unit.stage.rail_v() / 2 / 600 * 1e6
    assert np.max(current) == pytest.approx(half_rail_ua, rel=0.03)
    assert np.min(current) == pytest.approx(-half_rail_ua, rel=0.03)
    spikes_s = np.sum(np.abs(current) > half_rail_ua / 2) * 0.5e-6
    assert spikes_s / 20 == pytest.approx(through_us * 1e-6, abs=0.6e-6)
    assert np.median(current[current > 100]) == pytest.approx(400, rel=0.02)


def test_a16_for_long_is_an_overcurrent() -> None:
    assert UnitUnderTest("A16=high").run(load=101).state == "FAULT"


@pytest.mark.parametrize(("load", "share"), [(105, 1.0), (104, 1.0), (103, 0.0)])
def test_a21_oscillates_into_a_capacitance_alone(load: int, share: float) -> None:
    unit = UnitUnderTest("A21=middle").run(load=load)
    start_ns = unit.record(0.25)
    table = unit.world.trace("shunt", start_ns, unit.now_ns)
    amplitudes = [np.max(np.abs(tone.amplitude_v)) for tone in table.tones] or [0.0]
    found_ua = amplitudes[0] * UA_PER_SHUNT_V
    # The output's own capacitor takes a part: 1 nF is 800 Ω at 200 kHz, skin 1.1 kΩ.
    assert 0.4 * 40 * share <= found_ua <= 40 * share
    pauses = np.array([np.abs(tone.amplitude_v) == 0.0 for tone in table.tones])
    assert not pauses.size or pauses.any()


@pytest.mark.parametrize(("severity", "rms_ua"), [("low", 0.3), ("middle", 5.0), ("high", 50.0)])
def test_a23_couples_the_mains_into_the_load_while_charging(severity: str, rms_ua: float) -> None:
    unit = UnitUnderTest(f"A23={severity}").power_up()
    quiet_ua = ripple_ua(unit, row=115, stop_s=0.2, slice_s=250e-6)
    unit.supply(3, 5.0)
    unit.close(113)
    unit.wait(0.5)
    assert quiet_ua < 0.5
    assert ripple_ua(unit, row=115, stop_s=0.2, slice_s=250e-6) == pytest.approx(rms_ua, rel=0.02)


@pytest.mark.parametrize(("severity", "rms_ua"), [("low", 1.0), ("middle", 20.0), ("high", 200.0)])
def test_o03_flows_to_earth_and_not_through_the_shunt(severity: str, rms_ua: float) -> None:
    unit = UnitUnderTest(f"O03={severity}").power_up()
    unit.supply(3, 5.0)
    unit.close(113)
    unit.wait(0.5)
    assert ripple_ua(unit, row=115, stop_s=0.2, slice_s=250e-6) < 0.2
    unit.open(108, 107)
    for path in (208, 209):
        unit.close(path, 112)
        # Across the network's capacitor 1 V is 1 mA, and the shunt's helper counts 0.1 V for it.
        found_ua = ripple_ua(unit, row=118, stop_s=0.2, slice_s=250e-6) / 10
        assert found_ua == pytest.approx(rms_ua, rel=0.03)
        unit.open(path, 112)
