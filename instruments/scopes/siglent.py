"""What Siglent scopes of both command sets share: the state, the bit of a new signal, the memory."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from bench.errors import InstrumentError
from instruments.roles import AcquisitionState, Identity
from instruments.scopes.single_shot import SingleShotScope
from instruments.session import Session

__all__ = ["SiglentScope"]

_NEW_SIGNAL_BIT = 1


class SiglentScope(SingleShotScope):
    """A Siglent scope used for single shots."""

    STATUS: ClassVar[str]
    """The query of the acquisition's state."""
    STATES: ClassVar[tuple[str, ...]]
    STOP: ClassVar[str]
    START: ClassVar[tuple[str, str]]
    FORCE: ClassVar[str]
    MEMORY: ClassVar[str]
    """The command of the memory depth."""
    DEPTHS: ClassVar[Mapping[int, str]]
    """Depths that every model has with all channels on, as they are written."""

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the scope behind an open session."""
        super().__init__(session, identity)
        self._screen_s = 0.0
        self._depth_points = 0
        self._new_signal = False

    def reset(self) -> None:
        """Bring the scope to its power-on settings; a record is lost, the memory depth too."""
        self._depth_points = 0
        super().reset()

    @abstractmethod
    def _event_register(self) -> int:
        """Read the event register, which reading clears."""

    @abstractmethod
    def _is_depth(self, found: str, points: int) -> bool:
        """Return whether the scope's answer is the depth that was set."""

    def _channels_of(self, model: str) -> int:
        return int(next(digit for digit in reversed(model.partition("X")[0]) if digit.isdigit()))

    def _arm(self) -> None:
        self._choose_memory()
        self._run(self.STOP, answers=0)
        self._take_new_signal()
        self._new_signal = False
        self._run(*self.START, answers=0)

    def _is_armed(self) -> bool:
        """Return whether it waits, or has triggered already: a short record may be over by now."""
        status = self._status()
        return status in ("Ready", "Trig'd") or (status == "Stop" and self._take_new_signal())

    def _poll(self) -> AcquisitionState:
        """Take Stop for done only with the event bit of a new signal, which reading clears."""
        status = self._status()
        if status == "Stop":
            return "complete" if self._take_new_signal() else "stopped"
        return "triggered" if status == "Trig'd" or self._state == "triggered" else "armed"

    def _force(self) -> None:
        self._run(self.FORCE, answers=0)

    def _halt(self) -> None:
        self._run(self.STOP, answers=0)

    def _status(self) -> str:
        return self._one_of(self.STATES, self._ask(self.STATUS), "a trigger status")

    def _take_new_signal(self) -> bool:
        if self._event_register() & _NEW_SIGNAL_BIT:
            self._new_signal = True
        return self._new_signal

    def _choose_memory(self) -> None:
        """Set the smallest depth that holds what was asked for over the whole screen."""
        share = self._screen_s / self._duration_s if self._duration_s else 1.0
        wanted = self._points * share
        depth = next((points for points in self.DEPTHS if points >= wanted), max(self.DEPTHS))
        if depth == self._depth_points:
            return
        self._depth_points = 0
        written = f"{self.MEMORY} {self.DEPTHS[depth]}"
        (found,) = self._run(written, f"{self.MEMORY}?", answers=1)
        if not self._is_depth(found.strip(), depth):
            raise InstrumentError(
                self._session.describe(
                    f"the memory depth should be {self.DEPTHS[depth]}, it reports {found[:20]}"
                )
            )
        self._depth_points = depth
