"""Corrections by certificate: read strictly, applied to readings, their uncertainty in the limits."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from bench.errors import ConfigurationError
from bench.judge import multimeter_accuracy, voltage_budget
from bench.station.configuration import load_station
from bench.station.corrections import CorrectedMultimeter, Correction, corrected_accuracy
from tests.station.test_configuration import TEXT

METER = multimeter_accuracy("34465A")
SMALL = Correction(
    unit="V", full_scale=0.1, gain=20e-6, gain_expanded=8e-6, offset=-1e-6, offset_expanded=4e-7
)
OHMS = Correction(unit="ohm", full_scale=1e3, gain=-50e-6, gain_expanded=10e-6)


class Meter:
    role, resource_name = "dmm", "FAKE::INSTR"

    def __init__(self, value: float) -> None:
        self.value = value

    def configure_dc_voltage(self, *, range_v, aperture_s):
        pass

    def configure_ac_voltage(self, *, range_v):
        pass

    def configure_resistance(self, *, range_ohm, aperture_s, four_wire=True):
        pass

    def read(self, count=1):
        return np.full(count, self.value)

    def reset(self):
        pass


def corrected(value: float) -> CorrectedMultimeter:
    return CorrectedMultimeter(Meter(value), (SMALL, OHMS), METER)


def test_only_the_range_of_the_certificate_is_corrected():
    meter = corrected(0.05)
    meter.configure_dc_voltage(range_v=0.06, aperture_s=0.1)
    assert meter.read(2) == pytest.approx([0.05 * (1 + 20e-6) - 1e-6] * 2, rel=1e-12)
    for configure in (
        lambda: meter.configure_dc_voltage(range_v=1.0, aperture_s=0.1),
        lambda: meter.configure_ac_voltage(range_v=0.1),
        lambda: meter.configure_resistance(range_ohm=100.0, aperture_s=0.1),
        lambda: meter.configure_resistance(range_ohm=1e3, aperture_s=0.1, four_wire=False),
        meter.reset,
    ):
        configure()
        assert meter.read().tolist() == [0.05]
    meter.configure_resistance(range_ohm=500.0, aperture_s=0.1)
    assert meter.read() == pytest.approx([0.05 * (1 - 50e-6)], rel=1e-12)


def test_the_uncertainty_of_a_correction_is_added_and_never_takes_away():
    found = corrected_accuracy(METER, (SMALL, OHMS), certificate="C-1")
    plain, wider = METER.dc_voltage[0], found.dc_voltage[0]
    expected = np.hypot(plain.limit(0.05), np.sqrt(3) * np.hypot(4e-6 * 0.05, 2e-7))
    assert wider.limit(0.05) == pytest.approx(expected)
    assert found.dc_voltage[1:] == METER.dc_voltage[1:]
    assert found.resistance[1].limit(500.0) > METER.resistance[1].limit(500.0)
    assert "corrected by certificate C-1" in found.reference
    before = voltage_budget([0.05, 0.05], accuracy=METER, range_v=0.1)
    after = voltage_budget([0.05, 0.05], accuracy=found, range_v=0.1)
    assert after.expanded_uncertainty > before.expanded_uncertainty


def test_without_corrections_nothing_changes():
    assert corrected_accuracy(METER, (), certificate="C-1") is METER


def test_a_meter_with_a_known_error_reads_the_truth_again():
    true_v = 0.0432
    shown_v = (true_v + 1e-6) / (1 + 20e-6)
    meter = corrected(shown_v)
    meter.configure_dc_voltage(range_v=0.1, aperture_s=0.1)
    assert meter.read() == pytest.approx([true_v], rel=1e-12)


def station_with(tmp_path, text: str, role: str = "dmm"):
    marker = f"[instruments.{role}]"
    path = tmp_path / "station.toml"
    path.write_text(TEXT + text.format(role=role), encoding="utf-8")
    assert marker in TEXT
    return load_station(path)


GOOD = """
[instruments.{role}.corrections."100 mV"]
gain = "20 ppm ± 8 ppm"
offset = "-1 uV ± 0.4 uV"

[instruments.{role}.corrections."1 kohm"]
gain = "-50 ppm ± 10 ppm"
offset = "0 ohm ± 1 mohm"
"""


def test_corrections_are_read_from_the_station_file_and_said_in_words(tmp_path):
    found = station_with(tmp_path, GOOD).instruments["dmm"].corrections
    assert (found[0].unit, found[0].full_scale) == ("V", 0.1)
    assert (found[0].gain, found[0].gain_expanded) == pytest.approx((20e-6, 8e-6))
    assert (found[0].offset, found[0].offset_expanded) == pytest.approx((-1e-6, 4e-7))
    assert (found[1].unit, found[1].full_scale) == ("ohm", 1e3)
    assert str(found[0]) == "0.1 V: (+20 ± 8) ppm, (-1e-06 ± 4e-07) V"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace('gain = "20 ppm ± 8 ppm"', 'gain = "20 ppm"'), "gain"),
        (GOOD.replace("ppm ± 8 ppm", "uV ± 8 uV"), "gain"),
        (GOOD.replace('"100 mV"', '"100 mA"'), "corrections"),
        (GOOD.replace("offset =", "zero =", 1), "offset"),
    ],
)
def test_what_is_no_correction_is_one_clear_line(tmp_path, text, message):
    with pytest.raises(ConfigurationError, match=message) as caught:
        station_with(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_another_instrument_than_the_meter_has_none(tmp_path):
    with pytest.raises(ConfigurationError, match="corrections of the multimeter only"):
        station_with(tmp_path, GOOD, role="scope")


def test_due_dates_stay_what_they_were(tmp_path):
    station = station_with(tmp_path, GOOD)
    assert station.calibrated("dmm", on=date(2026, 1, 1))
