"""Constants of the range of n normal values, shared by charts, capability and gauge studies.

Source: AIAG Measurement Systems Analysis, 4th ed., appendix C; the same in every book on control charts.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["D2", "D2_SINGLE", "D3"]

D2: Final[Mapping[int, float]] = MappingProxyType(
    {2: 1.128379, 3: 1.692569, 4: 2.058751, 5: 2.325929, 6: 2.534413}
)
"""Mean range of n values, in standard deviations."""
D3: Final[Mapping[int, float]] = MappingProxyType(
    {2: 0.852502, 3: 0.888368, 4: 0.879808, 5: 0.864082, 6: 0.848040}
)
"""Standard deviation of that range."""
D2_SINGLE: Final[Mapping[int, float]] = MappingProxyType(
    {
        2: 1.41421,
        3: 1.91155,
        4: 2.23887,
        5: 2.48124,
        6: 2.67253,
        7: 2.82981,
        8: 2.96288,
        9: 3.07794,
        10: 3.17905,
    }
)
"""d2* of a single range."""
