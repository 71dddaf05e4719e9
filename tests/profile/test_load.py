"""Profiles: all shipped ones load, and bad ones say where and why in one line."""

from __future__ import annotations

import hashlib

import pytest

from bench.errors import ConfigurationError, ProfileError
from bench.profile import lint, load_profile, profile_names, profile_path, table_inconsistency_pct

SHIPPED = (
    "ref-alt-192",
    "ref-alt-400",
    "ref-biph-10",
    "ref-biph-v3",
    "ref-ems-50",
    "ref-env-300",
    "ref-galv-390",
    "ref-mens-400",
    "ref-mono-mod",
    "ref-pro-600",
    "ref-seq-500",
)


def refused(path):
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    message = str(caught.value)
    assert "\n" not in message
    assert 12 == caught.value.exit_code
    return message


def test_the_reference_profiles_are_shipped():
    assert SHIPPED == profile_names()


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_loads_and_lints(name):
    profile = load_profile(name)
    assert () == lint(profile)
    assert name == profile.id
    assert table_inconsistency_pct(profile) < 0.01
    loads_ohm = (500.0, 2000.0) if profile.scale > 1.0 else (500.0, 2000.0, 10_000.0)
    assert loads_ohm == profile.loads_ohm
    assert set(profile.declared) == set(profile.provenance)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_carries_no_product_name(name):
    profile = load_profile(name)
    for text in (profile.id, profile.title, profile.model):
        assert "nuface" not in text.lower()
        assert "foreo" not in text.lower()
    assert profile.model == name.upper()


def test_the_hash_is_that_of_the_bytes():
    profile = load_profile("ref-alt-400")
    assert hashlib.sha256(profile.path.read_bytes()).hexdigest() == profile.sha256


def test_ref_alt_400_declares_the_limits_of_the_laboratory():
    profile = load_profile("ref-alt-400")
    tolerance = profile.tolerance.by_name
    assert "±10 %, at least 2 µA" == str(tolerance["amplitude"])
    assert (0.05, 2.0, "us") == _parts(tolerance["pulse_duration"])
    assert (0.02, 0.0, "Hz") == _parts(tolerance["repetition_rate"])
    assert (0.05, 2.0, "uA") == _parts(tolerance["load_regulation"])
    assert (0.05, 4.5, "uA") == _parts(tolerance["symmetry"])
    assert (0.0, 2.0, "uA") == _parts(tolerance["dc"])
    assert (0.2, 0.0, "uA") == _parts(tolerance["net_charge_per_pulse"])
    assert (0.025, 2.25, "uA") == _parts(tolerance["net_charge_per_cycle"])
    assert (0.05, 0.0, "s") == _parts(tolerance["session"])
    output, timers, protection = profile.output, profile.timers, profile.protection
    assert (1000.0, 100.0, 1.0, 1.0, 5.0, 0.1) == (
        output.ceiling_ua,
        output.excursion_charge_nc,
        output.excursion_sum_uc,
        output.off_state_ua,
        output.contact_sense_ua,
        output.contact_sense_uc_per_s,
    )
    assert (1200.0, 1.0, 0.1, 0.5, 30.0) == (
        timers.session_s,
        timers.ramp_s,
        timers.stop_s,
        timers.contact_loss_s,
        timers.resume_window_s,
    )
    assert (600.0, 60e3, 120e3) == (
        protection.overcurrent_ua,
        protection.contact_on_ohm,
        protection.contact_off_ohm,
    )


def _parts(tolerance):
    return tolerance.relative, tolerance.floor, tolerance.unit


def test_the_clinical_profile_declares_larger_switching_excursions():
    assert 200.0 == load_profile("ref-pro-600").output.excursion_charge_nc


@pytest.mark.parametrize("name", SHIPPED)
def test_the_dc_protection_averages_over_at_least_two_half_cycles(name):
    profile = load_profile(name)
    assert profile.protection.dc_window_s >= 2 * profile.waveform.half_cycle_s


def test_off_positions_are_no_levels():
    for name in ("ref-mens-400", "ref-galv-390"):
        profile = load_profile(name)
        assert profile.output.off_level
        assert profile.levels[0].current_ua > 0
        assert 1 == profile.levels[0].number


def test_provenance_reaches_every_figure_and_assumptions_are_listed():
    profile = load_profile("ref-alt-400")
    assert "V" == profile.provenance["waveform.kind"].mark
    assert "D" == profile.provenance["sheet.phase_charge"].mark
    assert "P" == profile.provenance["timers.ramp"].mark
    lines = "\n".join(profile.assumptions)
    assert "output.electrode_area = 1.0 cm2: P, " in lines
    assert "waveform.kind" not in lines


def test_a_name_that_nobody_ships_names_the_nearest():
    with pytest.raises(ProfileError, match=r"did you mean 'ref-alt-400'\?"):
        profile_path("ref-alt-40")


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    assert "profile cannot be read" in refused(tmp_path / "mine.toml")


def test_a_profile_error_is_a_configuration_error():
    assert issubclass(ProfileError, ConfigurationError)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            'pulse_duration = "6 ms"',
            'pulse_duration = "6 mV"',
            ":14: waveform.pulse_duration: expected a time such as '6 ms', found '6 mV', a voltage",
        ),
        (
            'repetition_rate = "80 Hz"',
            "repetition_rate = 80",
            (
                ":15: waveform.repetition_rate: expected a quantity with its unit in quotes, "
                "found the bare number 80"
            ),
        ),
        (
            'compliance = "20 V"',
            'complience = "20 V"',
            "key 'compliance' is missing in [output]; did you write 'complience' for it?",
        ),
        (
            "symmetric = true",
            "symetric = true",
            ":17: unknown key 'symetric' in [waveform]; did you mean 'symmetric'?",
        ),
        ("[timers]", "[timer]", "key 'timers' is missing; did you write 'timer' for it?"),
        (
            'kind = "alternating"',
            'kind = "alternate"',
            (
                ":13: waveform.kind: expected one of 'alternating', 'biphasic', 'monophasic', "
                "found 'alternate'; did you mean 'alternating'?"
            ),
        ),
        (
            '"80 uA", "160 uA"',
            '"0 uA", "160 uA"',
            "an off position is declared with off_level = true",
        ),
        (
            '"500 ohm", "2 kohm"',
            '"2 kohm", "500 ohm"',
            "output.loads: expected ascending resistances",
        ),
        ('session = "20 min"', "session = true", "timers.session: expected a text in quotes"),
        (
            'amplitude = "±10 %, at least 2 uA"',
            'amplitude = "10 uV"',
            "tolerance.amplitude: expected a current",
        ),
        (
            '"waveform.kind" = "V: ',
            '"waveform.kind" = "sure: ',
            "expected '<mark>: <source>' with a mark of V, V2, R, R?, D, P",
        ),
        (
            '"output.levels" = ',
            '"output.level" = ',
            "nothing declared under 'output.level'; did you mean 'output.levels'?",
        ),
        ("pulses_per_train = 10", "pulses_per_train = 0", "expected at least 1, found 0"),
    ],
)
def test_a_bad_key_or_value_says_where_expected_and_found(changed, old, new, expected):
    path = changed((old, new))
    message = refused(path)
    assert message.startswith(str(path))
    assert expected in message


def test_voltage_regulation_needs_a_source_resistance(changed):
    path = changed(('source_resistance = "6000 ohm"\n', ""), profile="ref-biph-v3")
    assert "output.source_resistance: expected for voltage regulation" in refused(path)


def test_a_profile_without_provenance_is_all_assumption(changed):
    text = profile_path("ref-alt-400").read_text(encoding="utf-8")
    path = changed((text[text.index("\n[provenance]") :], ""))
    profile = load_profile(path)
    assert {"P"} == {entry.mark for entry in profile.provenance.values()}
    assert len(profile.assumptions) == len(profile.declared)
