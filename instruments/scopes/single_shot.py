"""What scopes of every family share: one command a message, the single shot's state, its guards.

A family says how it arms, how it is asked, how it sends a record, and where it reports an error.
Commands go one to a message, since not every family takes several in one; a change of settings is
closed by the family's own error report, so that it has happened before another instrument is spoken
to.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from bench.errors import InstrumentError, InstrumentTimeout, SettingOutOfRange
from bench.waveform import Codes, Waveform
from instruments.roles import AcquisitionState, Identity, ScopeCapabilities
from instruments.scpi import ScpiInstrument
from instruments.session import Session, parse_numbers

__all__ = ["SingleShotScope", "next_step", "thinning"]

_ARMING_TIME_S = 2.0
_RESET_TIMEOUT_S = 20.0
_FIRST_POLL_S = 1e-3
_LONGEST_POLL_S = 50e-3
_TRANSFER_S_PER_BYTE = 4e-6
"""Slowest transfer that is waited for: a quarter of a megabyte a second (a DS1000Z reaches it)."""
_SAME = 1e-6
"""Relative difference within which a scope has done what it was told."""
_STEPS = (1.0, 2.0, 5.0, 10.0)


class SingleShotScope(ScpiInstrument):
    """A scope used for single shots; the families fill in what is theirs."""

    CAPABILITIES: ClassVar[ScopeCapabilities]
    vertical_divisions = 8

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the scope behind an open session."""
        super().__init__(session, identity)
        self.channel_count = self._channels_of(identity.model)
        self._scales_v: dict[int, float] = {}
        self._before_trigger_s = 0.0
        self._duration_s = 0.0
        self._points = 0
        self._acquisitions = 0
        self._state: AcquisitionState = "stopped"

    @property
    def capabilities(self) -> ScopeCapabilities:
        """What the family has."""
        return self.CAPABILITIES

    def reset(self) -> None:
        """Bring the scope to its power-on settings; a record is lost."""
        self._state = "stopped"
        self._scales_v.clear()
        self._written.clear()
        self._session.write("*RST")
        self._session.write("*CLS")
        self._session.query("*OPC?", timeout_s=_RESET_TIMEOUT_S)

    def arm_single(self) -> None:
        """Discard the last record and wait for one trigger; returns once the scope is armed.

        Raises InstrumentTimeout where the scope does not arm.
        """
        self._acquisitions += 1
        self._state = "stopped"
        self._arm()
        self._await_armed()
        self._state = "armed"

    def force_trigger(self) -> None:
        """Make the armed scope take its record now."""
        self._force()

    def stop(self) -> None:
        """Stop acquiring; a record that is not complete is lost."""
        self.acquisition_state()
        self._halt()
        if self._state != "complete":
            self._state = "stopped"

    def acquisition_state(self) -> AcquisitionState:
        """Return where the acquisition stands; never blocks.

        Stopped without a trigger since it was armed is ``stopped``, never ``complete``.
        """
        if self._state in ("armed", "triggered"):
            self._state = self._poll()
        return self._state

    def fetch(self, channels: Sequence[int], *, points: int) -> Mapping[int, Waveform]:
        """Transfer the record just completed, in volts, thinned to about ``points`` samples.

        Raises InstrumentError where no record newer than the last ``arm_single`` exists.
        """
        state = self.acquisition_state()
        if state != "complete":
            raise InstrumentError(
                self._session.describe(
                    f"there is no record to fetch, the acquisition is {state}; arm the scope and "
                    "wait for `complete`"
                )
            )
        for channel in channels:
            self._require_channel(channel)
        return {channel: self._transferred(channel, points) for channel in channels}

    # -- what a family fills in

    @abstractmethod
    def _channels_of(self, model: str) -> int:
        """Return how many channels a model has."""

    @abstractmethod
    def _arm(self) -> None:
        """Send what starts a single acquisition."""

    @abstractmethod
    def _is_armed(self) -> bool:
        """Return whether the scope waits for its trigger, or has it already."""

    @abstractmethod
    def _poll(self) -> AcquisitionState:
        """Return where an armed acquisition stands."""

    @abstractmethod
    def _force(self) -> None:
        """Send what forces the trigger."""

    @abstractmethod
    def _halt(self) -> None:
        """Send what stops the scope."""

    @abstractmethod
    def _transferred(self, channel: int, points: int) -> Waveform:
        """Return a channel of the completed record."""

    @abstractmethod
    def _report(self, message: str) -> None:
        """Ask for errors as the family reports them; raises ScpiError for ``message``."""

    # -- what they share

    def _run(self, *commands: str, answers: int, timeout_s: float | None = None) -> list[str]:
        """Send commands and queries one by one and close them with the family's error report."""
        replies: list[str] = []
        for command in commands:
            if command.partition(" ")[0].endswith("?"):
                replies.append(self._session.query(command, timeout_s=timeout_s))
            else:
                self._session.write(command)
        self._report("; ".join(commands))
        if len(replies) != answers:
            raise AssertionError(f"{answers} answers were expected of {commands}")
        return replies

    def _ask(self, query: str) -> str:
        """Return the answer to one query, without the error report."""
        return self._session.query(query).strip()

    def _ask_number(self, query: str) -> float:
        return self._number(self._ask(query), query)

    def _await_armed(self) -> None:
        """Poll until the time before the trigger has been taken."""
        clock, poll_s = self._session.clock, _FIRST_POLL_S
        limit_s = self._before_trigger_s + _ARMING_TIME_S
        deadline_ns = clock.now_ns() + round(limit_s * 1e9)
        while not self._is_armed():
            if clock.now_ns() > deadline_ns:
                raise InstrumentTimeout(
                    self._session.describe(f"it did not arm within {limit_s:g} s")
                )
            clock.sleep(poll_s)
            poll_s = min(2 * poll_s, _LONGEST_POLL_S)

    def _remember_record(self, duration_s: float, before_trigger_s: float, points: int) -> None:
        if not 0 <= before_trigger_s <= duration_s:
            raise SettingOutOfRange(
                self._session.describe(
                    f"{before_trigger_s:g} s before the trigger do not lie inside a record of "
                    f"{duration_s:g} s"
                )
            )
        self._duration_s, self._before_trigger_s = duration_s, before_trigger_s
        self._points = points

    def _require_channel(self, channel: int) -> None:
        if not 1 <= channel <= self.channel_count:
            raise SettingOutOfRange(
                self._session.describe(
                    f"channel {channel} does not exist, the {self._identity.model} has "
                    f"{self.channel_count}"
                )
            )

    def _require_same(
        self, found: float, wanted: float, what: str, *, within: float = _SAME
    ) -> None:
        """Raise InstrumentError where the scope says something else than it was told."""
        if abs(found - wanted) > within * abs(wanted):
            self._written.clear()
            raise InstrumentError(
                self._session.describe(f"{what} should be {wanted:g}, it reports {found:g}")
            )

    def _one_of(self, known: Sequence[str], found: str, what: str) -> str:
        """Return a state that the family has; raises InstrumentError for another."""
        if found in known:
            return found
        raise InstrumentError(
            self._session.describe(f"expected {what} of {', '.join(known)}, found {found[:40]!r}")
        )

    def _wanted_part(self, *, start_s: float, interval_s: float, length: int) -> tuple[int, int]:
        """Return the first sample of the wanted duration in a record, and how many there are."""
        first = max(0, round((-self._before_trigger_s - start_s) / interval_s))
        count = min(round(self._duration_s / interval_s), length - first)
        if count < 1:
            raise InstrumentError(
                self._session.describe(
                    f"the record starts at {start_s:g} s and has {length} samples: nothing of the "
                    f"{self._duration_s:g} s that were asked for is in it"
                )
            )
        return first, count

    def _waveform(
        self,
        channel: int,
        *,
        codes: Codes,
        gain: float,
        offset: float,
        t0_s: float,
        sample_interval_s: float,
        rails: tuple[int, int] = (-128, 127),
    ) -> Waveform:
        """Return a record in volts, with who took it."""
        return Waveform(
            codes=codes,
            gain=gain,
            offset=offset,
            t0_s=t0_s,
            sample_interval_s=sample_interval_s,
            channel=f"CH{channel}",
            unit="V",
            instrument=f"{self._identity.model} {self._identity.serial}",
            acquisition_id=str(self._acquisitions),
            code_low=rails[0],
            code_high=rails[1],
        )

    def _forget(self, *headers: str) -> None:
        """Have settings sent again whose header begins like one of these."""
        for header in [known for known in self._written if known.startswith(headers)]:
            del self._written[header]

    def _block_timeout_s(self, count: int) -> float:
        return self._session.timeout_s + count * _TRANSFER_S_PER_BYTE

    def _unusable(self, what: str, reply: str, reason: str) -> InstrumentError:
        return InstrumentError(
            self._session.describe(
                f"{what} cannot scale a record: {reason} ({reply[:120]}); check that the channel "
                "is on, and take the record again"
            )
        )

    def _number(self, reply: str, what: str) -> float:
        try:
            return float(parse_numbers(reply, count=1)[0])
        except ValueError as error:
            raise InstrumentError(
                self._session.describe(f"{what} cannot be read: {error}")
            ) from error


def next_step(value: float, *, steps: Sequence[float] = _STEPS) -> float:
    """Return the smallest of ``steps`` times a power of ten that is not below ``value``."""
    decade = 1.0
    while decade > value:
        decade /= 10.0
    while decade * 10.0 <= value:
        decade *= 10.0
    return float(f"{next(s for s in steps if s * decade >= value * (1 - _SAME)) * decade:.3g}")


def thinning(found: int, wanted: int) -> int:
    """Return of how many samples one is kept so that at least ``wanted`` of ``found`` remain."""
    return max(1, found // max(1, wanted))
