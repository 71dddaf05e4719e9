"""Networks in place of skin: how they are written, and that the fitted one is what it stands for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.errors import ProfileError
from bench.profile import SKINS, SkinNetwork, load_profile, profile_path, skin_network
from bench.quantity import QuantityError


def impedance(network: SkinNetwork, omega: np.ndarray) -> np.ndarray:
    sections = [one.ohm / (1.0 + 1j * omega * one.ohm * one.farad) for one in network.sections]
    return network.series_ohm + np.sum(sections, axis=0)


def test_six_sections_follow_a_cole_element_within_one_per_cent() -> None:
    omega = 2.0 * np.pi * np.logspace(-1, 5, 241)
    cole = 1e3 + 49e3 / (1.0 + (1j * omega * 4e-3) ** 0.8)
    found = impedance(SKINS["cole"], omega)
    assert 6 == len(SKINS["cole"].sections)
    assert float(np.max(np.abs(found - cole) / np.abs(cole))) < 0.0100


@pytest.mark.parametrize("name", SKINS)
def test_a_network_is_read_as_it_is_written(name: str) -> None:
    read = skin_network(SKINS[name].text)
    assert read.series_ohm == SKINS[name].series_ohm
    assert [(one.ohm, one.farad) for one in read.sections] == [
        (one.ohm, pytest.approx(one.farad, rel=1e-12)) for one in SKINS[name].sections
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("typica", "did you mean 'typical'"),
        ("1 kohm", "expected one of typical, gel"),
        ("1 kohm + 20 kohm", "expected a section such as '20 kohm || 100 nF', found '20 kohm'"),
        ("1 kohm + 20 kohm || 100 pV", "expected"),
        ("1 kohm + 0 ohm || 100 nF", "expected more than 0 ohm, found '0 ohm'"),
        ("1 kohm" + 7 * " + 1 kohm || 1 nF", "at most 6 sections, found 7"),
    ],
)
def test_what_is_no_network_is_refused(text: str, message: str) -> None:
    with pytest.raises(QuantityError, match=message.replace("|", r"\|")):
        skin_network(text)


def test_a_profile_names_its_skin(tmp_path: Path) -> None:
    text = profile_path("ref-alt-400").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text.replace("[output]\n", '[output]\nskin = "cole"\n', 1), encoding="utf-8")
    assert SKINS["cole"] == load_profile(path).output.skin
    assert SKINS["typical"] == load_profile("ref-alt-400").output.skin
    path.write_text(text.replace("[output]\n", '[output]\nskin = "coal"\n', 1), encoding="utf-8")
    with pytest.raises(ProfileError, match=r"output\.skin: .*did you mean 'cole'"):
        load_profile(path)
