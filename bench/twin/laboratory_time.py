"""Virtual time as the simulated instruments move it, with the armed scope looking on.

Whoever advances time (a command, the clock socket, the device link) does it here, so that an
armed scope sees a crossing in the middle of somebody else's wait.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bench.twin.interface import Direction, Node, World

__all__ = ["Condition", "LaboratoryTime", "Watcher"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A crossing that somebody waits for."""

    node: Node
    level_v: float
    direction: Direction
    hysteresis_v: float


class Watcher(Protocol):
    """Somebody who must act in the middle of an advance."""

    def due_ns(self) -> int | None:
        """Return the next instant at which :meth:`reached` must be called, None for none."""
        ...

    def condition(self) -> Condition | None:
        """Return the crossing to look for from now on, None for none."""
        ...

    def crossed(self, at_ns: int) -> None:
        """The crossing happened; time stands there."""
        ...

    def reached(self) -> None:
        """Time stands at the instant that :meth:`due_ns` named."""
        ...


class LaboratoryTime:
    """The only way in which virtual time moves."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._watcher: Watcher | None = None
        self._listeners: list[Callable[[], None]] = []
        self._holds: dict[str, int] = {}
        self._kept_since_ns: int | None = None

    @property
    def now_ns(self) -> int:
        """Virtual time in nanoseconds."""
        return self.world.now_ns

    def watch(self, watcher: Watcher) -> None:
        """Let the scope look on; there is one."""
        self._watcher = watcher

    def on_advance(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every advance."""
        self._listeners.append(listener)

    def advance_by(self, duration_ns: int) -> None:
        """Let ``duration_ns`` pass."""
        self.advance_to(self.world.now_ns + duration_ns)

    def advance_to(self, time_ns: int) -> None:
        """Let everything happen up to ``time_ns``; a time that has passed changes nothing."""
        watcher = self._watcher
        if watcher is None:
            self.world.advance_to(max(time_ns, self.world.now_ns))
        else:
            self._advance_watched(time_ns, watcher)
        for listener in self._listeners:
            listener()

    def hold_trace(self, owner: str, since_ns: int | None) -> None:
        """Have the world remember its trace from ``since_ns`` on as long as ``owner`` needs it."""
        if since_ns is None:
            self._holds.pop(owner, None)
        else:
            self._holds[owner] = since_ns
        kept = min(self._holds.values(), default=None)
        if kept != self._kept_since_ns:
            self._kept_since_ns = kept
            self.world.keep_trace(kept)

    def _advance_watched(self, time_ns: int, watcher: Watcher) -> None:
        while True:
            due = watcher.due_ns()
            if due is not None and due <= self.world.now_ns:
                watcher.reached()
                continue
            if self.world.now_ns >= time_ns:
                return
            self._step(time_ns if due is None else min(time_ns, due), watcher)

    def _step(self, limit_ns: int, watcher: Watcher) -> None:
        wanted = watcher.condition()
        if wanted is None:
            self.world.advance_to(limit_ns)
            return
        crossing = self.world.advance_to_crossing(
            wanted.node, wanted.level_v, wanted.direction, wanted.hysteresis_v, limit_ns
        )
        if crossing is not None:
            watcher.crossed(crossing)
