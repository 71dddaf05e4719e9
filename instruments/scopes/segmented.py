"""What scopes with a divided memory share: one record again, the numbers of segments, their times.

A family says how it divides its memory, how many segments it has filled, how it gives one of them,
and when each was triggered.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from itertools import pairwise

from bench.errors import InstrumentError, SettingOutOfRange
from bench.waveform import Waveform
from instruments.roles import Identity, Segment
from instruments.scopes.single_shot import SingleShotScope
from instruments.session import Session

__all__ = ["MOST_SEGMENTS", "SegmentedShotScope"]

MOST_SEGMENTS = 25
"""Promised of every model whose makers give no fixed number: what is left of 10 MS for each of them
is 400 000 samples. How many there is room for at a record's length the scope is asked."""
_FEWEST_SEGMENTS = 2
_SAME_DURATION = 0.01
"""Share of a record by which two triggers may seem nearer than its duration."""


class SegmentedShotScope(SingleShotScope):
    """A scope used for single shots whose memory can be divided."""

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the scope behind an open session."""
        super().__init__(session, identity)
        self._segments = 1

    def reset(self) -> None:
        """Bring the scope to its power-on settings; a record is lost, the memory is one again."""
        super().reset()
        self._segments = 1

    def arm_single(self) -> None:
        """Discard the last record and wait for one trigger; returns once the scope is armed.

        Raises InstrumentTimeout where the scope does not arm.
        """
        if self._segments > 1:
            self._state = "stopped"
            self._unite_memory()
            self._segments = 1
        super().arm_single()

    def arm_segments(self, count: int) -> None:
        """Wait for ``count`` triggers, each of which fills a segment of the memory.

        Raises SettingOutOfRange beyond two to ``most_segments``, and where the memory does not hold
        so many records of the present length.
        """
        most = self.capabilities.most_segments
        if not _FEWEST_SEGMENTS <= count <= most:
            raise SettingOutOfRange(
                self._session.describe(
                    f"{count} segments are outside {_FEWEST_SEGMENTS} to {most} of the "
                    f"{self._identity.model}; nothing was sent"
                )
            )
        self._state, self._segments = "stopped", count
        self._divide_memory(count)
        super().arm_single()

    def fetch(self, channels: Sequence[int], *, points: int) -> Mapping[int, Waveform]:
        """Transfer the record just completed, in volts, thinned to about ``points`` samples.

        Raises InstrumentError where no record newer than the last ``arm_single`` exists.
        """
        if self._segments > 1:
            raise InstrumentError(
                self._session.describe(
                    f"{self._segments} segments were armed and no single record; fetch the segments"
                )
            )
        return super().fetch(channels, points=points)

    def fetch_segments(self, channels: Sequence[int], *, points: int) -> Sequence[Segment]:
        """Transfer every segment, in volts, each thinned to about ``points`` samples.

        Raises InstrumentError where the segments are not those that :meth:`arm_segments` asked for,
        or where the scope does not tell when each of them was triggered.
        """
        state = self.acquisition_state()
        armed = self._segments if self._segments > 1 else 0
        found = self._filled_segments() if armed and state == "complete" else 0
        if not armed or found != armed:
            raise InstrumentError(
                self._session.describe(
                    f"expected {armed or 'no'} segments, found {found}, the acquisition is {state}; "
                    "arm segments and wait for `complete`"
                )
            )
        for channel in channels:
            self._require_channel(channel)
        told_s = self._trigger_times(armed)
        times_s = [None] * armed if told_s is None else self._believable(told_s)
        return tuple(
            Segment(time_s=time_s, waveforms=self._segment(number, channels, points))
            for number, time_s in enumerate(times_s, start=1)
        )

    # -- what a family fills in

    @abstractmethod
    def _divide_memory(self, count: int) -> None:
        """Send what divides the memory; raises SettingOutOfRange where it is too small for it."""

    @abstractmethod
    def _unite_memory(self) -> None:
        """Send what makes the memory one again."""

    @abstractmethod
    def _filled_segments(self) -> int:
        """Return how many segments the stopped scope has filled."""

    @abstractmethod
    def _trigger_times(self, count: int) -> Sequence[float] | None:
        """Return the seconds from the first segment's trigger to that of each of ``count``.

        None where the family does not tell them.
        """

    @abstractmethod
    def _select_segment(self, number: int) -> None:
        """Send what makes a segment, counted from 1, the one that is transferred."""

    def _segment(self, number: int, channels: Sequence[int], points: int) -> Mapping[int, Waveform]:
        self._select_segment(number)
        return {channel: self._transferred(channel, points) for channel in channels}

    def _believable(self, times_s: Sequence[float]) -> Sequence[float]:
        """Return times that can be those of records one after the other; raises InstrumentError.

        A scope that stamps something else than triggers gives the same time again, or one inside
        the record before.
        """
        least_s = self._duration_s * (1 - _SAME_DURATION)
        for number, (before_s, after_s) in enumerate(pairwise(times_s), start=2):
            if not after_s - before_s > 0 or after_s - before_s < least_s:
                raise InstrumentError(
                    self._session.describe(
                        f"the time of segment {number} cannot be that of its trigger: "
                        f"{after_s - before_s:g} s after the one before, whose record lasts "
                        f"{self._duration_s:g} s"
                    )
                )
        return times_s
