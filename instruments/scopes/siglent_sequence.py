"""Sequence mode of Siglent scopes of the present command set: each trigger a frame of the memory.

From the *SDS Series Programming Guide*, EN11 (text and example: count, one frame by its number, frames
acquired, stamps behind the preamble), from public drivers that wait for ``Stop`` after SING and RUN,
and from what the author of siglent-bin measured on an SDS814X HD (firmware 4.8.12.1.1.6.5): only
``<frame>,1`` selects a frame, blocks have ``C1:WF`` in front, a full sequence can rest at ``Ready`` and
show its frames after ``:TRIG:STOP`` only, and the stamps there are **not** those of the triggers.

The times of segments are the stamps, where they stand still from one reading to the next and lie a
record's duration apart; else the segments are refused. Unverified (recalled): that ``INR?`` tells of a
sequence as it does of a record.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from bench.errors import InstrumentError, SettingOutOfRange
from instruments.roles import AcquisitionState, Identity
from instruments.scopes.segmented import SegmentedShotScope
from instruments.scopes.siglent import SiglentScope
from instruments.scopes.siglent_wavedesc import FrameStamp, acquired_frames
from instruments.scpi import Setting
from instruments.session import Session

__all__ = ["SiglentSequence"]

_SEQUENCE = Setting(
    command=":ACQ:SEQUENCE {value}", choices=("ON", "OFF"), doc="memory divided into segments"
)
_SEGMENTS = Setting(
    command=":ACQ:SEQUENCE:COUNT {value}",
    query=":ACQ:SEQUENCE:COUNT?",
    unit="segments",
    low=1,
    doc="segments; how many there is room for depends on model and time base",
)


class SiglentSequence(SegmentedShotScope, SiglentScope):
    """A Siglent scope of the EN11 command set whose memory can be divided."""

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the scope behind an open session."""
        super().__init__(session, identity)
        self._trigger_channel = 1
        self._selected = 1

    @abstractmethod
    def _preamble(self, channel: int) -> bytes:
        """Return the descriptor of the selected frame of a channel, with its stamp."""

    def stop(self) -> None:
        """Stop acquiring; a record that is not complete is lost.

        A sequence that is full and rests at ``Ready`` is found to be complete here.
        """
        super().stop()
        if self._segments > 1 and self._take_new_signal() and self._has_all_segments():
            self._state = "complete"

    def _poll(self) -> AcquisitionState:
        """Take a stopped sequence for done only with all its segments."""
        state = super()._poll()
        full = state != "complete" or self._segments == 1 or self._has_all_segments()
        return state if full else "stopped"

    def _has_all_segments(self) -> bool:
        return self._filled_segments() == self._segments

    def _divide_memory(self, count: int) -> None:
        """Choose the memory first, since how many segments there is room for depends on it."""
        self._choose_memory()
        settings = (_SEQUENCE.to("ON"), _SEGMENTS.to(count))
        (found,) = self._apply(*settings, then=(_SEGMENTS.ask(),))
        number = self._number(found, "the number of segments")
        if number < count:
            self._written.clear()
            raise SettingOutOfRange(
                self._session.describe(f"its memory holds {number:g} segments, not {count}")
            )
        self._require_same(number, count, "the number of segments")

    def _unite_memory(self) -> None:
        self._apply(_SEQUENCE.to("OFF"))

    def _filled_segments(self) -> int:
        return acquired_frames(self._frame(1))

    def _trigger_times(self, count: int) -> Sequence[float]:
        """Return the stamps' distances; the first is read again, it must not have moved meanwhile."""
        stamps = [self._stamp(number) for number in range(1, count + 1)]
        again = self._stamp(1)
        if again != stamps[0]:
            raise InstrumentError(
                self._session.describe(
                    f"the stamp of segment 1 moved by {again.after(stamps[0]):g} s between two "
                    "readings: it is not the time of a trigger"
                )
            )
        return tuple(stamp.after(stamps[0]) for stamp in stamps)

    def _stamp(self, number: int) -> FrameStamp:
        try:
            return FrameStamp.parse(self._frame(number))
        except ValueError as error:
            raise InstrumentError(
                self._session.describe(f"the time of segment {number} cannot be read: {error}")
            ) from error

    def _frame(self, number: int) -> bytes:
        """Return the preamble of one frame of the channel that triggers."""
        self._select_segment(number)
        return self._preamble(self._trigger_channel)

    def _select_segment(self, number: int) -> None:
        self._selected = number
