"""The worked examples of docs/twin.md, as they stand there, do what they say."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.twin.unit_under_test import UnitUnderTest

DOCUMENT = Path(__file__).parents[2] / "docs" / "twin.md"
EXAMPLES = dict(
    re.findall(
        r"<!-- example: (\w+\.py) -->\n```python\n(.*?)```",
        DOCUMENT.read_text(encoding="utf-8"),
        re.DOTALL,
    )
)


def fitted(
    folder: Path, spec: str, *others: str, severity: str | None = None, seed: int = 1
) -> UnitUnderTest:
    """Return a unit with a documented fault in it, and listed ones."""
    file, _, name = spec.partition(":")
    path = folder / file
    path.write_text(EXAMPLES[file], encoding="utf-8")
    faults = [{"spec": f"{path}:{name}", "severity": severity}]
    return UnitUnderTest(*others, faults=faults, seed=seed)


def extremes_ua(unit: UnitUnderTest, seconds: float = 0.3) -> tuple[float, float]:
    current = unit.currents_ua(seconds)
    return float(np.max(current)), float(np.min(current))


def test_there_are_three() -> None:
    assert {"dropped.py", "sagging.py", "lottery.py"} == set(EXAMPLES)


def test_dropped_is_too_strong_in_one_polarity_and_combines_with_others(tmp_path: Path) -> None:
    unit = fitted(tmp_path, "dropped.py:Dropped", "O01=high", severity="middle")
    unit.run(level=5)
    high, low = extremes_ua(unit)
    assert (high, low) == (pytest.approx(400, rel=0.02), pytest.approx(-480, rel=0.02))
    assert unit.ask("STOP") == "OK"
    unit.wait(0.5)
    assert unit.mean_ua(1.0) == pytest.approx(
        5.0, rel=0.05
    )  # what the listed fault leaks while the output is off
    assert unit.unit.hardware_overcurrent.dead


def test_sagging_sags_at_its_times_alone(tmp_path: Path) -> None:
    unit = fitted(tmp_path, "sagging.py:Sagging").run(level=5)
    for at_s, expected_ua in ((290.0, 400), (305.0, 320), (315.0, 400), (615.0, 320)):
        unit.wait(at_s - unit.now_ns / 1e9)
        assert extremes_ua(unit)[0] == pytest.approx(expected_ua, rel=0.02), at_s


def test_lottery_strikes_as_often_as_it_says(tmp_path: Path) -> None:
    unit = fitted(tmp_path, "lottery.py:Lottery", severity="middle").power_up()
    found = list[float]()
    for _ in range(40):
        assert unit.ask("LEVEL 2") == "OK"
        assert unit.ask("START 60") == "OK"
        unit.wait(1.5)
        found.append(extremes_ua(unit)[0])
        assert unit.ask("STOP") == "OK"
        unit.wait(0.5)
    struck = [ua for ua in found if ua == pytest.approx(400, rel=0.02)]
    assert all(ua == pytest.approx(160, rel=0.02) for ua in found if ua not in struck)
    assert 2 <= len(struck) <= 16  # of a probability of 0.2, all but 1 in 1,000 runs
