"""Budgets: published examples, correlation through shared inputs, and what each term does."""

import math

import numpy as np
import pytest

from bench.errors import ConfigurationError
from bench.judge import (
    Plateau,
    ScopeRange,
    Transitions,
    amplitude_budget,
    amplitude_ratio_budget,
    clock_interval_budget,
    current_over_shunt_budget,
    evaluate,
    interval_budget,
    interval_ratio_budget,
    level_budget,
    multimeter_accuracy,
    net_charge_budget,
    normal,
    rate_budget,
    rectangular,
    scope_accuracy,
    shutdown_latency_budget,
    step_budget,
    symmetry_budget,
    transferred_scope,
)


def scope(full_scale_a=200e-6, *, noise_rms_a=0.4e-6, accuracy=None):
    return ScopeRange(
        accuracy=accuracy or transferred_scope(scope_accuracy("DSO-X 3024A")),
        full_scale_a=full_scale_a,
        amperes_per_volt=1e-3,
        noise_rms_a=noise_rms_a,
        shunt_relative=1e-3 / math.sqrt(3.0),
    )


def test_end_gauge_of_the_gum():
    # GUM H.1: l = 50 000 838 nm, u = 32 nm, 16 effective degrees of freedom.
    inputs = [
        normal("standard", 25.0, value=50_000_623.0, degrees_of_freedom=18, source="H.1"),
        normal("comparison", 5.8, value=215.0, degrees_of_freedom=24, source="H.1"),
        normal("random comparator", 3.9, degrees_of_freedom=5, source="H.1"),
        normal("systematic comparator", 6.7, degrees_of_freedom=8, source="H.1"),
        normal("expansion difference", 0.58e-6, degrees_of_freedom=50, source="H.1"),
        normal("temperature difference", 0.029, degrees_of_freedom=2, source="H.1"),
    ]

    def equation(standard, difference, random, systematic, expansion, temperature):
        length = 50_000_623.0
        return (
            standard + difference + random + systematic
            - length * (expansion * -0.1 + 11.5e-6 * temperature)
        )  # fmt: skip

    found = evaluate("length", "nm", inputs, equation)
    assert found.value == pytest.approx(50_000_838.0)
    assert found.standard_uncertainty == pytest.approx(32.0, abs=0.6)
    assert 16 == math.floor(found.degrees_of_freedom)


def test_effective_degrees_of_freedom():
    # u = 0.57 with 9 degrees of freedom and 0.25 with infinitely many: 12.8.
    inputs = [
        normal("scatter", 0.57, degrees_of_freedom=9, source=""),
        normal("reference", 0.25, source=""),
    ]
    found = evaluate("sum", "1", inputs, lambda a, b: a + b)
    assert found.degrees_of_freedom == pytest.approx(12.8, abs=0.05)
    assert found.coverage_factor > 2.1


def test_four_equal_inputs_add_in_quadrature():
    # JCGM 101 9.2.2 and 9.2.3: u = 2.0 whatever the shape.
    normals = [normal(str(k), 1.0, source="") for k in range(4)]
    boxes = [rectangular(str(k), math.sqrt(3.0), source="") for k in range(4)]
    for inputs in (normals, boxes):
        found = evaluate("sum", "1", inputs, lambda *each: sum(each))
        assert (found.standard_uncertainty, found.coverage_factor) == (pytest.approx(2.0), 2.0)


def test_mass_calibration_at_first_order():
    # JCGM 101 9.3, law of propagation: u = 0.0539 mg.
    inputs = [
        normal("reference", 0.050, value=100_000.0, source=""),
        normal("small weight", 0.020, value=1.234, source=""),
        rectangular("air", 0.10, value=1.20, source=""),
        rectangular("weight", 1000.0, value=8000.0, source=""),
        rectangular("reference density", 50.0, value=8000.0, source=""),
    ]

    def equation(reference, small, air, weight, density):
        return (reference + small) * (1 + (air - 1.2) * (1 / weight - 1 / density)) - 100_000.0

    found = evaluate("difference", "mg", inputs, equation)
    assert found.value == pytest.approx(1.234)
    assert found.standard_uncertainty == pytest.approx(0.0539, abs=0.0001)


def test_logarithm_at_first_order():
    # NPL DEM-ES-011 9.2: y = ln x, x rectangular 0.1 to 1.1: -0.511 with u = 0.481.
    from GTC import log

    found = evaluate("y", "1", [rectangular("x", 0.5, value=0.6, source="")], log)
    assert (found.value, found.standard_uncertainty) == pytest.approx((-0.511, 0.481), abs=5e-4)


def test_input_used_twice_cancels():
    found = evaluate("difference", "1", [normal("x", 1.0, value=5.0, source="")], lambda x: x - x)
    assert 0.0 == found.standard_uncertainty


def test_amplitude_is_decided_on_its_own_range_and_not_on_a_fixed_one():
    own = amplitude_budget(80e-6, on=scope(200e-6), plateau_samples=500, zero_samples=5000)
    fixed = amplitude_budget(80e-6, on=scope(1000e-6), plateau_samples=500, zero_samples=5000)
    assert own.expanded_uncertainty / 80e-6 == pytest.approx(0.013, abs=0.002)
    assert fixed.expanded_uncertainty / 80e-6 == pytest.approx(0.068, abs=0.007)


def test_offset_falls_out_of_a_difference():
    untransferred = scope(accuracy=scope_accuracy("DSO-X 3024A"))
    names = [line.name for line in amplitude_budget(
        80e-6, on=untransferred, plateau_samples=500, zero_samples=5000
    ).lines]  # fmt: skip
    assert "scope offset" not in names
    assert "scope offset" in [
        line.name for line in level_budget(80e-6, on=untransferred, samples=500).lines
    ]


def test_lines_add_up_to_the_combined_uncertainty_and_scale_with_the_unit():
    found = amplitude_budget(80e-6, on=scope(), plateau_samples=500, zero_samples=5000)
    total = math.sqrt(sum(line.standard_uncertainty**2 for line in found.lines))
    assert found.standard_uncertainty == pytest.approx(total)
    micro = found.scaled(1e6, unit="µA")
    assert (micro.value, micro.unit) == (pytest.approx(80.0), "µA")
    assert micro.expanded_uncertainty == pytest.approx(1e6 * found.expanded_uncertainty)
    assert micro.lines[0].standard_uncertainty >= micro.lines[-1].standard_uncertainty
    assert found.key != micro.key


def test_gain_and_shunt_fall_out_of_symmetry_and_load_regulation():
    symmetric = symmetry_budget(80e-6, -80e-6, on=scope(), plateau_samples=500, zero_samples=5000)
    by_name = {line.name: line.standard_uncertainty for line in symmetric.lines}
    assert (0.0, 0.0) == (by_name["scope gain"], by_name["shunt"])
    ratio = amplitude_ratio_budget(80e-6, 80e-6, on=scope(), plateau_samples=500, zero_samples=5000)
    by_name = {line.name: line.standard_uncertainty for line in ratio.lines}
    assert by_name["scope gain"] == pytest.approx(0.0, abs=1e-12)
    assert by_name["shunt"] == pytest.approx(0.0, abs=1e-12)


def test_net_charge_scales_with_the_time_of_current():
    short, long = (
        net_charge_budget(
            0.0,
            positive_s=time_s,
            negative_s=time_s,
            amplitude_a=80e-6,
            on=scope(),
            sample_interval_s=1e-5,
            zero_samples=10_000,
        )
        for time_s in (6e-3, 60e-3)
    )
    assert long.expanded_uncertainty == pytest.approx(10 * short.expanded_uncertainty, rel=0.05)


def test_direct_current_over_the_shunt_is_limited_by_meter_and_shunt():
    found = current_over_shunt_budget(
        [20.01e-3, 20.00e-3, 19.99e-3],
        accuracy=multimeter_accuracy("34465A"),
        range_v=0.1,
        shunt_ohm=100.0,
        shunt_relative=1e-3 / math.sqrt(3.0),
    )
    assert found.value == pytest.approx(200e-6)
    assert found.expanded_uncertainty / found.value == pytest.approx(0.0013, rel=0.1)
    assert "[R]" in found.lines[-1].source + found.lines[1].source


def test_unknown_instrument_names_the_known_ones():
    with pytest.raises(ConfigurationError, match="34465A"):
        multimeter_accuracy("3458A")


def test_times_have_their_sampling_timebase_and_window():
    steps = Transitions(sample_interval_s=1e-6, transition_s=0.0, noise_relative=0.01)
    fast = interval_budget(200e-6, steps, timebase_ppm=25)
    assert fast.standard_uncertainty == pytest.approx(
        math.sqrt(2) * 0.5e-6 / math.sqrt(3), rel=1e-3
    )
    slopes = Transitions(sample_interval_s=1e-6, transition_s=17e-6, noise_relative=0.01)
    slow = interval_budget(6e-3, slopes, timebase_ppm=25)
    assert slow.expanded_uncertainty < 1e-6
    rate = rate_budget(80.0, standard_uncertainty_hz=1e-4, timebase_ppm=25)
    assert rate.standard_uncertainty == pytest.approx(math.hypot(1e-4, 80 * 25e-6 / math.sqrt(3)))
    off = shutdown_latency_budget(0.02, sample_interval_s=1e-6, timebase_ppm=25)
    assert off.expanded_uncertainty < 2e-6
    session = clock_interval_budget(1200.0, poll_interval_s=1.0, clock_ppm=100)
    assert session.standard_uncertainty == pytest.approx(math.hypot(0.5, 0.12) / math.sqrt(3))


def test_shunt_is_common_to_both_levels_of_a_step_and_each_range_has_its_gain():
    low = Plateau(amplitude_a=80e-6, on=scope(200e-6), plateau_samples=500, zero_samples=5000)
    high = Plateau(amplitude_a=160e-6, on=scope(400e-6), plateau_samples=500, zero_samples=5000)
    found = step_budget(low, high)
    by_name = {line.name: line.standard_uncertainty for line in found.lines}
    assert 80e-6 == pytest.approx(found.value)
    assert 80e-6 * 1e-3 / math.sqrt(3.0) == pytest.approx(by_name["shunt"])
    assert 0.003 * 400e-6 / math.sqrt(3.0) == pytest.approx(by_name["upper: scope gain"])
    assert 0.003 * 200e-6 / math.sqrt(3.0) == pytest.approx(by_name["lower: scope gain"])


def test_time_base_falls_out_of_a_ratio_of_durations_and_the_mid_level_does_not():
    slopes = Transitions(
        sample_interval_s=1e-6, transition_s=17e-6, noise_relative=0.01, level_relative=0.003,
        repetitions=100,
    )  # fmt: skip
    found = interval_ratio_budget(6e-3, slopes, 6e-3, slopes)
    names = {line.name for line in found.lines}
    assert {"first mid-level", "second mid-level"} <= names
    assert not any("timebase" in name for name in names)
    assert found.lines[0].name.endswith("mid-level")


@pytest.mark.parametrize(
    ("noise_lsb", "expected_lsb"),
    [
        (0.0, 1 / math.sqrt(12.0)),  # no noise: a rectangle of one code
        (
            math.sqrt(0.3**2 + 1 / 12),
            math.exp(-2 * (math.pi * 0.3) ** 2) / (math.pi * math.sqrt(2)),
        ),
        (1.0, 0.0),
    ],
)
def test_noise_dithers_the_rounding_of_a_mean(noise_lsb, expected_lsb):
    on = scope(256e-6, noise_rms_a=noise_lsb * 1e-6)
    quantisation = on.level("plateau", 10_000)[1]
    assert expected_lsb * 1e-6 == pytest.approx(quantisation.standard_uncertainty, abs=6e-9)


def test_rounding_of_a_dithered_mean_is_what_numpy_finds():
    # r.m.s. over the place between two codes, by rounding many noisy samples.
    rng = np.random.default_rng(5)
    places = np.linspace(0.0, 1.0, 41)[:-1]
    for sigma in (0.15, 0.32):
        noisy = places[:, None] + rng.normal(0.0, sigma, (places.size, 40_000))
        errors = np.round(noisy).mean(axis=1) - places
        seen = float(np.sqrt(np.mean(errors**2)))
        on = scope(256e-6, noise_rms_a=math.sqrt(sigma**2 + 1 / 12) * 1e-6)
        assert seen * 1e-6 == pytest.approx(
            on.level("plateau", 40_000)[1].standard_uncertainty, rel=0.05, abs=2e-9
        )


def test_a_slow_decay_makes_the_last_instant_uncertain_by_the_level():
    # 5 µA of error at a threshold of 10 µA on a tail of 8 µs: half of it, 4 µs.
    tail = shutdown_latency_budget(
        1e-3, sample_interval_s=1e-9, timebase_ppm=0.0, decay_s=8e-6, level_relative=0.5
    )
    assert 4e-6 == pytest.approx(tail.standard_uncertainty, rel=1e-3)
    assert "threshold" == tail.lines[0].name


def shares(budget):
    return {line.name: line.standard_uncertainty for line in budget.lines}


def test_zero_state_counts_as_often_as_it_is_subtracted():
    counts = {"plateau_samples": 500, "zero_samples": 5000}
    once = shares(amplitude_budget(80e-6, on=scope(), **counts))
    assert once["zero state: non-linearity"] == pytest.approx(once["plateau: non-linearity"])
    twice = shares(symmetry_budget(80e-6, -80e-6, on=scope(), **counts))
    one = twice["positive plateau: non-linearity"]
    assert twice["zero state: non-linearity"] == pytest.approx(2 * one)
    net = shares(
        net_charge_budget(
            0.0, positive_s=6e-3, negative_s=4e-3, amplitude_a=80e-6, on=scope(),
            sample_interval_s=1e-5, zero_samples=10_000,
        )
    )  # fmt: skip
    for_all = net["positive phases: non-linearity"] + net["negative phases: non-linearity"]
    assert net["zero state: non-linearity"] == pytest.approx(for_all)
