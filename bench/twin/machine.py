"""Runs the analogue world and the pulse timer forward; whole cycles that repeat are not worked out.

When two cycles of a programme begin in bitwise the same state and nothing can tell them apart, all
that follow are the same: the machine then only remembers the cycle (an orbit) until somebody
disturbs it. Nothing is skipped: appointments, irregular pulses and disturbances end the orbit first.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from bench.twin.analogue import SOURCE, Analogue, Drive, Regime
from bench.twin.history import Block, Log
from bench.twin.network import Solution
from bench.twin.part import Part
from bench.twin.pulses import PulseTimer
from bench.twin.virtual_time import NS_PER_S, Timeline

__all__ = ["Machine", "Monitor", "Piece"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A solution, when it began and when it ends by itself (None: when somebody acts)."""

    solution: Solution
    start_ns: int
    stop_ns: int | None


class Monitor:
    """Looks at every piece as it begins and may act within it; this one never does."""

    due_ns: int | None = None

    def piece_begins(self, solution: Solution, start_ns: int) -> None:
        """A piece begins: set :attr:`due_ns`."""

    def act(self) -> None:
        """It is :attr:`due_ns`."""

    def memory(self) -> object:
        """Return what this monitor remembers of the past, comparable."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Orbit:
    block: Block
    stages: tuple[tuple[Regime, Drive], ...]
    charges_c: tuple[float, ...]
    first_index: int
    ends_ns: int | None


class Machine(Part):
    """The analogue world with its pulse timer."""

    def __init__(self, timeline: Timeline, analogue: Analogue) -> None:
        self._timeline = timeline
        self._analogue = analogue
        self._log = Log()
        self._tracing = False
        self._timer: PulseTimer | None = None
        self._orbit: _Orbit | None = None
        self._snapshot: object = None
        self._cycle: list[tuple[int, Solution, tuple[Regime, Drive]]] = []
        self._charges_c: list[float] = []
        self.monitors: list[Monitor] = []
        self.fast_forward = True
        self.cycles_skipped = 0
        analogue.piece_begins = self._piece_begins

    @property
    def analogue(self) -> Analogue:
        """The network, brought up to now and open to changes: calling this ends an orbit."""
        self.disturb()
        return self._analogue

    @property
    def timer(self) -> PulseTimer | None:
        """The pulse timer that plays, if one does; calling this ends an orbit."""
        self.disturb()
        return self._timer

    @property
    def solution(self) -> Solution:
        """The piece that is being worked out (not the one of an orbit)."""
        return self._analogue.solution

    def play(self, timer: PulseTimer) -> None:
        """Let a pulse timer run; it replaces the one before."""
        self.disturb()
        self._timer = timer
        self._analogue.take_charge()

    def stop_playing(self) -> None:
        """Stop the pulse timer where it is; the output stage stays as it is driven."""
        self.disturb()
        self._timer = None

    def drive(self, drive: Drive, *, at_once: bool) -> None:
        """Drive the output; for the pulse timer's own phases (others call :meth:`disturb` first)."""
        if self._orbit is not None:
            self._leave()
        self._analogue.set_drive(drive, at_once=at_once)

    def value(self, row: int) -> float:
        """Return a row of the network now, without disturbing anything."""
        piece = self.piece()
        return piece.solution.value(row, (self._timeline.now_ns - piece.start_ns) / NS_PER_S)

    def run_to(self, time_ns: int) -> None:
        """Let everything happen up to and including ``time_ns``, or the first appointment before.

        What happens may make appointments, so the clock may stop short of ``time_ns``.
        """
        stop_ns = self._no_later_than_appointment(time_ns)
        while (next_ns := self._next_ns()) is not None and next_ns <= stop_ns:
            self._timeline.now_ns = next_ns
            self._step()
            stop_ns = self._no_later_than_appointment(stop_ns)
        self._timeline.now_ns = stop_ns

    def _no_later_than_appointment(self, time_ns: int) -> int:
        appointment_ns = self._timeline.next_ns()
        return time_ns if appointment_ns is None else min(time_ns, appointment_ns)

    def piece(self) -> Piece:
        """Return the piece that holds now; of two that meet here the later."""
        orbit = self._orbit
        if orbit is None:
            stop_ns = self._next_ns()
            return Piece(
                solution=self._analogue.solution, start_ns=self._analogue.start_ns, stop_ns=stop_ns
            )
        block, (cycle, k) = orbit.block, self._place()
        begin_ns = block.start_ns + cycle * block.cycle_ns
        last = k + 1 == len(block.offsets_ns)
        stop_ns = begin_ns + (block.cycle_ns if last else block.offsets_ns[k + 1])
        return Piece(
            solution=block.solutions[k], start_ns=begin_ns + block.offsets_ns[k], stop_ns=stop_ns
        )

    def cycle_ns(self) -> int | None:
        """Return after what time everything repeats until the next appointment, if it does."""
        return self._orbit.block.cycle_ns if self._orbit else None

    def disturb(self) -> None:
        """End the orbit and forget that cycles were alike: somebody is about to change something."""
        self._snapshot = None
        if self._orbit is not None:
            self._leave()

    def keep_trace(self, since_ns: int | None) -> None:
        """Remember pieces from ``since_ns`` on, as far as they still can be; None forgets all."""
        if since_ns is None:
            self._tracing = False
            self._log.clear()
        elif self._tracing:
            self._log.forget_before(since_ns)
        else:
            self._tracing = True
            if self._orbit is None:
                self._log.add_piece(self._analogue.start_ns, self._analogue.solution)

    def remembered(self, stop_ns: int) -> tuple[Log, Block | None]:
        """Return the log and the block of the orbit that is going on, enough to reach ``stop_ns``."""
        if self._orbit is None:
            return self._log, None
        return self._log, _repeated(self._orbit.block, stop_ns)

    def _next_ns(self) -> int | None:
        if self._orbit is not None:
            return self._orbit.ends_ns
        due = self._timer.next_ns(self._timeline.now_ns) if self._timer is not None else None
        corner_ns = self._analogue.corner_ns
        if corner_ns is not None and (due is None or corner_ns < due):
            due = corner_ns
        for monitor in self.monitors:
            other = monitor.due_ns
            if other is not None and (due is None or other < due):
                due = other
        return due

    def _step(self) -> None:
        now_ns = self._timeline.now_ns
        if self._orbit is not None:
            self._leave()
            return
        for monitor in self.monitors:
            if monitor.due_ns is not None and monitor.due_ns <= now_ns:
                monitor.act()
                return
        if self._analogue.corner_ns is not None and self._analogue.corner_ns <= now_ns:
            self._analogue.pass_corner()
        elif self._timer is not None:
            self._step_timer(self._timer, now_ns)

    def _step_timer(self, timer: PulseTimer, now_ns: int) -> None:
        begin_ns = timer.next_begin_ns
        if begin_ns > now_ns or timer.next_ns(now_ns) < begin_ns:
            timer.do_due(now_ns)
            return
        if timer.index >= 0:
            self._report_charge(timer)
        if self._timer is not timer:
            return
        if (timer.index + 1) % timer.programme.pulses == 0 and self._begin_cycle(timer):
            return
        if not timer.begin() and self._timer is timer:
            self._timer = None

    def _report_charge(self, timer: PulseTimer) -> None:
        charge_c = self._analogue.take_charge()
        self._charges_c.append(charge_c)
        timer.client.pulse_ended(timer.index, charge_c)

    def _begin_cycle(self, timer: PulseTimer) -> bool:
        """Note a cycle's first state; True when it repeats the last one and an orbit begins."""
        self._analogue.cut()
        token = timer.client.steady() if self.fast_forward else None
        snapshot = None
        if token is not None:
            memory = tuple(monitor.memory() for monitor in self.monitors)
            snapshot = (self._analogue.solution, self._analogue.drive, token, memory)
        repeats = snapshot is not None and snapshot == self._snapshot
        if repeats and self._enter(timer):
            return True
        self._snapshot = snapshot
        self._cycle.clear()
        self._charges_c.clear()
        if snapshot is not None:
            self._note(self._analogue.start_ns, self._analogue.solution)
        return False

    def _enter(self, timer: PulseTimer) -> bool:
        now_ns, cycle_ns = self._timeline.now_ns, timer.programme.cycle_ns
        first_ns = now_ns - cycle_ns
        odd = timer.irregular_from(timer.index + 1)
        ends_ns = None if odd is None else timer.start_ns + timer.programme.start_of(odd) - 1
        if ends_ns is not None and ends_ns < now_ns + cycle_ns:
            return False
        pieces = [piece for piece in self._cycle if first_ns <= piece[0] < now_ns]
        if not pieces or pieces[0][0] != first_ns:
            return False
        block = Block(
            start_ns=now_ns,
            cycle_ns=cycle_ns,
            count=0,
            offsets_ns=tuple(start_ns - first_ns for start_ns, _, _ in pieces),
            solutions=tuple(solution for _, solution, _ in pieces),
        )
        self._orbit = _Orbit(
            block=block,
            stages=tuple(stage for _, _, stage in pieces),
            charges_c=tuple(self._charges_c),
            first_index=timer.index + 1,
            ends_ns=ends_ns,
        )
        return True

    def _place(self) -> tuple[int, int]:
        """Return the orbit's cycle and the number of the piece that hold now."""
        assert self._orbit is not None
        block = self._orbit.block
        cycle, offset_ns = divmod(self._timeline.now_ns - block.start_ns, block.cycle_ns)
        return cycle, bisect_right(block.offsets_ns, offset_ns) - 1

    def _leave(self) -> None:
        """Come out of the orbit as if every cycle had been worked through."""
        orbit, timer = self._orbit, self._timer
        assert orbit is not None
        assert timer is not None
        piece, (cycle, k) = self.piece(), self._place()
        self._orbit, self._snapshot = None, None
        self.cycles_skipped += cycle
        self._write_orbit(orbit.block, cycle, k)
        offset_ns = (self._timeline.now_ns - orbit.block.start_ns) % orbit.block.cycle_ns
        pulse = bisect_right(timer.programme.starts_ns, offset_ns) - 1
        self._analogue.resume(
            piece.solution,
            piece.start_ns,
            stage=orbit.stages[k],
            charge_c=_charge_before(orbit.block, timer.programme.starts_ns[pulse], k),
        )
        first = orbit.first_index + cycle * timer.programme.pulses
        for j, charge_c in enumerate(orbit.charges_c[:pulse]):
            timer.client.pulse_ended(first + j, charge_c)
        timer.index = first + pulse - 1
        timer.begin(driven_until_ns=self._timeline.now_ns)
        for monitor in self.monitors:
            monitor.piece_begins(piece.solution, piece.start_ns)

    def _write_orbit(self, block: Block, cycles: int, k: int) -> None:
        if not self._tracing:
            return
        self._log.add_block(_counted(block, cycles))
        begin_ns = block.start_ns + cycles * block.cycle_ns
        for j in range(k + 1):
            self._log.add_piece(begin_ns + block.offsets_ns[j], block.solutions[j])

    def _piece_begins(self, start_ns: int, solution: Solution) -> None:
        if self._tracing:
            self._log.add_piece(start_ns, solution)
        if self._snapshot is not None:
            self._note(start_ns, solution)
        for monitor in self.monitors:
            monitor.piece_begins(solution, start_ns)

    def _note(self, start_ns: int, solution: Solution) -> None:
        if self._cycle and self._cycle[-1][0] == start_ns:
            self._cycle.pop()
        stage = (self._analogue.regime, self._analogue.drive)
        self._cycle.append((start_ns, solution, stage))


def _charge_before(block: Block, since_ns: int, k: int) -> float:
    """Return the charge of the pieces before number ``k`` that began at an offset or later."""
    charge_c = 0.0
    for j in range(k):
        if block.offsets_ns[j] >= since_ns:
            duration_s = (block.offsets_ns[j + 1] - block.offsets_ns[j]) / NS_PER_S
            charge_c += block.solutions[j].integral(SOURCE, duration_s)
    return charge_c


def _counted(block: Block, count: int) -> Block:
    return Block(
        start_ns=block.start_ns,
        cycle_ns=block.cycle_ns,
        count=count,
        offsets_ns=block.offsets_ns,
        solutions=block.solutions,
    )


def _repeated(block: Block, stop_ns: int) -> Block:
    return _counted(block, max(0, -(-(stop_ns - block.start_ns) // block.cycle_ns)))
