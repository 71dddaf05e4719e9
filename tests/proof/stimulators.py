"""Stimulators that break one ceiling of IEC 60601-2-10 each (201.12.4.104)."""

from __future__ import annotations

from dataclasses import replace

from bench.twin.faults import Fault
from bench.twin.unit import Unit


class TooMuchCurrent(Fault):
    """More than 50 mA r.m.s.: 45 % too much in pulses of 2 × 5.2 ms, the overcurrent protections dead."""

    def fit(self, unit: Unit, severity: str) -> None:
        """Balanced, and with its usual rate: nothing else of the device minds."""
        del severity
        delivery = unit.firmware.delivery
        delivery.waveform = replace(delivery.waveform, pulse_duration_s=5.2e-3)
        unit.source.gain = 1.45
        unit.hardware_overcurrent.dead = unit.firmware_overcurrent.dead = True


class TooMuchEnergy(Fault):
    """More than 300 mJ in a pulse of less than 0.1 s, with the overcurrent protections dead."""

    def fit(self, unit: Unit, severity: str) -> None:
        """90 mA for 80 ms."""
        del severity
        delivery = unit.firmware.delivery
        delivery.waveform = replace(
            delivery.waveform, pulse_duration_s=40e-3, repetition_rate_hz=7.5
        )
        unit.source.gain = 1.8
        unit.hardware_overcurrent.dead = unit.firmware_overcurrent.dead = True


class TooMuchVoltage(Fault):
    """More than 500 V at an open electrode."""

    def fit(self, unit: Unit, severity: str) -> None:
        """The rail's regulator has lost its feedback."""
        del severity
        unit.rail.compliance_v = 560.0
