"""A unit of a series while it runs: one session through levels, loads and battery."""

from __future__ import annotations

import pytest

from bench.device.link import DeviceState
from bench.judge import Verdict
from bench.plugin import Bench, Check
from bench.station import command_measurands, edges, electrode, fault_measurands, measurands
from bench.station.commands import listed
from bench.station.measurands import shape
from bench.station.readings import battery_reading

pytestmark = pytest.mark.short_scope


@pytest.mark.requirement("OUT-008")
def test_direct_current_is_as_declared(bench: Bench, check: Check) -> None:
    reading = bench.line.running.direct_current()
    check(
        "OUT-008", "dc", measurands.direct_current(reading),
        level=bench.profile.highest_level, load_ohm=bench.profile.loads_ohm[0],
    )  # fmt: skip


@pytest.mark.requirement("FLT-018")
def test_wrong_commands_and_a_flood_leave_the_output_alone(bench: Bench, check: Check) -> None:
    found = bench.line.running.disturbed()
    output, commands = found.output, found.commands
    check.fact(
        "FLT-018", "wrong commands refused", holds=not commands.accepted, state="running",
        found=listed(commands.accepted) or f"all {len(commands.attempts)}",
    )  # fmt: skip
    before, after = commands.before, commands.after
    check.fact(
        "FLT-018", "state afterwards", state="running",
        holds=(before.state, before.level) == (after.state, after.level),
        found=f"{after.state.value}, level {after.level}",
    )  # fmt: skip
    for polarity in bench.polarities:
        amplitude = command_measurands.held_amplitude(
            output.pulses, output.capture, polarity, bench.profile
        )
        check(
            "FLT-018", "amplitude", amplitude,
            level=output.level, load_ohm=output.load_ohm, polarity=polarity,
        )  # fmt: skip
    rate = command_measurands.worst_rate(
        output.pulses, output.capture, bench.profile, bench.timebase_ppm
    )
    check("FLT-018", "repetition_rate", rate, load_ohm=output.load_ohm, requests=found.requests)


@pytest.mark.requirement("FLT-025")
def test_hot_connection_passes_little_charge(bench: Bench, check: Check) -> None:
    found, load_ohm = bench.line.running.hot(), bench.profile.loads_ohm[0]
    for quantity, measured in (
        ("excursion_charge", fault_measurands.excursion_charge(found)),
        ("excursion_duration", fault_measurands.excursion_duration(found)),
        ("excursion_sum", fault_measurands.excursion_sum(found)),
    ):
        check("FLT-025", quantity, measured, load_ohm=load_ohm, phases=len(found))


@pytest.mark.requirement("OUT-034")
def test_edges_are_fast_and_do_not_ring(bench: Bench, check: Check) -> None:
    output = bench.line.running.highest()
    records = [output]
    if bench.profile.output.regulation == "current":
        records.append(bench.line.running.capacitive())
    level, load_ohm = output.level, output.load_ohm
    slowest = edges.transition_duration(output, timebase_ppm=bench.timebase_ppm)
    check("OUT-034", "transition_duration", slowest, level=level, load_ohm=load_ohm)
    check("OUT-034", "overshoot", edges.edge_overshoot(records), level=level, load_ohm=load_ohm)
    check("OUT-034", "spike_charge", edges.spike_charge(records), level=level, load_ohm=load_ohm)


@pytest.mark.requirement("OUT-032")
def test_plateaus_are_quiet_into_a_capacitive_load(bench: Bench, check: Check) -> None:
    if bench.profile.output.regulation != "current":
        check.undecided(
            "OUT-032", "plateau_noise", verdict=Verdict.NOT_APPLICABLE, load="10 kΩ with 100 nF",
            reason="the output is no current: it is not loaded with a capacitance",
        )  # fmt: skip
        return
    record = bench.line.running.capacitive()
    for polarity in record.polarities:
        check(
            "OUT-032", "plateau_noise", shape.noise_of_plateau(record, polarity),
            level=record.level, load="10 kΩ with 100 nF", polarity=polarity,
        )  # fmt: skip


@pytest.mark.requirement("OUT-025")
def test_amplitude_does_not_depend_on_the_load(bench: Bench, check: Check) -> None:
    output = bench.line.running.last_load()
    regulation = measurands.load_regulation(output, reference=bench.line.running.highest())
    check("OUT-025", "load_regulation", regulation, level=output.level, load_ohm=output.load_ohm)


@pytest.mark.requirement("OUT-028")
def test_output_does_not_depend_on_the_battery(bench: Bench, check: Check) -> None:
    nominal, found = bench.line.running.last_load(), bench.line.running.low_battery()
    output = found.output
    for polarity in output.polarities:
        was = measurands.amplitude(nominal, polarity).value
        check(
            "OUT-028", "amplitude", measurands.amplitude(output, polarity),
            reference=(was or 0.0) * 1e6, level=output.level, load_ohm=output.load_ohm,
            battery_v=found.set_v, polarity=polarity,
        )  # fmt: skip


@pytest.mark.requirement("OUT-033")
def test_output_is_held_on_a_low_battery(bench: Bench, check: Check) -> None:
    found = bench.line.running.low_battery()
    output = found.output
    for polarity in output.polarities:
        check(
            "OUT-033", "amplitude", measurands.amplitude(output, polarity), level=output.level,
            load_ohm=output.load_ohm, polarity=polarity, battery_v=found.set_v,
        )  # fmt: skip


@pytest.mark.requirement("FLT-027")
def test_reported_low_battery_agrees(bench: Bench, check: Check) -> None:
    found = bench.line.running.low_battery()
    check(
        "FLT-027", "battery", battery_reading(found.reading, found.reported_v),
        reference=found.reading.volts, at_v=round(found.reading.volts, 1),
    )  # fmt: skip


@pytest.mark.requirement("OUT-031")
def test_no_pulse_is_missing_on_other_loads_and_batteries(bench: Bench, check: Check) -> None:
    line = bench.line.running
    for how, output in (
        ("asked without a pause", line.disturbed().output),
        ("nominal battery", line.last_load()),
        ("low battery", line.low_battery().output),
    ):
        defects, pulses = measurands.steady_defects(output)
        check(
            "OUT-031", "defective_pulses", defects,
            level=output.level, load_ohm=output.load_ohm, how=how, pulses=pulses,
        )  # fmt: skip


@pytest.mark.requirement("FLT-001")
def test_output_stops_when_contact_is_lost(bench: Bench, check: Check) -> None:
    found = bench.line.running.lost_contact()
    latency = measurands.worst_latency([found.reaction], bench.timebase_ppm)
    check(
        "FLT-001", "shutdown", latency,
        level=bench.profile.highest_level, load_ohm=bench.profile.loads_ohm[-1], phases=1,
    )  # fmt: skip


@pytest.mark.requirement("OUT-015")
def test_open_circuit_voltage_is_within_the_declaration(bench: Bench, check: Check) -> None:
    found = bench.line.running.lost_contact()
    voltage = electrode.open_circuit_voltage(found.reaction)
    check("OUT-015", "open_circuit_voltage", voltage, level=bench.profile.highest_level)


@pytest.mark.requirement("FLT-021")
def test_no_contact_is_seen_above_its_threshold(bench: Bench, check: Check) -> None:
    found = bench.line.running.lost_contact()
    check.fact(
        "FLT-021", "no contact above the threshold",
        holds=found.status.state is DeviceState.PAUSE and not found.status.contact,
        found=f"{found.status.text}, {'contact' if found.status.contact else 'no contact'} "
        f"at {found.lost_ohm:.3g} Ω",
    )  # fmt: skip
