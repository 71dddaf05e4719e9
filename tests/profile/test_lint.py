"""Every contradiction inside a profile is found, at its line."""

from __future__ import annotations

import pytest

from bench.errors import ProfileError
from bench.profile import lint, load_profile, profile_path, table_inconsistency_pct


def finding(path):
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    message = str(caught.value)
    assert "\n" not in message
    assert ": expected " in message
    assert ", found " in message
    return message


CONTRADICTIONS = [
    # what is wrong, the texts that make it so, the key that must be named
    ("V against I R", [('voltage = "800 mV"', 'voltage = "900 mV"')], "output.table.1.voltage"),
    (
        "row against level",
        [('current = "400 uA"\nvoltage = "200 mV"', 'current = "380 uA"\nvoltage = "190 mV"')],
        "output.table.0.current",
    ),
    (
        "row of no load",
        [('load = "2 kohm"', 'load = "3 kohm"'), ('voltage = "800 mV"', 'voltage = "1200 mV"')],
        "output.table.1.load",
    ),
    ("load without row", [('"10 kohm"]', '"10 kohm", "20 kohm"]')], "output.table"),
    (
        "phase charge",
        [('phase_charge = "2.4 uC"', 'phase_charge = "2.6 uC"')],
        "sheet.phase_charge",
    ),
    (
        "net charge of a pulse",
        [('net_charge_per_pulse = "2.4 uC"', 'net_charge_per_pulse = "0 uC"')],
        "sheet.net_charge_per_pulse",
    ),
    (
        "net charge of a cycle",
        [('net_charge_per_cycle = "0 uC"', 'net_charge_per_cycle = "2.4 uC"')],
        "sheet.net_charge_per_cycle",
    ),
    ("r.m.s.", [('rms_current = "277.13 uA"', 'rms_current = "400 uA"')], "sheet.rms_current"),
    ("average", [('"192 uA"', '"277 uA"')], "sheet.average_current"),
    ("duty", [('duty = "48 %"', 'duty = "50 %"')], "sheet.duty"),
    (
        "density",
        [('electrode_area = "1.0 cm2"', 'electrode_area = "2.0 cm2"')],
        "sheet.rms_current_density",
    ),
    ("power density", [('"3.84e-05 W/cm2"', '"3.84e-02 W/cm2"')], "sheet.power_density"),
    ("pulse energy", [('"0.48 uJ"', '"0.96 uJ"')], "sheet.pulse_energy"),
    (
        "duty above 1",
        [('pulse_duration = "6 ms"', 'pulse_duration = "13 ms"')],
        "waveform.pulse_duration",
    ),
    ("order of levels", [('"80 uA", "160 uA"', '"160 uA", "80 uA"')], "output.levels"),
    ("class ceiling", [('ceiling = "1000 uA"', 'ceiling = "1500 uA"')], "output.ceiling"),
    ("level above ceiling", [('ceiling = "1000 uA"', 'ceiling = "300 uA"')], "output.levels"),
    ("compliance", [('compliance = "20 V"', 'compliance = "3.9 V"')], "output.compliance"),
    (
        "overcurrent",
        [('overcurrent = "600 uA"', 'overcurrent = "420 uA"')],
        "protection.overcurrent",
    ),
    (
        "fault current",
        [('fault_current = "2000 uA"', 'fault_current = "500 uA"')],
        "protection.fault_current",
    ),
    ("d.c. window", [('dc_window = "500 ms"', 'dc_window = "200 ms"')], "protection.dc_window"),
    (
        "d.c. threshold",
        [('dc_threshold = "50 uA"', 'dc_threshold = "1 uA"')],
        "protection.dc_threshold",
    ),
    (
        "contact",
        [('contact_off = "120 kohm"', 'contact_off = "50 kohm"')],
        "protection.contact_off",
    ),
    (
        "contact and load",
        [('contact_on = "60 kohm"', 'contact_on = "8 kohm"')],
        "protection.contact_on",
    ),
    ("battery", [('battery_low = "3.4 V"', 'battery_low = "3.0 V"')], "protection.battery_low"),
    (
        "battery nominal",
        [('battery_nominal = "3.7 V"', 'battery_nominal = "3.3 V"')],
        "protection.battery_nominal",
    ),
    ("session", [('session = "20 min"', 'session = "500 ms"')], "timers.session"),
    ("stop", [('stop = "100 ms"', 'stop = "100 ms"\nstop_ramp = "5 s"')], "timers.stop"),
    (
        "contact loss",
        [('contact_debounce = "20 ms"', 'contact_debounce = "2 s"')],
        "timers.contact_loss",
    ),
    (
        "no tolerance",
        [('symmetry = "±5 %, at least 4.5 uA"', 'symmetry = "±0 %"')],
        "tolerance.symmetry",
    ),
]


@pytest.mark.parametrize(
    ("replacements", "key"),
    [row[1:] for row in CONTRADICTIONS],
    ids=[row[0] for row in CONTRADICTIONS],
)
def test_a_contradiction_is_refused_by_its_key(changed, replacements, key):
    assert f": {key}: expected " in finding(changed(*replacements))


def test_ohms_law_is_quoted_with_its_line(changed):
    path = changed(('voltage = "800 mV"', 'voltage = "900 mV"'))
    line = path.read_text(encoding="utf-8").splitlines().index('voltage = "900 mV"') + 1
    assert finding(path) == (
        f"{path}:{line}: output.table.1.voltage: expected V = I R = 800 mV at 2000 Ω, "
        "found 900 mV; correct the voltage, the current or the load"
    )


def test_one_percent_is_rounding_and_two_is_not(changed):
    assert 0 == len(lint(load_profile(changed(('"800 mV"', '"807 mV"')))))
    assert "voltage" in finding(changed(('"800 mV"', '"817 mV"')))


def test_the_table_tells_its_largest_inconsistency(changed):
    profile = load_profile(changed(('"800 mV"', '"808 mV"')))
    assert table_inconsistency_pct(profile) == pytest.approx(100 * 8 / 808)


def test_monophasic_pulses_are_not_symmetric(changed):
    path = changed(
        ("symmetric = false", "symmetric = true"),
        ('dc = "±10 %"', 'dc = "±10 %"\nsymmetry = "±5 %"'),
        profile="ref-galv-390",
    )
    assert ": waveform.symmetric: expected false" in finding(path)


def test_an_envelope_is_at_most_whole(changed):
    path = changed(('depth = "50 %"', 'depth = "150 %"'), profile="ref-mono-mod")
    assert ": waveform.envelope.depth: expected at most 100 %" in finding(path)


def test_a_voltage_level_stays_within_the_compliance(changed):
    path = changed(('compliance = "5 V"', 'compliance = "4.5 V"'), profile="ref-biph-v3")
    assert ": output.compliance: expected at least 5 V" in finding(path)


def test_a_symmetric_biphasic_pulse_has_no_net_charge(changed):
    path = changed(
        ('net_charge_per_pulse = "0 uC"', 'net_charge_per_pulse = "0.0769 uC"'),
        profile="ref-biph-v3",
    )
    assert ": sheet.net_charge_per_pulse: expected 0 uC" in finding(path).replace("µC", "uC")


def test_the_inter_phase_gap_counts_against_the_period(changed):
    path = changed(
        ('repetition_rate = "50 Hz"', 'repetition_rate = "50 Hz"\ninter_phase_gap = "25 ms"'),
        profile="ref-biph-v3",
    )
    assert ": waveform.pulse_duration: expected" in finding(path)


def test_every_check_of_the_table_is_about_a_shipped_profile():
    text = profile_path("ref-alt-400").read_text(encoding="utf-8")
    for _, replacements, _ in CONTRADICTIONS:
        assert all(old in text for old, _ in replacements)
