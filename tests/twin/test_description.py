"""What a unit description must be."""

from __future__ import annotations

from typing import Any

import pytest

from bench.twin.description import DescriptionError, UnitDescription
from tests.twin.unit_under_test import description


def test_complete_description_is_read() -> None:
    unit = UnitDescription.read(description())
    assert unit.output.table_ua() == (80, 160, 240, 320, 400)
    assert unit.waveform.envelope is None


def test_levels_of_a_voltage_output_are_short_circuit_currents() -> None:
    raw = description()
    raw["output"] = {
        "regulation": "voltage", "levels_v": [3.0, 6.0], "source_ohm": 6000.0, "compliance_v": 6.0,
    }  # fmt: skip
    assert UnitDescription.read(raw).output.table_ua() == pytest.approx((500.0, 1000.0))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sede": 1}, r"unknown key 'sede'; did you mean 'seed'"),
        ({"waveform__knid": "x"}, r"waveform: unknown key 'knid'; did you mean 'kind'"),
        ({"waveform__kind": "sine"}, r"expected one of alternating, biphasic, monophasic"),
        ({"seed": "one"}, r"seed: expected int, found 'one'"),
        ({"output__levels_ua": []}, r"at least one level"),
        ({"waveform__repetition_rate_hz": 200.0}, r"do not fit a pulse period"),
        ({"firmware_settings__charge_inhibit": 1}, r"charge_inhibit: expected bool, found 1"),
        ({"firmware_settings__ramp_s": None}, r"ramp_s: expected float, found None"),
        ({"schema": 2}, r"schema: expected 1, found 2"),
        ({"faults": [{"id": "A01"}]}, r"faults\[0\]: unknown key 'id'"),
    ],
)
def test_wrong_descriptions_are_refused_by_key(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DescriptionError, match=message):
        UnitDescription.read(description(**changes))


def test_missing_key_is_named() -> None:
    raw = description()
    del raw["firmware_settings"]["ramp_s"]
    with pytest.raises(DescriptionError, match="key 'ramp_s' is missing"):
        UnitDescription.read(raw)
