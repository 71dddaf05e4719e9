"""What must end the output, and how fast: contact loss, STOP, charger. Over random phases."""

from __future__ import annotations

import pytest

from bench.device.link import DeviceState
from bench.errors import DeviceRefused
from bench.plugin import Bench, Check
from bench.station import measurands
from bench.station.stop_after import COMMANDS, Command

PHASES_PER_OTHER_LEVEL = 2


@pytest.mark.requirement("FLT-001")
@pytest.mark.full_scope
def test_output_stops_when_contact_is_lost(
    bench: Bench, check: Check, level: int, phases: int
) -> None:
    loads = bench.profile.loads_ohm
    load_ohm = loads[-1]
    if level != bench.profile.highest_level:
        phases, load_ohm = min(phases, PHASES_PER_OTHER_LEVEL), loads[level % len(loads)]
    reactions = [
        bench.reactions.contact_loss(level=level, load_ohm=load_ohm, phase_s=phase_s)
        for phase_s in bench.phases_s(phases, f"FLT-001/{level}")
    ]
    check(
        "FLT-001", "shutdown", measurands.worst_latency(reactions, bench.timebase_ppm),
        level=level, load_ohm=load_ohm, phases=phases,
    )  # fmt: skip


@pytest.mark.requirement("FLT-017")
@pytest.mark.full_scope
def test_output_stops_on_stop_at_every_level(
    bench: Bench, check: Check, level: int, phases: int
) -> None:
    if level != bench.profile.highest_level:
        phases = min(phases, PHASES_PER_OTHER_LEVEL)
    reactions = [
        bench.reactions.user_stop(level=level, load_ohm=2000.0, phase_s=phase_s)
        for phase_s in bench.phases_s(phases, f"FLT-017/{level}")
    ]
    check(
        "FLT-017", "shutdown", measurands.worst_latency(reactions, bench.timebase_ppm),
        level=level, load_ohm=2000.0, phases=phases,
    )  # fmt: skip


@pytest.mark.requirement("FLT-017")
@pytest.mark.full_scope
@pytest.mark.parametrize("command", COMMANDS)
def test_stop_is_obeyed_right_behind_another_command(
    bench: Bench, check: Check, command: Command
) -> None:
    if command.startswith("level") and "several levels" not in bench.profile.features:
        return
    found = bench.stop_after.run(command, load_ohm=2000.0)
    check.fact(
        "FLT-017", "off after a STOP right behind another command",
        holds=found.flowing_a <= bench.profile.off_a and found.state is DeviceState.IDLE,
        found=f"{found.flowing_a * 1e6:.1f} µA, {found.state.value}",
        command=command, waveforms=tuple(found.capture.hashes.values()),
    )  # fmt: skip


@pytest.mark.requirement("FLT-009")
@pytest.mark.full_scope
def test_output_stops_when_the_charger_is_plugged(
    bench: Bench, check: Check, level: int, phases: int
) -> None:
    load_ohm = bench.profile.loads_ohm[0]
    if level != bench.profile.highest_level:
        phases = min(phases, PHASES_PER_OTHER_LEVEL)
    reactions = []
    for phase_s in bench.phases_s(phases, f"FLT-009/{level}"):
        reactions.append(bench.reactions.charger(level=level, load_ohm=load_ohm, phase_s=phase_s))
        bench.fixture.unplug_charger()
    check(
        "FLT-009", "shutdown", measurands.worst_latency(reactions, bench.timebase_ppm),
        level=level, load_ohm=load_ohm, phases=phases,
    )  # fmt: skip


@pytest.mark.requirement("FLT-009")
@pytest.mark.full_scope
def test_start_is_refused_while_charging(bench: Bench, check: Check) -> None:
    load_ohm = bench.profile.loads_ohm[0]
    bench.treatment.make_idle()
    bench.treatment.connect(load_ohm)
    bench.fixture.prepare_charger()
    bench.fixture.plug_charger()
    bench.clock.sleep(bench.profile.timers.charge_s)
    try:
        bench.treatment.link.set_level(bench.profile.highest_level)
        bench.treatment.link.start(bench.profile.timers.session_s)
    except DeviceRefused as refusal:
        check.fact("FLT-009", "START while charging", holds=True, found=f"refused: {refusal.word}")
    else:
        check.fact("FLT-009", "START while charging", holds=False, found="accepted")
    current = measurands.residual_current(bench.residual_current())
    check("FLT-009", "residual_current", current, load_ohm=load_ohm, state="charging")


@pytest.mark.requirement("FLT-033")
@pytest.mark.full_scope
def test_start_is_accepted_and_gives_output_at_every_load(
    bench: Bench, check: Check, load_ohm: float
) -> None:
    level = bench.profile.highest_level
    capture, delay_s = bench.reactions.start(level=level, load_ohm=load_ohm)
    delay = measurands.start_delay(capture, delay_s, bench.timebase_ppm)
    check("FLT-033", "start_delay", delay, level=level, load_ohm=load_ohm)
    bench.treatment.wait_for(
        DeviceState.RUN, within_s=2 * bench.profile.timers.ramp_s, after="START"
    )
