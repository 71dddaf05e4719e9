"""What changes the output over a treatment: time, and the battery."""

from __future__ import annotations

import pytest

from bench.plugin import Bench, Check
from bench.station import measurands

CHARGED_RATIO = 4.2 / 3.7
"""A charged lithium cell over its nominal voltage."""

ABOVE_CUT_OFF_V = 0.05


@pytest.mark.requirement("OUT-027")
def test_output_does_not_drift_over_a_session(bench: Bench, check: Check) -> None:
    looks = bench.full_session().looks
    start = looks[0].output
    for polarity in start.polarities:
        reference = measurands.amplitude(start, polarity)
        for look in looks[1:]:
            check(
                "OUT-027", "amplitude", measurands.amplitude(look.output, polarity),
                reference=None if reference.value is None else reference.value * 1e6,
                level=start.level, load_ohm=start.load_ohm, polarity=polarity,
                after_min=round(look.elapsed_s / 60.0, 1),
            )  # fmt: skip


@pytest.mark.requirement("OUT-028")
@pytest.mark.parametrize("battery", ["charged", "low", "cut-off"])
def test_output_does_not_depend_on_the_battery(bench: Bench, check: Check, battery: str) -> None:
    cell = bench.profile.protection
    volts_v = {
        "charged": cell.battery_nominal_v * CHARGED_RATIO,
        "low": cell.battery_low_v,
        "cut-off": cell.battery_cutoff_v + ABOVE_CUT_OFF_V,
    }[battery]
    level, load_ohm = bench.profile.highest_level, bench.profile.loads_ohm[0]
    nominal = bench.steady(level=level, load_ohm=load_ohm)
    volts_v = round(volts_v, 3)
    output = bench.steady(level=level, load_ohm=load_ohm, battery_v=volts_v)
    timebase_ppm = bench.timebase_ppm
    for polarity in output.polarities:
        amplitudes = [measurands.amplitude(one, polarity) for one in (nominal, output)]
        check(
            "OUT-028", "amplitude", amplitudes[1], reference=(amplitudes[0].value or 0.0) * 1e6,
            polarity=polarity, level=level, load_ohm=load_ohm, battery_v=volts_v,
        )  # fmt: skip
        durations = [
            measurands.pulse_duration(one, polarity, timebase_ppm=timebase_ppm)
            for one in (nominal, output)
        ]
        check(
            "OUT-028", "pulse_duration", durations[1], reference=(durations[0].value or 0.0) * 1e6,
            polarity=polarity, level=level, load_ohm=load_ohm, battery_v=volts_v,
        )  # fmt: skip
    rates = [
        measurands.repetition_rate(one, timebase_ppm=timebase_ppm) for one in (nominal, output)
    ]
    check(
        "OUT-028",
        "repetition_rate",
        rates[1],
        reference=rates[0].value or 0.0,
        level=level,
        load_ohm=load_ohm,
        battery_v=volts_v,
    )


@pytest.mark.requirement("OUT-033")
def test_compliance_holds_on_a_low_battery(bench: Bench, check: Check) -> None:
    level, load_ohm = bench.profile.highest_level, bench.profile.loads_ohm[-1]
    volts_v = round(bench.profile.protection.battery_cutoff_v + ABOVE_CUT_OFF_V, 3)
    output = bench.steady(level=level, load_ohm=load_ohm, battery_v=volts_v)
    for polarity in output.polarities:
        check(
            "OUT-033", "amplitude", measurands.amplitude(output, polarity),
            level=level, load_ohm=load_ohm, polarity=polarity, battery_v=volts_v,
        )  # fmt: skip
