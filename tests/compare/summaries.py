"""Summaries of many units, as `bench run` leaves them, drawn from a seed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

NOISE, SPREAD, TOLERANCE = 1e-3, 0.02, 0.10
"""Relative: repeatability of a measurement, spread of units, half the distance of the limits."""
NOMINALS = tuple(float(value) for value in np.linspace(20.0, 900.0, 60))


def write_side(
    folder: Path,
    *,
    units: int,
    seed: int,
    firmware: str,
    gain: float = 1.0,
    serials_from: int = 0,
    noise: float = NOISE,
    nominals: tuple[float, ...] = NOMINALS,
    station: str = "bench 1",
    profile: str = "p",
) -> Path:
    """Write one run of each unit; a unit is the same on both sides, its noise is not."""
    generator = np.random.default_rng(seed)
    for unit in range(serials_from, serials_from + units):
        own = np.random.default_rng([7, unit]).normal(0, SPREAD / 3, len(nominals))
        drawn = generator.normal(0, noise, len(nominals))
        run = {
            "run_id": f"{firmware}-{unit}", "plan": "release", "simulated": False,
            "verdict": "PASS", "device": {"serial": f"S{unit:04d}", "firmware": firmware},
            "profile": profile, "station": station, "started_at": "2026-11-24T10:00:00.000+00:00",
            "measurements": [
                row(k, nominal, nominal * float(gain + own[k] + drawn[k]), noise)
                for k, nominal in enumerate(nominals)
            ],
        }  # fmt: skip
        path = folder / f"{firmware}-{unit}"
        path.mkdir(parents=True)
        (path / "summary.json").write_bytes(msgspec.json.encode(run))
    return folder


def row(k: int, nominal: float, value: float, noise: float) -> dict[str, object]:
    """Return one measurement with its margin as the judge gives it."""
    low, high = nominal * (1 - TOLERANCE), nominal * (1 + TOLERANCE)
    margin = 100 * min(value - low, high - value) / ((high - low) / 2)
    return {
        "id": f"OUT-001/amplitude/level={k}", "requirements": ["OUT-001"], "value": value,
        "unit": "µA", "expanded_uncertainty": 2 * noise * nominal, "coverage_factor": 2.0,
        "low": low, "high": high, "verdict": "PASS" if margin >= 0 else "FAIL",
        "margin_pct": margin, "waveforms": [],
    }  # fmt: skip
