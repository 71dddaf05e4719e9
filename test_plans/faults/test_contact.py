"""Contact: none before it, gentle when it returns, what passes at the edge and what stays."""

from __future__ import annotations

import pytest

from bench.device.link import DeviceState
from bench.plugin import Bench, Check
from bench.station import fault_measurands, measurands

PHASES = 20
FAST_GAP_S = 5e-3
"""Shorter than any debounce: an electrode that chatters."""
RETURNS = 3
ALONE_S = 30.0
"""How long a device looks for a contact in vain before it gets one."""


@pytest.mark.requirement("FLT-002")
def test_no_output_before_contact(bench: Bench, check: Check) -> None:
    load_ohm = bench.profile.loads_ohm[-1]
    found = bench.contacts.start_without(load_ohm=load_ohm)
    check.fact(
        "FLT-002", "output without contact",
        holds=found.driven_v <= found.limit_v,
        found=f"{found.driven_v:.2f} V at the electrode, sensing stays below {found.limit_v:.2f} V",
        waveforms=tuple(found.before.hashes.values()),
    )  # fmt: skip
    check.fact(
        "FLT-002", "state without contact",
        holds=found.state is DeviceState.ARMED, found=found.state.value,
    )  # fmt: skip
    check("FLT-002", "current_before_contact", fault_measurands.before_contact(found))


@pytest.mark.requirement("FLT-003")
def test_contact_that_returns_starts_gently(bench: Bench, check: Check) -> None:
    load_ohm, timers = 2000.0, bench.profile.timers
    gaps_s = (
        FAST_GAP_S,
        timers.contact_debounce_s,
        timers.contact_loss_s,
        timers.resume_window_s / 2,
    )
    for gap_s in gaps_s:
        returns = [
            bench.contacts.comes_back(
                load_ohm=load_ohm, gap_s=gap_s, expects_output=True, phase_s=phase_s
            )
            for phase_s in bench.phases_s(RETURNS, f"FLT-003/{gap_s}")
        ]
        pulse = fault_measurands.first_pulse(returns)
        check(
            "FLT-003", "first_pulse", pulse,
            level=bench.profile.highest_level, load_ohm=load_ohm, gap_s=gap_s, returns=RETURNS,
        )  # fmt: skip


@pytest.mark.requirement("FLT-003")
def test_contact_behind_the_resume_window_starts_nothing(bench: Bench, check: Check) -> None:
    gap_s = 1.2 * bench.profile.timers.resume_window_s
    found = bench.contacts.comes_back(load_ohm=2000.0, gap_s=gap_s, expects_output=False)
    state = bench.treatment.link.status().state
    check.fact(
        "FLT-003", "output behind the resume window",
        holds=found.largest_a is None and state is DeviceState.IDLE,
        found=f"{state.value}, {len(found.pulses)} pulses", gap_s=gap_s,
        waveforms=found.capture.sha256(*found.capture.waveforms),
    )  # fmt: skip


@pytest.mark.requirement("FLT-007")
def test_short_circuit_is_survived(bench: Bench, check: Check) -> None:
    level = bench.profile.highest_level
    shorted = bench.shorts.cycles(load_ohm=2000.0)
    current = fault_measurands.short_circuit_current(shorted)
    check("FLT-007", "short_circuit_current", current, level=level, load_ohm=10.0)
    after = bench.fresh_steady(level=level, load_ohm=500.0)
    for polarity in after.polarities:
        check(
            "FLT-007", "amplitude_after", measurands.amplitude(after, polarity),
            level=level, load_ohm=500.0, polarity=polarity,
        )  # fmt: skip


@pytest.mark.requirement("FLT-025")
@pytest.mark.full_scope
def test_hot_connection_passes_little_charge(bench: Bench, check: Check) -> None:
    load_ohm = 500.0
    found = [
        bench.contacts.hot_connection(load_ohm=load_ohm, phase_s=phase_s)
        for phase_s in bench.phases_s(PHASES, "FLT-025")
    ]
    check(
        "FLT-025",
        "excursion_charge",
        fault_measurands.excursion_charge(found),
        load_ohm=load_ohm,
        phases=PHASES,
    )
    check(
        "FLT-025",
        "excursion_duration",
        fault_measurands.excursion_duration(found),
        load_ohm=load_ohm,
        phases=PHASES,
    )
    check(
        "FLT-025",
        "excursion_sum",
        fault_measurands.excursion_sum(found),
        load_ohm=load_ohm,
        phases=PHASES,
    )
    peak_a = max(hot.peak_a for hot in found)
    check.recorded(
        "FLT-025", "peak", found=f"{peak_a * 1e3:.3g} mA", load_ohm=load_ohm, phases=PHASES
    )


@pytest.mark.requirement("FLT-028")
@pytest.mark.full_scope
def test_stopped_output_keeps_no_charge(bench: Bench, check: Check) -> None:
    load_ohm = 500.0
    capture, charge_c = bench.contacts.residue_after_stop(load_ohm=load_ohm)
    charge = fault_measurands.residual_charge(capture, charge_c)
    check("FLT-028", "residual_charge", charge, load_ohm=load_ohm)


@pytest.mark.requirement("FLT-031")
@pytest.mark.full_scope
def test_contact_sensing_stays_small(bench: Bench, check: Check) -> None:
    load_ohm = 500.0
    bench.treatment.make_idle()
    bench.treatment.connect(load_ohm)
    found = bench.contacts.sense_current(load_ohm=load_ohm, state="idle")
    check("FLT-031", "contact_sense_current", fault_measurands.sense_peak(found), load_ohm=load_ohm)
    check(
        "FLT-031", "contact_sense_charge", fault_measurands.sense_charge(found), load_ohm=load_ohm
    )


@pytest.mark.requirement("FLT-031")
@pytest.mark.full_scope
def test_contact_sensing_stays_small_after_a_long_search(bench: Bench, check: Check) -> None:
    load_ohm = 500.0
    bench.treatment.make_idle()
    bench.treatment.connect(load_ohm)
    found = bench.contacts.sense_current(load_ohm=load_ohm, state="idle", alone_s=ALONE_S)
    check(
        "FLT-031", "contact_sense_current", fault_measurands.sense_peak(found),
        load_ohm=load_ohm, alone_s=ALONE_S,
    )  # fmt: skip
