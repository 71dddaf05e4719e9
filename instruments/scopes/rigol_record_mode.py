"""Rigol's record mode: frames one after the other, each of a trigger of its own.

What tells the time of a frame is not driven, and :attr:`Segment.time_s` is None: a DS1000Z has no query
for it; the ``FCUR:TIME?`` of the DHO families answers a text of five or six digits that is refreshed
0.3 s after a frame was selected (measured by the author of a public driver of an MHO98) and was seen on a
DHO800 not to follow the triggers at all. From that driver and others: ``OPER?`` is RUN until the last
frame is there, ``FMAX?`` of the replay counts the frames recorded, a frame is selected before ``FCUR?``
shows it and may still be sent late, hence two frames with the same samples are an error. The recording
may begin seconds after it was started (1 to 16 s were seen): what triggers before is no frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from bench.errors import InstrumentError, InstrumentTimeout
from instruments.roles import AcquisitionState, Identity, Segment
from instruments.scopes.rigol import RigolScope
from instruments.scopes.segmented import SegmentedShotScope
from instruments.session import Session

__all__ = ["RecordCommands", "RigolRecordMode"]

_OPERATIONS = ("RUN", "STOP")
_SELECTION_LIMIT_S = 2.0
_SELECTION_POLL_S = 0.02
_SETTLING_S = 0.1
"""After a frame is shown, before it is read; users of the DS families wait 5 to 50 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCommands:
    """How a family names its record mode."""

    record: str
    replay: str
    frames: str
    least_interval_s: float
    """Between two frames beyond what the scope needs itself."""


class RigolRecordMode(SegmentedShotScope, RigolScope):
    """A Rigol scope whose memory can be divided into frames."""

    RECORD: ClassVar[RecordCommands]

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the scope behind an open session."""
        super().__init__(session, identity)
        self._frames_before = 0
        self._has_run = False

    def fetch_segments(self, channels: Sequence[int], *, points: int) -> Sequence[Segment]:
        """Transfer every frame, each thinned to about ``points`` samples; their times are None.

        Raises InstrumentError where the frames are not those that were asked for, or two in a row
        are the same in every channel.
        """
        segments = super().fetch_segments(channels, points=points)
        for number, (before, after) in enumerate(pairwise(segments), start=2):
            if channels and all(_same(before, after, channel) for channel in channels):
                raise InstrumentError(
                    self._session.describe(
                        f"frame {number} has the samples of the frame before it, which noise never "
                        "gives twice: it was sent too early; fetch the segments again, with the "
                        "channel of the trigger among them"
                    )
                )
        return segments

    # -- single shot

    def _arm(self) -> None:
        if self._segments == 1:
            super()._arm()
        else:
            self._has_run = False
            self._run(f"{self.RECORD.record}:OPER RUN", answers=0)

    def _is_armed(self) -> bool:
        if self._segments == 1:
            return super()._is_armed()
        return self._is_recording() or self._has_new_frames()

    def _poll(self) -> AcquisitionState:
        """Take a recording that has stopped for done only where all its frames are there."""
        if self._segments == 1:
            return super()._poll()
        if self._is_recording():
            return "armed"
        return "complete" if self._has_new_frames() else "stopped"

    def _halt(self) -> None:
        if self._segments == 1:
            super()._halt()
        else:
            self._run(f"{self.RECORD.record}:OPER STOP", answers=0)

    # -- segments

    def _divide_memory(self, count: int) -> None:
        """Switch the record mode on; a sweep that triggers by itself would fill the frames."""
        self._choose_memory()
        record = self.RECORD.record
        enabled, frames, before = self._run(
            ":STOP",
            ":TRIG:SWE NORM",
            f"{record}:ENAB 1",
            f"{record}:FINT {self.RECORD.least_interval_s:G}",
            f"{record}:PROM 0",
            f"{record}:{self.RECORD.frames} {count}",
            f"{record}:ENAB?",
            f"{record}:{self.RECORD.frames}?",
            f"{self.RECORD.replay}:FMAX?",
            answers=3,
        )
        self._require_same(self._number(enabled, "the record mode"), 1, "the record mode")
        self._require_same(self._number(frames, "the segments"), count, "the number of segments")
        self._frames_before = int(self._number(before, "the frames recorded"))

    def _unite_memory(self) -> None:
        record = self.RECORD.record
        self._run(f"{record}:OPER STOP", f"{record}:ENAB 0", answers=0)

    def _filled_segments(self) -> int:
        return int(self._ask_number(f"{self.RECORD.replay}:FMAX?"))

    def _trigger_times(self, count: int) -> None:
        del count

    def _select_segment(self, number: int) -> None:
        """Select a frame and wait until the scope shows it."""
        clock, current = self._session.clock, f"{self.RECORD.replay}:FCUR"
        self._run(f"{current} {number}", answers=0)
        deadline_ns = clock.now_ns() + round(_SELECTION_LIMIT_S * 1e9)
        while int(self._ask_number(f"{current}?")) != number:
            if clock.now_ns() > deadline_ns:
                raise InstrumentTimeout(
                    self._session.describe(
                        f"it did not show frame {number} within {_SELECTION_LIMIT_S:g} s"
                    )
                )
            clock.sleep(_SELECTION_POLL_S)
        clock.sleep(_SETTLING_S)

    def _is_recording(self) -> bool:
        operation = self._ask(f"{self.RECORD.record}:OPER?").upper()
        is_recording = self._one_of(_OPERATIONS, operation, "an operation") == "RUN"
        self._has_run = self._has_run or is_recording
        return is_recording

    def _has_new_frames(self) -> bool:
        """Return whether all frames are there, and not from the recording before this one."""
        if self._filled_segments() != self._segments:
            return False
        return self._has_run or self._frames_before != self._segments


def _same(before: Segment, after: Segment, channel: int) -> bool:
    return np.array_equal(before.waveforms[channel].codes, after.waveforms[channel].codes)
