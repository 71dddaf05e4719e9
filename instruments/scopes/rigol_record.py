"""One record of a Rigol scope: its preamble, its codes.

Source: *MSO1000Z/DS1000Z Series Programming Guide*, PGA19108-1110, ``:WAVeform`` commands: ten
fields, volts are ``(code - YORigin - YREFerence) * YINCrement``.
"""

from __future__ import annotations

from dataclasses import dataclass

from instruments.session import parse_numbers

__all__ = ["RigolPreamble"]

_FIELDS = 10
_RAW = 2
_REFERENCE_SHARE = 0.02
"""Of all codes: how far the reference may lie from their middle (127 of 256, 32768 of 65536)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RigolPreamble:
    """The scaling of one record as the scope declares it; its number of points is not to be trusted."""

    x_increment_s: float
    x_origin_s: float
    y_increment_v: float
    y_origin: float
    y_reference: float

    @classmethod
    def parse(cls, reply: str, *, sample_format: int, codes: int) -> RigolPreamble:
        """Read the ten fields; raises ValueError for anything that cannot scale a record.

        ``sample_format`` is 0 for bytes and 1 for words, ``codes`` how many values a sample has.
        """
        fields = [float(field) for field in parse_numbers(reply, count=_FIELDS)]
        found_format, mode, _, _, x_inc, x_orig, _, y_inc, y_orig, y_ref = fields
        if found_format != sample_format or mode != _RAW:
            raise ValueError(
                f"expected format {sample_format} and mode {_RAW} (RAW), found "
                f"{found_format:g} and {mode:g}"
            )
        if not x_inc > 0 or not y_inc > 0:
            raise ValueError(f"x increment {x_inc:g}, y increment {y_inc:g}")
        if abs(y_ref - codes / 2) > codes * _REFERENCE_SHARE:  # seen on a DS1000Z: 305 for bytes
            raise ValueError(f"y reference {y_ref:g} is not the middle of {codes} codes")
        return cls(
            x_increment_s=x_inc,
            x_origin_s=x_orig,
            y_increment_v=y_inc,
            y_origin=y_orig,
            y_reference=y_ref,
        )
