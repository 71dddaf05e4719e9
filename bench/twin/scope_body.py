"""What a family of scopes is made of: divisions, converter, errors. Data, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ScopeBody"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeBody:
    """One family's hardware.

    Codes are on a scale of eight bits, 0 to 255 with 128 at mid-screen, whatever the converter's
    resolution: one of more bits gives ``steps`` values to each code. Errors are the most that a
    simulated unit may have, each within the family's data sheet.
    """

    vertical_divisions: int = 8
    time_divisions: int = 10
    codes_per_division: float = 32.0
    steps: int = 1
    lowest_code: int = 1
    highest_code: float = 255
    noise_lsb: float = 0.32
    noise_floor_v: float = 130e-6
    nonlinearity_lsb: float = 0.45
    gain_common: float = 0.010
    """Of the displayed value, on all ranges alike."""
    gain_range: float = 0.005
    """Of the displayed value, drawn for each range."""
    offset_divisions: float = 0.08
    offset_v: float = 1.5e-3
    offset_relative: float = 0.006
    """Of the offset setting."""
    time_base_ppm: float = 20.0
    scale_v: tuple[float, float] = (1e-3, 5.0)
    """Smallest and largest volts a division at the connector."""
