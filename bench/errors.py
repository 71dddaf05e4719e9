"""Errors of the bench, one class per mistake.

Every error derives from :class:`BenchError` and from the builtin a caller would expect, and knows
the exit code with which the command line ends when nothing more specific applies.
A message says what failed, where, what was expected against what was found, and what to do next.
"""

from __future__ import annotations

__all__ = [
    "BenchError",
    "CalibrationOverdue",
    "ConfigurationError",
    "DeviceLinkError",
    "DeviceMisbehaved",
    "DeviceRefused",
    "FileFormatError",
    "FixtureError",
    "IdentityMismatch",
    "InstrumentError",
    "InstrumentTimeout",
    "LinkProtocolError",
    "LinkTimeout",
    "NotConnected",
    "NotOffered",
    "ProfileError",
    "ReadingOverload",
    "SafeStateNotConfirmed",
    "ScpiError",
    "SettingOutOfRange",
    "SupplyFault",
    "TooFewSamples",
    "UsageError",
]


class BenchError(Exception):
    """Root of every error that this project raises on purpose."""

    exit_code: int = 10


class UsageError(BenchError, ValueError):
    """The command line asks for something that does not exist (unknown plan, bad option)."""

    exit_code = 4


class FileFormatError(BenchError, ValueError):
    """A recorded waveform or a run folder cannot be read as what it claims to be."""

    exit_code = 4


class ConfigurationError(BenchError, ValueError):
    """A station file, profile or requirement file is invalid; names file, key and remedy."""

    exit_code = 12


class ProfileError(ConfigurationError):
    """A device profile contradicts itself or has a wrong key or unit."""


class CalibrationOverdue(BenchError):
    """An instrument is past its calibration due date."""

    exit_code = 11


class SafeStateNotConfirmed(BenchError):
    """Loads could not be proved open or the supply could not be proved off."""

    exit_code = 13


class InstrumentError(BenchError):
    """An instrument failed. Never the device's FAIL."""


class NotConnected(InstrumentError, ConnectionError):
    """An instrument that the station names cannot be reached, or dropped the line."""


class InstrumentTimeout(InstrumentError, TimeoutError):
    """An instrument did not answer within its time-out."""


class IdentityMismatch(InstrumentError):
    """The instrument that answers is not the one that the station file names."""


class ScpiError(InstrumentError):
    """The instrument reported an error for a command; carries its code, text and the command."""

    def __init__(self, message: str, *, code: int, text: str, command: str) -> None:
        super().__init__(message)
        self.code = code
        self.text = text
        self.command = command


class SettingOutOfRange(InstrumentError, ValueError):
    """A setting lies outside the driver's declared legal range; nothing was sent."""


class ReadingOverload(InstrumentError, ArithmeticError):
    """A meter returned its overload sentinel (9.9E37): there is no number."""


class FixtureError(BenchError):
    """The fixture is not what the station file says (load, shunt, relay, reference current)."""


class SupplyFault(FixtureError):
    """The battery emulator starves the device: nothing that it then does is its own."""


class DeviceLinkError(BenchError):
    """The device's control link failed; by itself a bench ERROR, not the device's FAIL."""


class LinkTimeout(DeviceLinkError, TimeoutError):
    """The device stayed silent."""


class LinkProtocolError(DeviceLinkError, ValueError):
    """The device answered something that is not the protocol."""


class DeviceRefused(DeviceLinkError):
    """The device answered a command with an error on a good link.

    Where the command is legal, a refusal is the device's FAIL of the requirement being measured.
    """

    def __init__(self, message: str, *, code: int, word: str) -> None:
        super().__init__(message)
        self.code = code
        self.word = word


class NotOffered(DeviceLinkError, LookupError):
    """The device (or its adapter) does not offer a capability: the test is NOT TESTED."""


class TooFewSamples(NotOffered):
    """The scope's memory is too small for a record: known when it is there, behind what it was of."""


class DeviceMisbehaved(BenchError):
    """On a good link the device did not do what it must: no output, a trip, a wrong state.

    Not a failure of the bench: the plan turns it into FAIL of the requirement being measured.
    """
