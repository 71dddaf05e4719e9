"""The state machine, the timers and each protection's timing, seen at the terminals."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.twin.unit_under_test import NS, UA_PER_SHUNT_V, UnitUnderTest

OFF_UA = 10.0


def last_above_s(unit: UnitUnderTest, start_ns: int, *, limit_ua: float = OFF_UA) -> float:
    """Return the last instant at which the shunt's current exceeds a limit."""
    step_s = 2e-6
    current = unit.samples("shunt", start_ns, unit.now_ns, step_s) * UA_PER_SHUNT_V
    above = np.nonzero(np.abs(current) > limit_ua)[0]
    return float(above[-1]) * step_s if above.size else 0.0


def test_power_brings_it_up_through_boot_to_idle() -> None:
    unit = UnitUnderTest()
    unit.supply(1, 3.7)
    assert unit.ask("STAT?") == ""
    unit.close(114)
    unit.wait(0.1)
    assert unit.state == "BOOT"
    unit.wait(0.5)
    assert unit.state == "IDLE"


def test_session_ramps_linearly_to_the_level() -> None:
    unit = UnitUnderTest().power_up()
    unit.ask("LEVEL 5")
    unit.ask("START 60")
    start_ns = unit.record(1.3)
    current = np.abs(unit.samples("shunt", start_ns, unit.now_ns, 1e-3)) * UA_PER_SHUNT_V
    at = [float(np.max(current[k : k + 13])) for k in (250, 500, 750, 1200)]
    assert at[:3] == pytest.approx([0.25 * 400, 0.5 * 400, 0.75 * 400], abs=25)
    assert at[3] == pytest.approx(400, rel=0.02)
    assert unit.state == "RUN"


def test_armed_session_waits_for_contact() -> None:
    unit = UnitUnderTest().power_up(contact=False)
    assert unit.ask("START 60") == "OK"
    unit.wait(2.0)
    assert unit.state == "ARMED"
    assert np.max(np.abs(unit.currents_ua(1.0))) < OFF_UA
    unit.close(107)
    unit.wait(0.3)
    assert unit.state == "RAMP"


def test_session_ends_by_itself_after_its_time() -> None:
    unit = UnitUnderTest().power_up()
    unit.ask("START 30")
    unit.wait(29.5)
    assert unit.state == "RUN"
    unit.wait(1.0)
    assert unit.state == "IDLE"


def test_session_counter_can_be_preset_in_test_mode_only() -> None:
    unit = UnitUnderTest().run()
    assert unit.ask("T:TICK 1190") == "ERR 40 LOCKED"
    unit.unlock()
    unit.ask("T:TICK 1190")
    assert int(unit.values("STAT?")["left_s"]) < 10
    unit.wait(9.0)
    assert unit.state == "IDLE"


def test_frozen_timer_is_ended_by_the_independent_one() -> None:
    unit = UnitUnderTest().power_up()
    unit.unlock()
    unit.ask("START 40")
    unit.wait(2.0)
    unit.ask("T:INJ timer_frozen,1")
    unit.wait(43.0)
    assert unit.state == "RUN"
    unit.wait(8.0)
    assert unit.values("STAT?")["faults"] == "200"


def test_pause_holds_the_timer_and_resume_ramps_again() -> None:
    unit = UnitUnderTest().run()
    unit.ask("PAUSE")
    left = unit.values("STAT?")["left_s"]
    unit.wait(20.0)
    assert unit.values("STAT?") | {"n": "", "up_ms": ""} == unit.values("STAT?") | {
        "state": "PAUSE", "left_s": left, "n": "", "up_ms": "",
    }  # fmt: skip
    assert unit.ask("RESUME") == "OK"
    assert unit.state == "RAMP"


def test_stop_ends_the_output_when_the_command_arrives() -> None:
    unit = UnitUnderTest().run()
    start_ns = unit.now_ns
    unit.world.keep_trace(start_ns)
    unit.ask("STOP")
    unit.wait(0.2)
    assert last_above_s(unit, start_ns) < 1.2e-3
    assert unit.state == "IDLE"


@pytest.mark.parametrize("load", [101, 103])
def test_contact_loss_pauses_and_contact_resumes_with_a_ramp(load: int) -> None:
    unit = UnitUnderTest().run(load=load)
    start_ns = unit.now_ns
    unit.world.keep_trace(start_ns)
    unit.open(107)
    unit.wait(0.5)
    volts = np.abs(unit.samples("electrode", start_ns, unit.now_ns, 1e-4))
    assert np.max(volts) > 15.0  # the open output meets the rail
    assert np.max(volts[1000:2000]) < 5.0
    assert unit.values("STAT?")["contact"] == "0"
    assert unit.state == "PAUSE"
    unit.close(107)
    unit.wait(0.4)
    assert unit.state == "RAMP"


def test_contact_that_stays_away_ends_the_session() -> None:
    unit = UnitUnderTest().run()
    unit.open(107)
    unit.wait(11.0)
    assert unit.state == "IDLE"


def test_contact_is_sensed_with_small_pulses_only() -> None:
    unit = UnitUnderTest().power_up()
    current = unit.currents_ua(2.0, 1e-4)
    assert np.max(current) == pytest.approx(2.0, rel=0.05)
    assert np.mean(current) == pytest.approx(2.0 * 5e-3 * 4, abs=0.06)


@pytest.mark.parametrize(
    ("disabled", "limit_s", "fault"),
    [((), 60e-6, "001"), (("oc_fw",), 60e-6, "001"), (("oc_hw",), 20e-3, "002")],
    ids=["both", "hardware alone", "firmware alone"],
)
def test_overcurrent_trips_each_layer_in_its_own_time(
    disabled: tuple[str, ...], limit_s: float, fault: str
) -> None:
    unit = UnitUnderTest().run(load=101)
    unit.unlock()
    for name in disabled:
        unit.ask(f"T:PROT {name},0")
    for phase_s in (0.0, 2.3e-3, 5.9e-3):
        unit.wait(phase_s)
        start_ns = unit.now_ns
        unit.world.keep_trace(start_ns)
        unit.ask("T:INJ overcurrent_ua,800")
        unit.wait(0.1)
        current = np.abs(unit.samples("shunt", start_ns, unit.now_ns, 1e-6)) * UA_PER_SHUNT_V
        above = np.nonzero(current > 610.0)[0]
        assert 0 < (above[-1] - above[0]) * 1e-6 < limit_s
        status = unit.values("STAT?")
        assert (status["state"], status["level"], status["faults"]) == ("FAULT", "0", fault)
        assert unit.ask("START 60") == "ERR 50 FAULT"
        unit.ask("T:INJ overcurrent_ua,0")
        assert unit.ask("FCLR") == "OK"
        unit.ask("START 60")
        unit.wait(1.5)


@pytest.mark.parametrize("polarity", [1, -1])
def test_direct_current_trips_within_two_half_cycles(polarity: int) -> None:
    unit = UnitUnderTest().run()
    unit.unlock()
    start_ns = unit.now_ns
    unit.world.keep_trace(start_ns)
    unit.ask(f"T:INJ stuck_polarity,{polarity}")
    unit.wait(0.6)
    assert 0.02 < last_above_s(unit, start_ns) < 0.25
    assert unit.values("STAT?")["faults"] == "010"


@pytest.mark.parametrize("what", ["main", "all"])
def test_watchdog_ends_a_hang_and_latches(what: str) -> None:
    unit = UnitUnderTest().run()
    unit.unlock()
    start_ns = unit.now_ns
    unit.world.keep_trace(start_ns)
    unit.ask(f"T:HANG {what}")
    assert unit.ask("STAT?") == ""
    unit.wait(2.0)
    assert last_above_s(unit, start_ns) < 0.51
    assert unit.values("STAT?")["faults"] == "020"
    assert unit.state == "FAULT"


def test_charger_ends_output_and_refuses_a_start() -> None:
    unit = UnitUnderTest().run()
    unit.supply(3, 5.0)
    start_ns = unit.now_ns
    unit.world.keep_trace(start_ns)
    unit.close(113)
    unit.wait(0.5)
    assert last_above_s(unit, start_ns) < 0.1
    assert unit.state == "CHARGE"
    assert unit.ask("START 60") == "ERR 71 CHARGING"
    unit.open(113)
    unit.wait(0.2)
    assert unit.state == "IDLE"


def test_heat_and_a_flat_battery_trip_and_stay_until_gone() -> None:
    unit = UnitUnderTest().run()
    unit.unlock()
    unit.ask("T:INJ thermistor_c10,440")
    unit.wait(0.3)
    assert unit.values("STAT?")["faults"] == "080"
    assert unit.ask("FCLR") == "ERR 32 ACTIVE"
    unit.ask("T:INJ thermistor_c10,300")
    assert unit.ask("FCLR") == "OK"
    unit.supply(1, 3.1)
    unit.wait(0.1)
    assert unit.values("STAT?")["faults"] == "040"


@pytest.mark.parametrize("seconds", [0.01, 0.1, 1.0])
def test_interrupted_power_never_resumes(seconds: float) -> None:
    unit = UnitUnderTest().run()
    unit.supply(1, 3.7, on=False)
    unit.wait(seconds)
    unit.supply(1, 3.7)
    unit.wait(1.0)
    status = unit.values("STAT?")
    assert (status["state"], status["level"], status["faults"]) == ("IDLE", "1", "000")


def test_dip_within_the_hold_up_time_does_nothing() -> None:
    unit = UnitUnderTest().run()
    unit.supply(1, 3.7, on=False)
    unit.wait(100e-6)
    unit.supply(1, 3.7)
    unit.wait(1.0)
    assert unit.state == "RUN"


def test_silence_on_the_link_trips_when_a_heartbeat_is_demanded() -> None:
    unit = UnitUnderTest().run()
    unit.ask("HB 500")
    unit.wait(0.4)
    assert unit.ask("PING") == "OK"
    unit.wait(0.4)
    assert unit.unit.firmware.delivering
    unit.wait(0.2)
    assert not unit.unit.firmware.delivering


def test_power_button_and_reset() -> None:
    unit = UnitUnderTest().run()
    unit.ask("POWEROFF")
    unit.wait(0.1)
    assert unit.state == "OFF"
    assert unit.ask("START 60") == "ERR 30 STATE"
    assert unit.ask("POWERON") == "OK"
    unit.wait(0.6)
    assert unit.state == "IDLE"
    unit.ask("RESET")
    unit.wait(0.1)
    assert unit.state == "BOOT"


def test_output_events_tell_when_the_bridge_is_enabled() -> None:
    unit = UnitUnderTest().power_up()
    seen: list[tuple[bool, int]] = []
    unit.world.on_output = lambda on: seen.append((on, unit.now_ns))
    unit.ask("START 5")
    unit.wait(6.2)
    assert [on for on, _ in seen] == [True, False]
    assert (seen[1][1] - seen[0][1]) / NS == pytest.approx(5.0, rel=1e-3)


def test_twenty_minutes_pass_in_a_blink() -> None:
    unit = UnitUnderTest().run()
    unit.world.keep_trace(None)
    began_s = time.perf_counter()
    polls = 0
    while unit.unit.firmware.delivering:
        unit.wait(1.0)
        unit.ask("STAT?")
        polls += 1
    assert polls == pytest.approx(1195, abs=5)
    assert time.perf_counter() - began_s < 2.0  # 0.25 s where nothing else runs


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_heat_ends_the_output_short_of_the_declared_temperature(seed: int) -> None:
    unit = UnitUnderTest(seed=seed).run()
    unit.unlock()
    for tenths, state in ((414, "RUN"), (426, "FAULT")):
        assert unit.ask(f"T:INJ thermistor_c10,{tenths}").startswith("OK")
        unit.wait(0.5)
        assert state == unit.state
