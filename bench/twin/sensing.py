"""Contact sensing while nothing is delivered: small pulses at a low rate."""

from __future__ import annotations

from collections.abc import Callable

from bench.twin.analogue import OUTPUT, TERMINAL
from bench.twin.contact import ContactDetector
from bench.twin.machine import Machine
from bench.twin.part import Part
from bench.twin.parts import Oscillator
from bench.twin.programme import sense_programme
from bench.twin.pulses import PulseTimer, Step
from bench.twin.stage import OutputStage
from bench.twin.virtual_time import NS_PER_S, Timeline

__all__ = ["Sensing"]


class Sensing(Part):
    """A pulse client that looks for contact and tells what it found.

    A finding that differs from the last is confirmed by a second pulse after the debounce.
    """

    def __init__(
        self,
        timeline: Timeline,
        machine: Machine,
        stage: OutputStage,
        detector: ContactDetector,
        oscillator: Oscillator,
        *,
        found: Callable[[], None],
    ) -> None:
        self._timeline = timeline
        self._machine = machine
        self._stage = stage
        self._detector = detector
        self._oscillator = oscillator
        self._found = found
        self._doubtful = False
        self._confirm = False

    def begin(self, delay_s: float = 0.0) -> None:
        """Sense from ``delay_s`` on, replacing whatever the pulse timer plays."""
        detector = self._detector
        programme = sense_programme(
            duration_s=detector.probe_s,
            rate_hz=detector.probe_rate_hz,
            device_s=self._oscillator.device_s,
        )
        start_ns = self._timeline.now_ns + round(delay_s * NS_PER_S)
        self._machine.play(PulseTimer(programme, self, start_ns))

    def reset(self) -> None:
        """Forget an unconfirmed finding."""
        self._doubtful = self._confirm = False

    def pulse_begins(self, index: int) -> float | None:
        """Every sense pulse is alike."""
        del index
        return self._detector.probe_ua

    def pulse_ended(self, index: int, charge_c: float) -> None:
        """Sense pulses are not counted."""

    def steps(self, before: int, polarity: int) -> tuple[Step, ...]:
        """A probe pulse is what it is."""
        del before, polarity
        return ()

    def drive_phase(
        self, set_ua: float, polarity: int, index: int, *, through: bool = False
    ) -> None:
        """Drive the probe current; after the pulse look again where in doubt."""
        del index, through
        self._stage.drive_sense(set_ua, on=polarity != 0)
        if polarity == 0 and self._confirm:
            self._confirm = False
            self.begin(self._detector.debounce_s)

    def sample(self, *, judge_contact: bool) -> None:
        """Judge the contact."""
        if not judge_contact:
            return
        detector = self._detector
        contact = detector.judge(self._machine.value(OUTPUT), self._machine.value(TERMINAL))
        if contact != detector.present and not self._doubtful:
            self._doubtful = self._confirm = True
            return
        self._doubtful = False
        detector.present = contact
        self._found()

    def suspicious(self) -> bool:
        """Only the last sample of a pulse tells something."""
        return False

    def steady(self) -> object | None:
        """Return the finding, None while in doubt."""
        return None if self._doubtful else ("sense", self._detector.memory())
