"""What the bench asks of an instrument, by role. A driver of any make satisfies one of these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from bench.waveform import Waveform

__all__ = [
    "AcquisitionState",
    "Coupling",
    "GeneratorCapabilities",
    "Identity",
    "Instrument",
    "LoadSwitch",
    "Multimeter",
    "Oscilloscope",
    "ScopeCapabilities",
    "Segment",
    "SegmentedOscilloscope",
    "Slope",
    "Supply",
    "WaveformGenerator",
]

Slope = Literal["rising", "falling", "either"]
Coupling = Literal["DC", "AC"]
AcquisitionState = Literal["armed", "triggered", "complete", "stopped"]
"""``armed``: waiting for the trigger; ``triggered``: filling the record; ``complete``: a record
newer than the last ``arm_single`` can be fetched; ``stopped``: stopped without such a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeCapabilities:
    """What a family of oscilloscopes has; what it has not is never asked of it."""

    bits: int
    """Resolution of the codes that are transferred."""
    codes_per_division: float
    error_report: Literal["queue", "event status", "none"]
    """Where a refused command is found: ``SYST:ERR?``, ``*ESR?`` with its events, or nowhere."""
    peak_detect: bool
    most_points: int
    """Samples of one channel with all channels on, on the smallest memory of the family."""
    most_points_alone: int
    """The same with one channel on: more where the channels share the memory."""
    most_segments: int = 0
    """Segments of one acquisition that the driver takes (:class:`SegmentedOscilloscope`); 0: it
    drives no segmented memory, whether or not the scope has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The four fields of ``*IDN?``."""

    manufacturer: str
    model: str
    serial: str
    firmware: str


class Instrument(Protocol):
    """What every instrument can do."""

    role: str
    resource_name: str

    @property
    def identity(self) -> Identity:
        """Identity as read when the session was opened."""
        ...

    def reset(self) -> None:
        """Bring the instrument to its power-on settings (``*RST``) and clear its status."""
        ...

    def drain_errors(self) -> tuple[tuple[int, str], ...]:
        """Read the error queue until it is empty; return what was in it."""
        ...

    def close(self) -> None:
        """Close the session; idempotent, never raises."""
        ...


@runtime_checkable
class Oscilloscope(Instrument, Protocol):
    """A digital oscilloscope used for single shots."""

    channel_count: int
    vertical_divisions: int

    @property
    def capabilities(self) -> ScopeCapabilities:
        """What the family has."""
        ...

    def configure_channel(
        self,
        channel: int,
        *,
        volts_per_division: float,
        offset_v: float = 0.0,
        coupling: Coupling = "DC",
        probe_attenuation: float = 1.0,
        bandwidth_limit: bool = False,
        enabled: bool = True,
    ) -> float:
        """Set up a channel and return the volts per division that the scope then reports."""
        ...

    def configure_timebase(
        self,
        *,
        duration_s: float,
        before_trigger_s: float = 0.0,
        peak_detect: bool = False,
        points: int | None = None,
    ) -> float:
        """Choose the record's duration and how much of it lies before the trigger.

        ``points``: samples that :meth:`fetch` will ask for, for families whose record length is
        chosen before the acquisition. Returns the seconds from the trigger to the end of the
        acquisition: more than was asked for where the family has steps only.
        """
        ...

    def configure_edge_trigger(self, *, channel: int, level_v: float, slope: Slope) -> None:
        """Trigger on an edge only; never by itself."""
        ...

    def arm_single(self) -> None:
        """Discard the last record and wait for one trigger; returns once the scope is armed."""
        ...

    def force_trigger(self) -> None:
        """Make the armed scope take its record now."""
        ...

    def stop(self) -> None:
        """Stop acquiring; a record that is not complete is lost."""
        ...

    def acquisition_state(self) -> AcquisitionState:
        """Return where the acquisition stands; never blocks."""
        ...

    def fetch(self, channels: Sequence[int], *, points: int) -> Mapping[int, Waveform]:
        """Transfer the record just completed, in volts, thinned to about ``points`` samples.

        From half to twice ``points``, fewer where the memory holds fewer. Raises InstrumentError
        where no record newer than the last ``arm_single`` exists.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One of several records that a scope took one after the other without being armed again."""

    time_s: float | None
    """Of its trigger, after that of the first segment, by the scope's own clock; None for a family
    that does not tell it (Rigol): then the segments are in order, and that is all."""
    waveforms: Mapping[int, Waveform]
    """By channel; times from this segment's trigger."""


@runtime_checkable
class SegmentedOscilloscope(Oscilloscope, Protocol):
    """An oscilloscope whose memory can be divided, so that no trigger is missed in between."""

    def arm_segments(self, count: int) -> None:
        """Discard the last record and wait for so many triggers; returns once it is armed.

        ``acquisition_state`` is ``complete`` when the last segment is full. The next ``arm_single``
        takes one record again. Raises SettingOutOfRange beyond ``capabilities.most_segments``.
        """
        ...

    def fetch_segments(self, channels: Sequence[int], *, points: int) -> Sequence[Segment]:
        """Transfer every segment, each as :meth:`fetch` would; raises InstrumentError as it does."""
        ...


@runtime_checkable
class Multimeter(Instrument, Protocol):
    """A digital multimeter used for volts and resistance."""

    def configure_dc_voltage(self, *, range_v: float, aperture_s: float) -> None:
        """Measure d.c. volts on a fixed range with a fixed aperture.

        Auto-zero is on; the input is above 10 GOhm where the range allows it.
        """
        ...

    def configure_ac_voltage(self, *, range_v: float) -> None:
        """Measure r.m.s. a.c. volts, AC-coupled, on a fixed range."""
        ...

    def configure_resistance(
        self, *, range_ohm: float, aperture_s: float, four_wire: bool = True
    ) -> None:
        """Measure resistance on a fixed range with a fixed aperture."""
        ...

    def read(self, count: int = 1) -> NDArray[np.float64]:
        """Take ``count`` readings back to back; volts or ohms, shape (count,).

        Raises ReadingOverload where any reading is the overload sentinel.
        """
        ...


@runtime_checkable
class LoadSwitch(Instrument, Protocol):
    """A relay unit. Channels are the instrument's own numbers."""

    @property
    def reads_back(self) -> bool:
        """Whether the unit can be asked for its relays; else only the meter knows."""
        ...

    def close_channels(self, channels: Iterable[int]) -> None:
        """Close relays; returns when the unit says they have operated."""
        ...

    def open_channels(self, channels: Iterable[int]) -> None:
        """Open relays; returns when the unit says they have operated."""
        ...

    def open_all(self) -> None:
        """Open every relay of the unit."""
        ...

    def closed_channels(self, channels: Iterable[int]) -> frozenset[int]:
        """Return which of ``channels`` the unit believes closed (not proof of a contact)."""
        ...


@runtime_checkable
class Supply(Instrument, Protocol):
    """A laboratory supply with numbered outputs."""

    @property
    def readable_outputs(self) -> tuple[int, ...]:
        """Outputs whose state and voltage can be read back."""
        ...

    def configure_output(self, output: int, *, voltage_v: float, current_limit_a: float) -> None:
        """Set an output's voltage and current limit without switching it."""
        ...

    def switch_output(self, output: int, *, on: bool) -> None:
        """Switch one output."""
        ...

    def all_off(self) -> None:
        """Switch every output off."""
        ...

    def output_is_on(self, output: int) -> bool:
        """Return whether the output is switched on."""
        ...

    def measure_voltage(self, output: int) -> float:
        """Read back the output's voltage in volts."""
        ...

    def measure_current(self, output: int) -> float:
        """Read back the output's current in amperes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorCapabilities:
    """What a family of generators can give at its output without a load."""

    highest_hz: float
    """Of a sinusoid with the largest amplitude."""
    highest_peak_v: float
    """Zero to peak."""
    output_ohm: float


@runtime_checkable
class WaveformGenerator(Instrument, Protocol):
    """A function generator, one output of it, as a source of sinusoids."""

    @property
    def capabilities(self) -> GeneratorCapabilities:
        """What the family can give."""
        ...

    def configure_sine(self, *, frequency_hz: float, peak_v: float) -> None:
        """Set a sinusoid without offset, zero to peak without a load; switches nothing."""
        ...

    def switch_output(self, *, on: bool) -> None:
        """Switch the output; returns when the generator says that it is so."""
        ...

    def output_is_on(self) -> bool:
        """Return whether the output is switched on."""
        ...
