"""Accuracy tables: by the model that ``*IDN?`` gives, with their source, or a clear refusal."""

import pytest

from bench.errors import ConfigurationError
from bench.judge import multimeter_accuracy, scope_accuracy, transferred_scope


@pytest.mark.parametrize(
    "model",
    ["DSO-X 3024A", "MSO-X 3054A", "DSO-X 3024T", "MSOX3104T", "DSO-X 4024A", "DSO-X 2004A"],
)
def test_members_of_the_scope_families_have_a_table(model):
    found = scope_accuracy(model)
    assert (model, "R", 8) == (found.model, found.mark, found.bits)
    assert "X-Series" in found.reference


@pytest.mark.parametrize(
    ("model", "mark"), [("34461A", "V2"), ("34401A", "V2"), ("34465A", "R"), ("34470A", "R")]
)
def test_members_of_the_meter_families_have_a_table(model, mark):
    found = multimeter_accuracy(model)
    assert (model, mark) == (found.model, found.mark)
    assert f"[{mark}]" in found.reference


def test_limits_at_full_scale_are_those_of_the_service_guide():
    # 34401A service guide p. 69, one year: ±8.5 µV, ±47 µV, ±400 µV; ±14 mΩ, ±110 mΩ, ±1.1 Ω.
    meter = multimeter_accuracy("34401A")
    volts = [meter.voltage_limit_v(v, range_v=v) for v in (0.1, 1.0, 10.0)]
    ohms = [meter.resistance_limit_ohm(r, range_ohm=r) for r in (100.0, 1e3, 10e3)]
    assert [8.5e-6, 47e-6, 400e-6] == pytest.approx(volts)
    assert [14e-3, 110e-3, 1.1] == pytest.approx(ohms)


def test_only_meters_with_an_aperture_in_seconds_hold_whole_cycles():
    settable = {m: multimeter_accuracy(m).aperture_in_seconds for m in ("34461A", "34465A")}
    assert {"34461A": False, "34465A": True} == settable


def test_transfer_replaces_gain_and_offset_and_keeps_converter_and_time_base():
    before = scope_accuracy("DSO-X 3024A")
    after = transferred_scope(before)
    assert (0.003, 0.02) == (after.gain_of_full_scale, after.offset_div)
    assert (before.timebase_ppm, before.bits) == (after.timebase_ppm, after.bits)
    assert "transfer" in after.vertical_reference
    assert before.reference == after.reference


@pytest.mark.parametrize(
    ("table", "model", "family"),
    [(multimeter_accuracy, "34460A", "34465A"), (scope_accuracy, "HMO1002", "3000T X-Series")],
)
def test_a_model_without_a_table_is_refused_in_one_line(table, model, family):
    with pytest.raises(ConfigurationError) as refusal:
        table(model, where="station lab 3, instruments.dmm")
    text = str(refusal.value)
    assert "\n" not in text
    for part in ("lab 3, instruments.dmm", model, family, "bench/judge/accuracy"):
        assert part in text
    assert 12 == refusal.value.exit_code
