"""Steps of a production run: each is taken once, in a fixed order, and what it gave is kept.

Sessions follow one another; the steps of one share a start. Asking for the result of a step takes all
that come before it: how long a unit lies on the bench, and what it has been through, does not depend on
which test asks first. What the device fails to do is kept with its step and raised for each test that
asks for it; a failure of the bench ends the session at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

from bench.errors import BenchError, DeviceMisbehaved, DeviceRefused, NotOffered

__all__ = ["Chain", "Session", "Step"]

_OF_THE_DEVICE: Final = (DeviceMisbehaved, DeviceRefused)
"""On a good link: what the device does wrong. A plan asks for what is legal."""


T = TypeVar("T")


class _Taken(Protocol):
    """A step without the type of what it gives."""

    def take(self) -> bool: ...
    def fail(self, reason: BenchError) -> None: ...


class Step(Generic[T]):
    """One step; calling it returns what it gave, or raises why it gave nothing."""

    def __init__(self, session: Session, action: Callable[[], T]) -> None:
        self._session = session
        self._action = action
        self._found: list[T] = []
        self._failure: BenchError | None = None

    def __call__(self) -> T:
        """Return what the step gave; takes it, and all before it, where it was not taken yet."""
        self._session.reach()
        if self._failure is not None:
            raise self._failure
        return self._found[0]

    def take(self) -> bool:
        """Take the step; return whether the device did what it must. Raises for the bench's errors."""
        try:
            self._found.append(self._action())
        except _OF_THE_DEVICE as failure:
            self._failure = failure
            return False
        except NotOffered as reason:
            self._failure = reason
        except BenchError as error:
            self._failure = error
            raise
        return True

    def fail(self, reason: BenchError) -> None:
        """Keep why the step was never taken."""
        if not self._found:
            self._failure = self._failure or reason


class Session:
    """Steps that share a start; the device is left as the last one leaves it."""

    def __init__(self, chain: Chain, begin: Callable[[], object] | None) -> None:
        self._chain = chain
        self._begin = begin
        self._steps: list[_Taken] = []

    def step(self, action: Callable[[], T]) -> Step[T]:
        """Add a step behind those that the session has."""
        added = Step(self, action)
        self._steps.append(added)
        return added

    def reach(self) -> None:
        """Take all sessions up to this one."""
        self._chain.up_to(self)

    def take(self) -> bool:
        """Begin and take every step; return whether the device did all that it must."""
        try:
            if self._begin is not None:
                self._begin()
            results = [step.take() for step in self._steps]
        except BenchError as error:
            for step in self._steps:
                step.fail(error)
            if isinstance(error, _OF_THE_DEVICE):
                return False
            raise
        return all(results)


class Chain:
    """The sessions of a run, in their order."""

    def __init__(self, *, recover: Callable[[], object]) -> None:
        """``recover`` brings a device that failed in a session back to rest."""
        self._recover = recover
        self._waiting: list[Session] = []

    def session(self, begin: Callable[[], object] | None = None) -> Session:
        """Add a session behind those that are there; ``begin`` comes before its first step."""
        added = Session(self, begin)
        self._waiting.append(added)
        return added

    def up_to(self, session: Session) -> None:
        """Take what is left of the sessions up to one; nothing where that is behind us."""
        while session in self._waiting:
            if not self._waiting.pop(0).take():
                self._recover()
