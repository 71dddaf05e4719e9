"""The pulse timer: plays a programme, edge by edge, and knows where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from bench.twin.programme import Programme

__all__ = ["Edge", "PulseClient", "PulseFate", "PulseTimer", "Step"]


class Step(NamedTuple):
    """How the current goes on after an edge: from ``delay_ns`` behind it on, ``factor`` times set."""

    delay_ns: int
    factor: float
    through: bool = False
    """Both switches of a leg conduct: the rail's midpoint drives, not the source."""


class Edge(NamedTuple):
    """From ``time_ns`` on (of true time) the output is driven so; polarity 0 is the pause."""

    time_ns: int
    polarity: int
    factor: float = 1.0
    through: bool = False


class PulseClient(Protocol):
    """Who decides what the pulses are."""

    def pulse_begins(self, index: int) -> float | None:
        """Return pulse ``index``'s commanded current in µA, None to stop here."""
        ...

    def pulse_ended(self, index: int, charge_c: float) -> None:
        """Pulse ``index`` moved ``charge_c`` through the sense resistor."""
        ...

    def drive_phase(
        self, set_ua: float, polarity: int, index: int, *, through: bool = False
    ) -> None:
        """Drive the output; polarity 0 is the pause, ``through`` a leg that conducts through."""
        ...

    def steps(self, before: int, polarity: int) -> Sequence[Step]:
        """Return how the current gets from the polarity before an edge to the one behind it."""
        ...

    def sample(self, *, judge_contact: bool) -> None:
        """The converter samples the output now."""
        ...

    def suspicious(self) -> bool:
        """Return whether every sample matters now, not only those that judge the contact."""
        ...

    def steady(self) -> object | None:
        """Return what would make the next cycle differ from the last, None while it will."""
        ...


class PulseFate(Protocol):
    """Something that happens to single pulses."""

    def restart(self) -> None:
        """A programme begins: pulses are numbered from zero again."""
        ...

    def next_index(self, index: int) -> int | None:
        """Return the first pulse from ``index`` on that is not as the others, None for none."""
        ...

    def edges(self, index: int, edges: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return the changed edges (ns of true time, polarity) of a pulse."""
        ...


class PulseTimer:
    """Plays one programme for one client."""

    __slots__ = (
        "_edges", "_samples", "client", "factor", "fates", "index", "polarity", "programme",
        "set_ua", "start_ns", "through",
    )  # fmt: skip

    def __init__(self, programme: Programme, client: PulseClient, start_ns: int) -> None:
        self.programme = programme
        self.client = client
        self.start_ns = start_ns
        self.index = -1
        self.set_ua = 0.0
        self.polarity = 0
        self.factor = 1.0
        self.through = False
        self.fates: list[PulseFate] = []
        self._edges: list[Edge] = []
        self._samples: list[tuple[int, bool]] = []

    @property
    def next_begin_ns(self) -> int:
        """When the next pulse begins."""
        return self.start_ns + self.programme.start_of(self.index + 1)

    def next_ns(self, now_ns: int) -> int:
        """Return when something is to be done, now at the earliest."""
        edge_ns = self._edges[0].time_ns if self._edges else self.next_begin_ns
        while self._samples and self._samples[0][0] < now_ns:
            del self._samples[0]
        sample = self._telling_sample()
        return edge_ns if sample is None else min(edge_ns, sample[0])

    def begin(self, *, driven_until_ns: int | None = None) -> bool:
        """Begin the next pulse; False when the client wants none.

        ``driven_until_ns``: place the timer inside the pulse instead, everything up to that
        instant done.
        """
        self.index += 1
        set_ua = self.client.pulse_begins(self.index)
        if set_ua is None:
            return False
        self.set_ua = set_ua * self.programme.factors[self.index % self.programme.pulses]
        self._plan()
        if driven_until_ns is not None:
            done = [edge for edge in self._edges if edge.time_ns <= driven_until_ns]
            _, self.polarity, self.factor, self.through = done[-1] if done else Edge(0, 0)
            del self._edges[: len(done)]
            self._samples = [sample for sample in self._samples if sample[0] > driven_until_ns]
        return True

    def do_due(self, now_ns: int) -> None:
        """Do what is due now within the pulse: a sample before an edge."""
        sample = self._telling_sample()
        if sample is not None and sample[0] <= now_ns:
            self._samples.remove(sample)
            self.client.sample(judge_contact=sample[1])
        elif self._edges and self._edges[0].time_ns <= now_ns:
            _, self.polarity, self.factor, self.through = self._edges.pop(0)
            self.drive()

    def drive(self) -> None:
        """Drive the output as it is to be now."""
        self.client.drive_phase(
            self.set_ua * self.factor, self.polarity, self.index, through=self.through
        )

    def irregular_from(self, index: int) -> int | None:
        """Return the first pulse from ``index`` on to which something happens."""
        found = [fate.next_index(index) for fate in self.fates]
        return min((k for k in found if k is not None), default=None)

    def _plan(self) -> None:
        base_ns = self.start_ns + self.programme.start_of(self.index)
        phases = self.programme.phases[self.index % self.programme.pulses]
        edges: list[tuple[int, int]] = []
        for phase in phases:
            if edges and edges[-1][0] == base_ns + phase.start_ns:
                edges.pop()
            edges += [(base_ns + phase.start_ns, phase.polarity), (base_ns + phase.stop_ns, 0)]
        for fate in self.fates:
            if fate.next_index(self.index) == self.index:
                edges = fate.edges(self.index, edges)
        self._edges = self._stepped(edges)
        self._samples = [
            (base_ns + instant_ns, judge)
            for phase in phases
            for instant_ns, judge in phase.samples()
        ]

    def _stepped(self, edges: Iterable[tuple[int, int]]) -> list[Edge]:
        """Return the edges with the steps that follow each, as far as the next edge lets them."""
        found: list[Edge] = []
        before = 0
        for time_ns, polarity in edges:
            found = [edge for edge in found if edge.time_ns <= time_ns]
            steps = self.client.steps(before, polarity)
            if not steps or steps[0].delay_ns:
                found.append(Edge(time_ns, polarity))
            found += [
                Edge(time_ns + step.delay_ns, polarity, step.factor, step.through) for step in steps
            ]
            before = polarity
        return found

    def _telling_sample(self) -> tuple[int, bool] | None:
        """Return the next sample that tells something."""
        samples = self._samples
        if not samples:
            return None
        if self.client.suspicious():
            return samples[0]
        for sample in samples:
            if sample[1]:
                return sample
        return None
