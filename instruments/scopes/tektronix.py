"""What Tektronix scopes of all families share: answers without headers, events, states, curves.

Source: TDS200/1000/2000 Programmer Manual and TDS3000 Programmer Manual (pages of ``WFMPre:YOFf``):
``value = (code - YOFf) * YMUlt + YZEro``, ``t = XZEro + (i - PT_Off) * XINcr``.
"""

from __future__ import annotations

import math
import re
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bench.waveform import Codes, Waveform
from instruments.roles import AcquisitionState
from instruments.scopes.single_shot import SingleShotScope, thinning
from instruments.scpi import Assignment, Setting

__all__ = ["CurveScale", "TektronixScope"]

_HEADERS = Setting(command="HEAD {value}", low=0, high=0, doc="headers in answers")
_STOP_AFTER = Setting(command="ACQ:STOPA {value}", choices=("SEQ",), doc="single sequence")
_STATES = ("ARMED", "AUTO", "READY", "SAVE", "TRIGGER", "SCAN")
_EVENT = re.compile(r'(\d+),"([^"]*)"')
_NO_EVENTS = (0, 1)
"""Codes of "no events" and "events are pending until ``*ESR?`` is read"."""
_ERROR_BITS = 0x3C
"""Query, device, execution and command error of the event status register (IEEE 488.2)."""
_FIELDS = ("NR_P", "BYT_N", "XIN", "XZE", "PT_O", "YMU", "YOF", "YZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveScale:
    """The scaling of one record as the scope declares it."""

    points: int
    bytes_per_point: int
    interval_s: float
    zero_s: float
    trigger_point: float
    gain_v: float
    offset_codes: float
    zero_v: float

    @classmethod
    def of(cls, fields: dict[str, float]) -> CurveScale:
        """Read the fields; raises ValueError for anything that cannot scale a record."""
        points, interval_s, gain_v = fields["NR_P"], fields["XIN"], fields["YMU"]
        if not all(map(math.isfinite, fields.values())):
            raise ValueError("a field is not a number")
        if points < 1 or not interval_s > 0 or not gain_v > 0:
            raise ValueError(f"{points:g} points, x increment {interval_s:g}, y unit {gain_v:g}")
        return cls(
            points=int(points),
            bytes_per_point=int(fields["BYT_N"]),
            interval_s=interval_s,
            zero_s=fields["XZE"],
            trigger_point=fields["PT_O"],
            gain_v=gain_v,
            offset_codes=fields["YOF"],
            zero_v=fields["YZE"],
        )


class TektronixScope(SingleShotScope):
    """A Tektronix scope used for single shots."""

    PREAMBLE: ClassVar[str]
    """Header of the preamble's fields: ``WFMO`` or ``WFMP``."""
    WIDTH: ClassVar[int]
    """Bytes of one sample."""

    def drain_errors(self) -> tuple[tuple[int, str], ...]:
        """Read the events; ``*ESR?`` comes first, without it they are not shown."""
        self._ask("*ESR?")
        events = [(int(code), text) for code, text in _EVENT.findall(self._ask("ALLE?"))]
        return tuple(event for event in events if event[0] not in _NO_EVENTS)

    def _without_headers(self, *assignments: Assignment) -> tuple[Assignment, ...]:
        """Return settings with the one in front that every answer depends on."""
        return (_HEADERS.to(0), *assignments)

    # -- single shot

    def _arm(self) -> None:
        self._apply(*self._without_headers(_STOP_AFTER.to("SEQ")))
        self._run("ACQ:STATE 0", "ACQ:STATE 1", answers=0)

    def _is_armed(self) -> bool:
        """Return whether it waits, or has triggered already: a short record may be over by now."""
        status = self._status()
        return status in ("READY", "TRIGGER") or (status == "SAVE" and self._has_acquired())

    def _poll(self) -> AcquisitionState:
        """Take a stopped scope for done only where it counts an acquisition since it was started."""
        if self._ask_number("ACQ:STATE?") == 0:
            return "complete" if self._has_acquired() else "stopped"
        return "triggered" if self._status() == "TRIGGER" else "armed"

    def _has_acquired(self) -> bool:
        return self._ask_number("ACQ:NUMAC?") >= 1 and self._ask_number("ACQ:STATE?") == 0

    def _force(self) -> None:
        self._run("TRIG FORC", answers=0)

    def _halt(self) -> None:
        self._run("ACQ:STATE 0", answers=0)

    def _status(self) -> str:
        return self._one_of(_STATES, self._ask("TRIG:STATE?").upper(), "a trigger state")

    # -- record

    @abstractmethod
    def _record_length(self) -> int:
        """Return how many samples a record has."""

    def _transferred(self, channel: int, points: int) -> Waveform:
        length = self._record_length()
        scale = self._scale_of(channel, length)
        t0_s = scale.zero_s - scale.trigger_point * scale.interval_s
        first, count = self._wanted_part(
            start_s=t0_s, interval_s=scale.interval_s, length=scale.points
        )
        step = thinning(count, points)
        block = self._session.query_block(
            "CURV?", count=length * self.WIDTH, timeout_s=self._block_timeout_s(length * self.WIDTH)
        )
        codes: Codes = block.view("<i2") if self.WIDTH == 2 else block.view(np.int8)
        return self._waveform(
            channel,
            codes=codes[first : first + count : step],
            gain=scale.gain_v,
            offset=scale.zero_v - scale.offset_codes * scale.gain_v,
            t0_s=t0_s + first * scale.interval_s,
            sample_interval_s=scale.interval_s * step,
            rails=self._rails(),
        )

    def _scale_of(self, channel: int, length: int) -> CurveScale:
        """Set the window anew, since a stale one survives another record length, and read it back."""
        encoding = "SRI" if self.WIDTH == 2 else "RIB"
        self._run(
            f"DAT:SOU CH{channel}", f"DAT:ENC {encoding}", f"DAT:WID {self.WIDTH}",
            "DAT:STAR 1", f"DAT:STOP {length}", answers=0,
        )  # fmt: skip
        replies = [self._ask(f"{self.PREAMBLE}:{field}?") for field in _FIELDS]
        try:
            numbers = (self._number(reply, "its preamble") for reply in replies)
            scale = CurveScale.of(dict(zip(_FIELDS, numbers, strict=True)))
        except ValueError as error:
            raise self._unusable("its preamble", "; ".join(replies), str(error)) from error
        if (scale.points, scale.bytes_per_point) != (length, self.WIDTH):
            reason = f"expected {length} samples of {self.WIDTH} bytes"
            raise self._unusable("its preamble", "; ".join(replies), reason)
        return scale

    @abstractmethod
    def _rails(self) -> tuple[int, int]:
        """Return the lowest and the highest code."""

    def _report(self, message: str) -> None:
        status = int(self._ask_number("*ESR?"))
        if status & _ERROR_BITS:
            events = _EVENT.findall(self._ask("ALLE?"))
            code, text = events[0] if events else ("0", f"event status {status}")
            self._refuse(message, int(code), text)
