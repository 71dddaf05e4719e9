"""What follows from a declaration, worked out by hand."""

from __future__ import annotations

import pytest

from bench.profile import NOMINALS, load_profile, profile_names


@pytest.fixture(scope="module")
def alternating():
    return load_profile("ref-alt-400")


@pytest.fixture(scope="module")
def biphasic():
    return load_profile("ref-biph-v3")


def test_trains_of_ten_repeat_every_quarter_second(alternating):
    wave = alternating.waveform
    assert 0.125 == wave.half_cycle_s
    assert 0.25 == wave.polarity_cycle_s
    assert 20 == wave.pulses_per_polarity_cycle
    assert wave.repeat_s == wave.polarity_cycle_s
    assert wave.duty == pytest.approx(0.48)


def test_a_current_regulated_level_does_not_depend_on_the_load(alternating):
    for load_ohm in alternating.loads_ohm:
        assert 240.0 == alternating.current_ua(3, load_ohm)


def test_charges_of_a_single_phase_pulse(alternating):
    assert alternating.phase_charge_uc(5, 500.0) == pytest.approx(2.4)
    assert alternating.net_charge_per_pulse_uc(5, 500.0) == pytest.approx(2.4)
    assert alternating.summed_phase_charge_uc(5, 500.0) == pytest.approx(48.0)
    assert 0.0 == alternating.dc_ua(5, 500.0)


def test_a_voltage_regulated_level_divides_over_its_source(biphasic):
    # 5 V behind 6 kohm: 5/6500, 5/8000, 5/16000
    currents = [biphasic.current_ua(3, ohm) for ohm in biphasic.loads_ohm]
    assert currents == pytest.approx([769.2308, 625.0, 312.5])
    assert biphasic.current_ua(1, 10_000.0) == pytest.approx(125.0)
    assert biphasic.levels[0].current_ua == pytest.approx(307.6923)


def test_a_symmetric_biphasic_pulse_sums_to_nothing(biphasic):
    assert 0.0 == biphasic.net_charge_per_pulse_uc(3, 500.0)
    assert biphasic.summed_phase_charge_uc(3, 500.0) == pytest.approx(2 * 0.0769231)
    assert 0.02 == biphasic.waveform.polarity_cycle_s
    assert 1 == biphasic.waveform.pulses_per_polarity_cycle


def test_a_monophasic_pulse_train_is_direct_current():
    galvanic = load_profile("ref-galv-390")
    assert galvanic.dc_ua(3, 500.0) == pytest.approx(195.0)
    assert galvanic.net_charge_per_pulse_uc(3, 500.0) == pytest.approx(39.0)


def test_an_envelope_takes_its_share_of_the_direct_current():
    modulated = load_profile("ref-mono-mod")
    # 335 µA x 0.48 duty, half the time at half the height
    assert modulated.dc_ua(3, 500.0) == pytest.approx(335 * 0.48 * 0.75)
    assert modulated.waveform.repeat_s == pytest.approx(10.0)
    assert modulated.waveform.polarity_cycle_s == pytest.approx(0.0125)


def test_a_level_that_is_not_declared_is_refused(alternating):
    for number in (0, 6):
        with pytest.raises(LookupError, match="it declares 1 to 5"):
            alternating.level(number)


@pytest.mark.parametrize("name", profile_names())
def test_every_nominal_has_a_value_at_every_level_and_load(name):
    profile = load_profile(name)
    for nominal in NOMINALS:
        for level in profile.levels:
            for load_ohm in profile.loads_ohm:
                value, unit = profile.nominal(nominal, level=level.number, load_ohm=load_ohm)
                assert value >= 0
                assert unit


def test_unknown_nominals_and_tolerances_are_refused(alternating):
    with pytest.raises(LookupError, match="no nominal 'curent'"):
        alternating.nominal("curent", level=1, load_ohm=500.0)
    with pytest.raises(LookupError, match="no tolerance 'ampltude'"):
        alternating.tolerance_named("ampltude")


def test_features_tell_what_applies(alternating, biphasic):
    assert {"alternating", "trains", "symmetric", "polarity cycle"} <= alternating.features
    assert {"biphasic", "voltage-regulated"} <= biphasic.features
    assert "symmetric" not in load_profile("ref-galv-390").features
    assert "trains" not in load_profile("ref-mens-400").features
    assert "boost" not in alternating.features
