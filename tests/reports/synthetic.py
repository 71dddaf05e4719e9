"""A run as the journal would hold it, built by hand: the reports' only test material."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from bench.errors import FileFormatError
from bench.record.schema import (
    BudgetLine,
    BudgetRecord,
    CaptureRecord,
    DeviceRecord,
    Equipment,
    Mark,
    MeasurementRecord,
    RequirementRecord,
    RunRecord,
    SafeStateRecord,
    SelfTestStep,
    TestOutcome,
    WaveformRecord,
)
from bench.waveform import Waveform

SCOPE = "KEYSIGHT DSOX3034T"


def sha(name):
    return hashlib.sha256(name.encode()).hexdigest()


def train(amplitude_ua=400.0, samples=200_000, duration_s=0.25, spike_ua=None, unit="A"):
    """Return alternating pulse trains as 8-bit codes, with an optional one-sample excursion."""
    interval = duration_s / samples
    times = np.arange(samples) * interval - 0.01
    on = (times % 12.5e-3) < 6e-3
    sign = np.where((times // 12.5e-3) % 20 < 10, 1, -1)
    noise = np.random.default_rng(1).normal(0, 0.8, samples)
    gain = 1000e-6 / 200
    codes = np.clip(np.rint(on * sign * amplitude_ua * 1e-6 / gain + noise), -127, 126)
    if spike_ua is not None:
        codes[samples // 7] = round(spike_ua * 1e-6 / gain)
    return Waveform(
        codes=codes.astype(np.int8),
        gain=gain,
        offset=0.0,
        t0_s=-0.01,
        sample_interval_s=interval,
        channel="CH1",
        unit=unit,
    )


def shutdown(unit="A", gain=8e-6, off_s=8.2e-3):
    """Return a record in which the current stops some time after a cause at zero."""
    samples = 100_000
    times = np.arange(samples) * 0.4e-6 - 0.01
    level = np.where((times % 12.5e-3) < 6e-3, 50, 0)
    level = np.where(times > 0, level * 2, level)
    codes = np.where(times < off_s, level, 0) + np.random.default_rng(2).normal(0, 0.8, samples)
    return Waveform(
        codes=np.rint(codes).astype(np.int8),
        gain=gain,
        offset=0.0,
        t0_s=-0.01,
        sample_interval_s=0.4e-6,
        channel="CH2",
        unit=unit,
    )


def sync():
    samples = 100_000
    times = np.arange(samples) * 0.4e-6 - 0.01
    return Waveform(
        codes=((times >= 0) & (times < 2e-3)).astype(np.int8) * 100,
        gain=0.033,
        offset=0.0,
        t0_s=-0.01,
        sample_interval_s=0.4e-6,
        channel="CH4",
        unit="V",
    )


WAVEFORMS = {
    sha("current"): train(),
    sha("spike"): train(spike_ua=580.0),
    sha("transient"): shutdown(),
    sha("electrode"): shutdown(unit="V", gain=0.01),
    sha("sync"): sync(),
}


def load_waveform(name):
    try:
        return WAVEFORMS[name]
    except KeyError:
        raise FileFormatError(f"waveforms/{name}.npz: cannot be read (No such file)") from None


def waveform_record(name, label, channel, unit="A", full_scale=1e-3):
    waveform = WAVEFORMS[sha(name)]
    return WaveformRecord(
        sha256=sha(name),
        label=label,
        channel=channel,
        unit=unit,
        record_length=waveform.record_length,
        sample_interval_s=waveform.sample_interval_s,
        instrument=SCOPE,
        full_scale=full_scale,
    )


def captures():
    return (
        CaptureRecord(
            acquisition_id="acq-0001",
            title="train",
            conditions={"mode": "face", "level": 5, "load_ohm": 500.0},
            waveforms=(waveform_record("current", "current", "CH1"),),
            taken_at="2026-11-23T10:00:04Z",
        ),
        CaptureRecord(
            acquisition_id="acq-0002",
            title="train",
            conditions={"mode": "face", "level": 5, "load_ohm": 10000.0},
            waveforms=(waveform_record("spike", "current", "CH1"),),
            taken_at="2026-11-23T10:00:06Z",
        ),
        CaptureRecord(
            acquisition_id="acq-0003",
            title="overcurrent",
            conditions={"mode": "face", "level": 5, "load_ohm": 500.0},
            waveforms=(
                waveform_record("transient", "transient current", "CH2", full_scale=2e-3),
                waveform_record("electrode", "electrode voltage", "CH3", "V", 5.0),
                waveform_record("sync", "sync", "CH4", "V", 8.0),
            ),
            taken_at="2026-11-23T10:00:09Z",
        ),
    )


def row(**changes):
    values = {
        "id": "m0001",
        "requirements": ("OUT-001",),
        "quantity": "amplitude",
        "basis": "declared",
        "value": 399.2471,
        "unit": "uA",
        "expanded_uncertainty": 1.2843,
        "coverage_factor": 2.0,
        "low": 360.0,
        "high": 440.0,
        "rule": "ilac_nonbinary",
        "verdict": "PASS",
        "margin_pct": 98.1,
        "p_conform": 1.0,
        "conditions": {"mode": "face", "level": 5, "load_ohm": 500.0},
        "waveforms": (sha("current"),),
        "attempt": 1,
        "reason": "",
        "guarded_margin_pct": 95.0,
        "acceptance_low": 361.2843,
        "acceptance_high": 438.7157,
        "degrees_of_freedom": 88.0,
        "budget": "b-amplitude",
        "test": "test_plans/output/test_amplitude.py::test_amplitude_within_tolerance_each_level",
        "at_utc": "2026-11-23T10:00:05Z",
        "virtual_s": 12.5,
    }
    return MeasurementRecord(**(values | changes))


def _measurements():
    rows = []
    for level in range(1, 6):
        for load in (500.0, 2000.0, 10000.0):
            nominal = 80.0 * level
            high = level == 5 and load == 10000.0
            conditions = {"mode": "face", "level": level, "load_ohm": load}
            common = {
                "requirements": ("OUT-005",),
                "conditions": conditions,
                "expanded_uncertainty": 0.4 + nominal * 0.003,
                "waveforms": (sha("spike" if high else "current"),),
            }
            value = nominal * (1.004 + 0.002 * level) + (33.9 if high else 0.0)
            rows.append(
                row(
                    id=f"m1{level}{load:.0f}d",
                    value=value,
                    low=nominal * 0.9,
                    high=nominal * 1.1,
                    acceptance_low=nominal * 0.9 + 1.6,
                    acceptance_high=nominal * 1.1 - 1.6,
                    margin_pct=min(
                        100.0, 100 * (nominal * 0.1 - abs(value - nominal)) / (nominal * 0.1)
                    ),
                    verdict="CONDITIONAL PASS" if high else "PASS",
                    p_conform=0.9413 if high else 0.99999,
                    reason="closer to the limit than U" if high else "",
                    **common,
                )
            )
            rows.append(
                row(
                    id=f"m1{level}{load:.0f}s",
                    basis="standard",
                    rule="simple",
                    value=value,
                    low=nominal * 0.8,
                    high=nominal * 1.2,
                    acceptance_low=nominal * 0.8,
                    acceptance_high=nominal * 1.2,
                    margin_pct=100 * (nominal * 0.2 - abs(value - nominal)) / (nominal * 0.2),
                    **common,
                )
            )
    return rows


def measurements():
    return (
        row(),
        *_measurements(),
        row(
            id="m2",
            requirements=("OUT-004",),
            quantity="mean of |i| over 10 µs",
            value=581.2,
            expanded_uncertainty=4.4,
            low=None,
            high=1000.0,
            rule="guarded_u",
            acceptance_low=None,
            acceptance_high=995.6,
            margin_pct=41.9,
            waveforms=(sha("spike"),),
            conditions={"level": 5, "load_ohm": 10000.0},
        ),
        row(
            id="m3",
            requirements=("FLT-004",),
            quantity="reaction time",
            value=0.0082,
            unit="s",
            expanded_uncertainty=0.000013,
            low=None,
            high=0.02,
            rule="guarded_u",
            acceptance_low=None,
            acceptance_high=0.019987,
            margin_pct=59.0,
            conditions={"phase": 7, "load_ohm": 500.0},
            waveforms=(sha("transient"), sha("electrode"), sha("sync")),
            marks=(
                Mark(label="cause", time_s=0.0),
                Mark(label="off", time_s=0.0082),
            ),
        ),
        row(
            id="m4",
            requirements=("LKG-007",),
            quantity="off-state current",
            value=0.03,
            expanded_uncertainty=0.011,
            low=-1.0,
            high=1.0,
            rule="guarded_u",
            acceptance_low=-0.989,
            acceptance_high=0.989,
            margin_pct=97.0,
            conditions={"state": "idle"},
            waveforms=(),
        ),
        row(
            id="m5",
            requirements=("OUT-021",),
            quantity="net charge per polarity cycle",
            value=None,
            unit="uC",
            expanded_uncertainty=None,
            coverage_factor=None,
            low=-0.9,
            high=0.9,
            verdict="INCONCLUSIVE",
            margin_pct=None,
            p_conform=None,
            guarded_margin_pct=None,
            acceptance_low=None,
            acceptance_high=None,
            degrees_of_freedom=None,
            budget="",
            reason="too few polarity cycles in the record: 0 complete, 1 needed",
            conditions={},
            waveforms=(),
        ),
        row(
            id="m6",
            requirements=("OUT-031",),
            quantity="missing, extra and interrupted pulses",
            value=0.0,
            unit="pulses",
            expanded_uncertainty=None,
            coverage_factor=None,
            low=0.0,
            high=0.0,
            rule="simple",
            margin_pct=None,
            p_conform=None,
            guarded_margin_pct=None,
            acceptance_low=0.0,
            acceptance_high=0.0,
            budget="",
            attempt=2,
            reason="first record clipped; retaken on a wider range",
            conditions={"pulses": 31200},
            waveforms=(),
        ),
    )


def requirement(name, title, clause, mark, verdict, margin, **more):
    group = {"OUT": "output", "FLT": "fault", "LKG": "leakage", "REC": "record"}[name[:3]]
    values = {"source": "DECL", "reason": "", "rule": "", "group": group}
    return RequirementRecord(
        id=name,
        title=title,
        clause=clause,
        mark=mark,
        verdict=verdict,
        worst_margin_pct=margin,
        **(values | more),
    )


def requirements():
    return (
        requirement(
            "OUT-001",
            "Peak output current at each load",
            "FDA PMS 1999 Att. II s.3",
            "V format / R 20 %",
            "PASS",
            98.1,
        ),
        requirement(
            "OUT-005",
            "Every level within tolerance",
            "201.12.1.102",
            "R",
            "CONDITIONAL PASS",
            1.2,
            source="IEC60601-2-10",
        ),
        requirement(
            "OUT-004", "Microamp ceiling of the device class", "customer scope", "P", "PASS", 41.9
        ),
        requirement(
            "OUT-021",
            "Net charge per polarity cycle",
            "derived",
            "D",
            "INCONCLUSIVE",
            None,
            reason="too few polarity cycles in the record",
        ),
        requirement("OUT-031", "Pulse count exact over a long observation", "P", "P", "PASS", None),
        requirement(
            "FLT-004", "Overcurrent trip", "Att. II s.2 item 9", "V field / P time", "PASS", 59.0
        ),
        requirement(
            "FLT-012",
            "Watchdog / firmware hang",
            "60601-1 cl. 14",
            "P",
            "NOT APPLICABLE",
            None,
            limit_text="≤ 1000 ms",
            reason="no watchdog is declared",
        ),
        requirement(
            "FLT-015",
            "Over-temperature shut-off",
            "cl. 11.1",
            "R",
            "NOT TESTED",
            None,
            reason="the device does not offer a thermistor injection",
        ),
        requirement(
            "LKG-007", "Tighter off-state limit for a microamp device", "P", "P", "PASS", 97.0
        ),
        requirement(
            "REC-006",
            "Device identity incl. UDI recorded",
            "820.35(c)",
            "V",
            "PASS",
            None,
            source="21CFR820",
        ),
    )


def _budget():
    lines = (
        ("scope gain after transfer", 0.42, "rectangular", None, "transfer, session of this run"),
        ("scope offset after transfer", 0.31, "normal", 24.0, "zero record"),
        ("shunt", 0.23, "normal", None, "certificate 2026-04"),
        ("repeatability", 0.11, "t", 19.0, "20 pulses"),
    )
    return BudgetRecord(
        id="b-amplitude",
        measurand="amplitude, level 5, 500 Ω",
        unit="uA",
        value=399.2471,
        standard_uncertainty=0.64215,
        degrees_of_freedom=88.0,
        coverage_factor=2.0,
        expanded_uncertainty=1.2843,
        lines=tuple(
            BudgetLine(
                name=name,
                standard_uncertainty=u,
                distribution=shape,
                degrees_of_freedom=dof,
                source=source,
            )
            for name, u, shape, dof, source in lines
        ),
    )


def _equipment():
    rows = (
        ("scope", "KEYSIGHT", "DSOX3034T", "MY58000001", "07.50", "due"),
        ("dmm", "KEYSIGHT", "34465A", "MY58000002", "03.02", "due"),
        ("switch", "KEYSIGHT", "DAQ970A", "MY58000003", "01.10", ""),
        ("supply", "KEYSIGHT", "E36313A", "MY58000004", "2.10", ""),
    )
    return tuple(
        Equipment(
            role=role,
            manufacturer=maker,
            model=model,
            serial=serial,
            firmware=firmware,
            resource="TCPIP::127.0.0.1::hislip0,40123::INSTR",
            calibration_due="2027-04-30" if due else "",
            calibration_status="valid" if due else "not needed: proved by the multimeter",
        )
        for role, maker, model, serial, firmware, due in rows
    )


def _self_test():
    return (
        SelfTestStep(name="error queues empty", passed=True),
        SelfTestStep(
            name="load path 500 Ω", passed=True, value=499.82, unit="ohm", low=498.0, high=502.0
        ),
        SelfTestStep(name="zero record CH1", passed=True, value=2.1e-7, unit="A", high=2e-6),
        SelfTestStep(
            name="transfer CH1 1.0 V", passed=True, value=0.42, unit="%", low=-2.0, high=2.0
        ),
        SelfTestStep(
            name="closing reference", passed=True, value=0.04, unit="%", low=-0.3, high=0.3
        ),
    )


def _tests():
    path = "test_plans/output/test_amplitude.py::"
    return (
        TestOutcome(
            node_id=f"{path}test_amplitude_within_tolerance_each_level",
            outcome="passed",
            duration_s=1.22,
            reason="",
            requirements=("OUT-001", "OUT-005", "OUT-004"),
        ),
        TestOutcome(
            node_id="test_plans/faults/test_overcurrent.py::test_overcurrent_trips_in_time",
            outcome="passed",
            duration_s=2.05,
            reason="",
            requirements=("FLT-004",),
        ),
        TestOutcome(
            node_id="test_plans/record/test_identity.py::test_identity_as_ordered",
            outcome="passed",
            duration_s=0.01,
            reason="",
            requirements=("REC-006",),
        ),
        TestOutcome(
            node_id="test_plans/faults/test_temperature.py::test_over_temperature_shuts_off",
            outcome="skipped",
            duration_s=0.0,
            reason="the device does not offer a thermistor injection",
            requirements=("FLT-015",),
        ),
    )


def run(**changes):
    """Return a simulated run with a bit of everything in it."""
    record = RunRecord(
        run_id="20261123T100000Z-SIM0001-release",
        plan="release",
        simulated=True,
        verdict="INCOMPLETE",
        reason="OUT-021 is INCONCLUSIVE; FLT-015 is NOT TESTED.",
        device=DeviceRecord(
            model="ref-alt-400",
            serial="SIM0001",
            firmware="1.4.2",
            udi="",
            hardware="B",
            build="a1b2c3",
        ),
        profile="ref-alt-400",
        profile_title="Alternating trains, current-regulated, 400 µA",
        station="bench twin (loopback)",
        started_at="2026-11-23T10:00:00Z",
        finished_at="2026-11-23T10:00:21Z",
        seed=7,
        counts={"PASS": 33, "CONDITIONAL PASS": 1, "INCONCLUSIVE": 1},
        requirements=requirements(),
        measurements=measurements(),
        safe_state=SafeStateRecord(
            confirmed=True,
            steps=(
                SelfTestStep(name="device stopped", passed=True, detail="level 0 reported"),
                SelfTestStep(
                    name="loads open", passed=True, value=3.1e7, unit="ohm", low=1e6, detail="DMM"
                ),
                SelfTestStep(name="supply off", passed=True, value=0.002, unit="V", high=0.05),
            ),
        ),
        equipment=_equipment(),
        self_test=_self_test(),
        captures=captures(),
        budgets=(_budget(),),
        tests=_tests(),
        software={"microcurrent-bench": "0.1.0", "commit": "af4a9a5", "python": "3.11.7"},
        declared={"pulse duration": "6 ms (P)", "repetition rate": "80 Hz (P)"},
        assumptions=("waveform.pulse_duration 6 ms: bench default, proposed",),
        environment={"temperature": "23.1 °C (simulated)", "humidity": "not measured"},
        timing_s={"device wait": 6.2, "acquire": 4.1, "transfer": 3.3, "analyse": 1.9},
        operator="J. Doe",
        deviations=(),
    )
    return replace(record, **changes)
