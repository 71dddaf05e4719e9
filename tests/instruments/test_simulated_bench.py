"""The four drivers and the device link against the simulated laboratory, over real sockets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bench.clock import TwinClock
from bench.device import check_link, open_link
from bench.errors import (
    DeviceRefused,
    InstrumentError,
    InstrumentTimeout,
    ReadingOverload,
    ScpiError,
)
from instruments import (
    open_load_switch,
    open_multimeter,
    open_oscilloscope,
    open_session,
    open_supply,
)

ROOT = Path(__file__).parents[2]
UNIT = {
    "schema": 1,
    "model": "ref-alt-400",
    "serial": "S0001",
    "hardware": "B",
    "firmware": "1.0.0",
    "build": "abc",
    "udi": "",
    "seed": 1,
    "unlock_key": "MCB-TEST",
    "waveform": {
        "kind": "alternating",
        "pulse_duration_s": 0.006,
        "repetition_rate_hz": 80.0,
        "inter_phase_gap_s": 0.0,
        "pulses_per_train": 10,
        "train_gap_s": 0.0,
        "envelope": None,
    },
    "output": {
        "regulation": "current",
        "levels_ua": [80, 160, 240, 320, 400],
        "levels_v": [],
        "source_ohm": None,
        "compliance_v": 12.0,
    },
    "firmware_settings": {
        "session_s": 1200,
        "ramp_s": 1.0,
        "stop_ramp_s": 0.0,
        "resume_window_s": 10,
        "contact_on_ohm": 60000,
        "contact_off_ohm": 120000,
        "contact_debounce_s": 0.02,
        "overcurrent_ua": 600,
        "dc_threshold_ua": 50,
        "dc_window_s": 1.0,
        "watchdog_s": 0.5,
        "link_timeout_s": None,
        "battery_low_v": 3.45,
        "battery_cutoff_v": 3.2,
        "over_temperature_c": 45,
        "charge_inhibit": True,
        "modes": ["lift"],
    },
    "faults": [],
    "bench_faults": [],
}
LOAD_500, CONTACT, DEVICE, REFERENCE, BATTERY, DMM_SHUNT = 101, 107, 108, 109, 114, 115


@pytest.fixture(scope="module")
def addresses(tmp_path_factory):
    unit = tmp_path_factory.mktemp("twin") / "unit.json"
    unit.write_text(json.dumps(UNIT))
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.twin", str(unit)], stdout=subprocess.PIPE, cwd=ROOT
    )
    yield json.loads(process.stdout.readline())
    process.terminate()
    process.wait(10)
    process.stdout.close()


@pytest.fixture
def bench(addresses):
    clock = TwinClock(addresses["clock"])
    opened = SimpleNamespace(
        clock=clock,
        scope=open_oscilloscope(addresses["scope"], clock=clock),
        dmm=open_multimeter(addresses["dmm"], clock=clock),
        switch=open_load_switch(addresses["switch"], clock=clock),
        supply=open_supply(addresses["supply"], clock=clock),
    )
    instruments = (opened.scope, opened.dmm, opened.switch, opened.supply)
    for instrument in instruments:
        instrument.reset()
    yield opened
    for instrument in instruments:
        try:
            assert instrument.drain_errors() == ()
        finally:
            instrument.close()
    clock.close()


def feed_reference(bench) -> None:
    """Send about 0.4 mA through the shunt."""
    bench.switch.close_channels([REFERENCE])
    bench.supply.configure_output(2, voltage_v=4.0, current_limit_a=0.01)
    bench.supply.switch_output(2, on=True)


def capture(bench, *channels: int, points: int = 10_000):
    """Take a record now."""
    bench.scope.arm_single()
    bench.scope.force_trigger()
    assert bench.clock.wait_until(
        lambda: bench.scope.acquisition_state() == "complete", timeout_s=5.0
    )
    return bench.scope.fetch(channels, points=points)


def prepare_scope(bench) -> None:
    bench.scope.configure_channel(1, volts_per_division=0.125)
    bench.scope.configure_channel(2, volts_per_division=0.02)
    bench.scope.configure_timebase(duration_s=0.01)
    bench.scope.configure_edge_trigger(channel=1, level_v=0.3, slope="rising")


def test_every_instrument_says_that_it_is_simulated_and_has_no_errors(bench):
    for instrument in (bench.scope, bench.dmm, bench.switch, bench.supply):
        assert "SIMULATED" in instrument.identity.firmware
        assert instrument.drain_errors() == ()


def test_meter_supply_relays_and_scope_agree_on_the_reference_current(bench):
    feed_reference(bench)
    bench.switch.close_channels([DMM_SHUNT])
    bench.dmm.configure_dc_voltage(range_v=0.1, aperture_s=0.1)
    shunt_v = float(bench.dmm.read(3).mean())
    prepare_scope(bench)
    records = capture(bench, 1, 2)
    assert shunt_v == pytest.approx(4.0 / 10_100 * 100, rel=0.01)
    assert bench.supply.measure_current(2) == pytest.approx(4.0 / 10_100, rel=0.08)
    assert records[1].values().mean() == pytest.approx(10 * shunt_v, rel=0.05)
    assert records[2].values().mean() == pytest.approx(shunt_v, rel=0.1)


def test_ohms_of_the_shunt_and_an_open_path(bench):
    bench.switch.close_channels([DMM_SHUNT])
    bench.dmm.configure_resistance(range_ohm=100.0, aperture_s=0.1)
    assert bench.dmm.read(2) == pytest.approx(100.0, rel=2e-3)
    bench.switch.open_channels([DMM_SHUNT])
    with pytest.raises(ReadingOverload):
        bench.dmm.read()


def test_records_are_fresh_and_never_identical(bench):
    prepare_scope(bench)
    first, second = capture(bench, 1)[1], capture(bench, 1)[1]
    assert first.acquisition_id != second.acquisition_id
    assert not np.array_equal(first.codes, second.codes)


def test_a_rail_is_marked_by_the_codes_of_the_waveform(bench):
    feed_reference(bench)
    prepare_scope(bench)
    bench.scope.configure_channel(1, volts_per_division=0.005)
    bench.scope.configure_edge_trigger(channel=1, level_v=0.02, slope="rising")
    record = capture(bench, 1)[1]
    assert np.all(record.codes == record.code_high)


def test_a_trigger_that_never_comes_is_never_a_record(bench):
    prepare_scope(bench)
    bench.scope.arm_single()
    assert not bench.clock.wait_until(
        lambda: bench.scope.acquisition_state() == "complete", timeout_s=1.0, poll_s=0.2
    )
    assert bench.scope.acquisition_state() == "armed"
    bench.scope.stop()
    assert bench.scope.acquisition_state() == "stopped"
    with pytest.raises(InstrumentError, match="no record to fetch"):
        bench.scope.fetch([1], points=1000)


def test_time_before_the_trigger_is_in_the_record(bench):
    prepare_scope(bench)
    bench.scope.configure_timebase(duration_s=0.1, before_trigger_s=0.02)
    record = capture(bench, 1)[1]
    assert record.t0_s == pytest.approx(-0.02, abs=2 * record.sample_interval_s)
    assert record.record_length * record.sample_interval_s == pytest.approx(0.1, rel=1e-3)


def test_a_channel_that_is_off_has_no_record_and_the_scope_says_why(bench):
    prepare_scope(bench)
    bench.scope.configure_channel(3, volts_per_division=1.0, enabled=False)
    with pytest.raises(ScpiError, match="channel 3 was off"):
        capture(bench, 3)


def test_a_long_reading_outlasts_the_ordinary_timeout_in_virtual_time(bench):
    bench.switch.close_channels([DMM_SHUNT])
    bench.dmm.configure_dc_voltage(range_v=0.1, aperture_s=1.0)
    started_ns = bench.clock.now_ns()
    assert bench.dmm.read(10).shape == (10,)
    assert bench.clock.now_ns() - started_ns > 10_000_000_000


def test_an_operation_that_is_longer_than_its_timeout_times_out_in_virtual_time(bench, addresses):
    bench.dmm.configure_dc_voltage(range_v=0.1, aperture_s=1.0)
    session = open_session(addresses["dmm"], role="dmm", timeout_s=5.0, clock=bench.clock)
    with pytest.raises(InstrumentTimeout, match="within 5 s"):
        session.query(":SAMP:COUN 10;:READ?")
    session.close()


def test_the_device_link_keeps_its_contract_with_a_load_at_the_electrodes(bench, addresses):
    bench.supply.configure_output(1, voltage_v=3.8, current_limit_a=0.5)
    bench.supply.switch_output(1, on=True)
    bench.switch.close_channels([BATTERY])
    bench.clock.sleep(1.0)
    bench.switch.close_channels([DEVICE, LOAD_500, CONTACT])
    link = open_link(addresses["device"], clock=bench.clock, unlock_key="MCB-TEST")
    findings = check_link(link, clock=bench.clock, with_output=True)
    assert [finding for finding in findings if finding.outcome != "passed"] == []


def test_a_wrong_key_does_not_unlock_the_test_mode(bench, addresses):
    bench.supply.configure_output(1, voltage_v=3.8, current_limit_a=0.5)
    bench.supply.switch_output(1, on=True)
    bench.switch.close_channels([BATTERY])
    bench.clock.sleep(1.0)
    link = open_link(addresses["device"], clock=bench.clock, unlock_key="WRONG")
    with pytest.raises(DeviceRefused, match="40 LOCKED"):
        link.unlock_tests()
    link.close()
