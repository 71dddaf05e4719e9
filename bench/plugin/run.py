"""One run: what is opened before the first test, and how the bench is left after the last.

The order is the session order of the laboratory: identity, calibration, error queues, load paths,
zero, transfer, known voltage, then the device; at the end the reference again and the safe state,
shielded from the operator's impatience. Everything is journalled when it happens.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from bench.errors import BenchError, CalibrationOverdue, FixtureError
from bench.plugin.check import Check, CheckContext
from bench.plugin.settings import PRODUCTION, RunSettings
from bench.plugin.start import started_event
from bench.plugin.warm_up import start_warm_up
from bench.record import (
    Journal,
    RecordFailed,
    create_run_folder,
    load_run,
    store_waveform,
    utc_now,
)
from bench.record.closing import HeldMark, close_run
from bench.record.events import Finished, Kind, Problem
from bench.record.reserve import Reserve
from bench.record.run_folder import JOURNAL_NAME, WAVEFORM_FOLDER
from bench.record.schema import RunRecord, SafeStateRecord, SelfTestStep, TestOutcome
from bench.requirements import Catalogue
from bench.station.bench import Bench
from bench.station.guardian import Guardian
from bench.station.lock import BenchLock
from bench.station.safe_state import make_safe
from bench.station.simulation import RunningTwin
from bench.station.station import OpenStation
from bench.stopwatch import Stopwatch
from bench.waveform import Waveform
from reports import write_reports

__all__ = ["Run", "RunFailed"]

COMPILING_BEAT_S = 5.0
NETWORK_LIMIT = ("LKG-008", "impedance_deviation")
"""What the measuring device must keep: requirement and quantity."""
DIALOGUE_FOLDER = "dialogues"
_WITH_THE_NEXT = frozenset({Kind.CAPTURE, Kind.BUDGET})
"""Lines that count with the measurement that they belong to, and reach the disk with it."""
_ENDING = frozenset({Kind.PROBLEM, Kind.TEST, Kind.SAFE_STATE, Kind.FINISHED})
"""Lines that are written as far as the disk takes them: nothing is measured any more."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class RunFailed(Exception):
    """The bench could not be opened: no test runs, the record says why."""


class Run:
    """The run around pytest's test loop."""

    def __init__(
        self,
        settings: RunSettings,
        *,
        planned: Sequence[tuple[str, tuple[str, ...]]],
        selected: Sequence[tuple[str, ...]],
    ) -> None:
        """``planned`` is what the plan demands, ``selected`` the requirements of what will run."""
        self.settings = settings
        self.folder: Path = settings.folder
        self.stopwatch = Stopwatch()
        self.bench: Bench | None = None
        self.interrupted = False
        self.touched_bench = False
        self.left_in_the_middle = False
        """A test ended in an error of the bench: the device may still have a fault injected."""
        self.failure_exit_code: int | None = None
        self.record_failure: RecordFailed | None = None
        """Why nothing more can be recorded."""
        self.report_failure = ""
        self._planned = dict(planned)
        self._selected = {requirement for ids in selected for requirement in ids}
        self._station: OpenStation | None = None
        self._guardian: Guardian | None = None
        self._twin: RunningTwin | None = None
        self._lock: BenchLock | None = None
        self._stack = contextlib.ExitStack()
        self._started_s = time.perf_counter()
        self._powered_s: float | None = None
        self._device_time_s = 0.0
        if not (self.folder / WAVEFORM_FOLDER).is_dir():
            create_run_folder(self.folder)
        self._reserve = Reserve(self.folder)
        self._mark = HeldMark(self.folder)
        self.journal = Journal(self.folder / JOURNAL_NAME)
        self._context = CheckContext(
            catalogue=settings.catalogue,
            profile=settings.profile,
            write_measurement=lambda row: self._write(Kind.MEASUREMENT, row),
            write_budget=lambda budget: self._write(Kind.BUDGET, budget),
            now=lambda: (utc_now(), self._virtual_s()),
            attempts={},
            budgets={},
        )

    @property
    def catalogue(self) -> Catalogue:
        """The requirements in force."""
        return self.settings.catalogue

    def __enter__(self) -> Self:
        """Turn interrupt, termination and hang-up into an orderly end; write what is demanded.

        Whatever they were before: a script that starts a run in the background has interrupts ignored,
        and whoever sends one wants the output off.
        """
        for number in _SIGNALS:
            previous = signal.signal(number, _interrupt)
            self._stack.callback(signal.signal, number, previous)
        self._write(Kind.STARTED, started_event(self.settings, self._planned))
        return self

    def open(self) -> None:
        """Open the bench up to the device; raises RunFailed, with the cause in the journal."""
        try:
            self._open()
        except BenchError as error:
            if isinstance(error, CalibrationOverdue):
                self.failure_exit_code = error.exit_code
            self.problem("opening the bench", error, tuple(self._required()), decides_run=True)
            raise RunFailed(str(error)) from error

    def _open(self) -> None:
        settings = self.settings
        if settings.station is None:
            self._twin = settings.launch_twin()
        configuration = settings.station or settings.simulated_station(self._required_twin())
        settings.require_calibration(configuration)
        if settings.station is not None:  # a simulated bench of our own is nobody else's
            self._lock = BenchLock(configuration.addresses, run_id=settings.run_id)
        self._station = OpenStation(
            configuration,
            stopwatch=self.stopwatch,
            on_action=self._beat,
            store=self._store,
            record=self._write,
            dialogues=self._dialogue_folder(),
        )
        self._guardian = self._station.start_guardian(
            journal=self.folder / JOURNAL_NAME,
            pass_fds=(
                self._mark.descriptor,
                *(() if self._twin is None else (self._twin.lifeline_fd,)),
                *(() if self._lock is None else self._lock.descriptors),
            ),
        )
        warm_up = start_warm_up()
        self._station.connect()
        self._guardian.wait_ready()
        self.touched_bench = True
        self._station.prepare()
        self._station.self_test(settings.profile)
        if self._reads_through_network():
            limits = self.catalogue.limits(*NETWORK_LIMIT, settings.profile)
            self._station.check_network(limits)
        while warm_up.is_alive():  # compiling anew may outlast the guardian's patience
            warm_up.join(COMPILING_BEAT_S)
            self._beat()
        self._powered_s = self._virtual_s()
        self.bench = Bench.open(
            self._station,
            profile=settings.profile,
            seed=settings.phase_seed,
            wanted=self._selected.__contains__,
            expected=settings.expected_device(),
            short=settings.plan == PRODUCTION,
        )
        self._write(Kind.DEVICE, self.bench.identify())

    def _reads_through_network(self) -> bool:
        """Whether a test will; the doctor, who runs none, wants to know of every part."""
        if not self._selected:
            return True
        return any(self.catalogue[name].group == "leakage" for name in self._selected)

    def rest(self) -> None:
        """After a test: device idle, path open."""
        if self.bench is not None:
            self.bench.rest(power_cycle=self.left_in_the_middle)
            self.left_in_the_middle = False

    def bench_at_fault(self) -> str:
        """Return what of the bench explains that the device misbehaved, or nothing."""
        return "" if self.bench is None else self.bench.suspected()

    def check(self, test: str) -> Check:
        """Return the row writer of one test."""
        return Check(self._context, test=test)

    def test_over(self, outcome: TestOutcome) -> None:
        """Journal a test's outcome."""
        self._write(Kind.TEST, outcome)

    def problem(
        self,
        where: str,
        error: BaseException,
        requirements: tuple[str, ...],
        *,
        decides_run: bool = False,
    ) -> None:
        """Journal a failure of the bench."""
        text = str(error) or type(error).__name__
        if not isinstance(error, BenchError):
            text = f"{type(error).__name__}: {text}"
        self._write(
            Kind.PROBLEM,
            Problem(where=where, text=text, requirements=requirements, decides_run=decides_run),
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Check the reference again, make the bench safe, close the record. Shielded.

        After an interrupt the shield stays: all that is left is to write reports and to leave.
        """
        self.interrupted = isinstance(error, KeyboardInterrupt)
        for number in _SIGNALS:
            previous = signal.signal(number, signal.SIG_IGN)
            if not self.interrupted:
                self._stack.callback(signal.signal, number, previous)
        with self._stack:
            try:
                if error is None and self.record_failure is None:
                    self._closing_reference()
            finally:
                self._make_safe()
                self._finish("interrupted" if error is not None else "completed")

    def record(self) -> RunRecord:
        """Read the run back from its folder."""
        return load_run(self.folder)

    def close_record(self) -> None:
        """Seal the folder: to be called once every file of the run is in it.

        Where the disk did not take all of it, the next start does this.
        """
        try:
            if self.record_failure is None and not self.report_failure:
                close_run(self.folder)
        except (RecordFailed, OSError) as error:
            self.report_failure = str(error)
        finally:
            self._mark.release()

    def _closing_reference(self) -> None:
        try:
            self._require_steady_reference()
        except Exception as error:  # noqa: BLE001 - a reference that was not read, for whatever reason, makes the run an ERROR: no number of it can be trusted
            self.problem("closing reference", error, (), decides_run=True)

    def _require_steady_reference(self) -> None:
        if self.bench is None or self._station is None:
            return
        self.bench.release()
        self._count_device_time()
        drifted = [step for step in self._station.closing_reference() if not step.passed]
        if drifted:
            raise FixtureError(
                f"closing reference: {len(drifted)} ranges drifted, the worst "
                f"{max(drifted, key=_excess).name}: no number of this run can be trusted; "
                "let the bench warm up and run again"
            )

    def _count_device_time(self) -> None:
        """Note for how long the device has had its supply; once, when it loses it."""
        if self._powered_s is not None:
            self._device_time_s = self._virtual_s() - self._powered_s
            self._powered_s = None

    def _make_safe(self) -> None:
        """Make the bench safe; where nothing was ever connected there is nothing to make safe."""
        if self._station is None or not self.touched_bench:
            record = SafeStateRecord(confirmed=not self.touched_bench, steps=(_UNTOUCHED,))
        else:
            if self._guardian is not None:
                self._guardian.expect_end()
            with contextlib.suppress(BenchError):  # a clock that is gone leaves the time at zero
                self._count_device_time()
            record = make_safe(self._station.safe_state_parts(), path_first=False)
        self._write(Kind.SAFE_STATE, record)
        if self._guardian is None:
            return
        if not record.confirmed:
            second = self._guardian.make_safe()
            if second is not None:
                self._write(Kind.SAFE_STATE, second)
        self._guardian.dismiss()

    def _hear_twin(self) -> None:
        """Journal what went wrong inside the simulated bench, such as a fitted fault that raised."""
        said = self._twin.complaint() if self._twin is not None else ""
        if said:
            problem = Problem(where="simulated bench", text=said, decides_run=True)
            self._write(Kind.PROBLEM, problem)

    def _finish(self, outcome: str) -> None:
        self._hear_twin()
        timing_s = {str(name): value for name, value in self.stopwatch.totals_s().items()}
        elapsed_s = time.perf_counter() - self._started_s
        timing_s["other"] = max(0.0, elapsed_s - sum(timing_s.values()))
        self._write(
            Kind.FINISHED,
            Finished(
                outcome=outcome,
                finished_at=utc_now(),
                timing_s=timing_s,
                device_time_s=round(self._device_time_s, 3),
            ),
        )
        self.journal.close()
        self._reserve.release()
        try:
            write_reports(self.folder, self.record())
        except OSError as error:
            self.report_failure = (
                f"{self.folder}: the report cannot be written ({error.strerror}); make room, then "
                f"`bench report {self.folder}`"
            )
        if self._station is not None:
            self._station.close()
        if self._twin is not None:
            self._twin.close()
        if self._lock is not None:
            self._lock.release()

    def _dialogue_folder(self) -> Path | None:
        if not self.settings.record_dialogues:
            return None
        folder = self.folder / DIALOGUE_FOLDER
        folder.mkdir(exist_ok=True)
        return folder

    def _required(self) -> list[str]:
        return sorted({r for ids in self._planned.values() for r in ids})

    def _required_twin(self) -> RunningTwin:
        if self._twin is None:
            raise FixtureError("the simulated bench is not running")
        return self._twin

    def _beat(self) -> None:
        if self._guardian is not None:
            self._guardian.beat()

    def _store(self, waveform: Waveform) -> str:
        try:
            return store_waveform(self.folder / WAVEFORM_FOLDER, waveform)
        except RecordFailed as error:
            self._give_up(error)
            raise

    def _write(self, kind: Kind, data: object) -> None:
        """Write a line; raises RecordFailed, but for the lines of the run's end."""
        if self.record_failure is not None and kind not in _ENDING:
            raise self.record_failure
        try:
            with self.stopwatch.during("record"):
                self.journal.append(kind, data, durable=kind not in _WITH_THE_NEXT)
        except RecordFailed as error:
            self._give_up(error)
            if kind not in _ENDING:
                raise

    def _give_up(self, error: RecordFailed) -> None:
        """Record, in the room that is kept for it, that nothing more can be recorded; once."""
        if self.record_failure is None:
            self.record_failure = error
            self._reserve.release()
            with contextlib.suppress(RecordFailed):
                self.journal.append(
                    Kind.PROBLEM, Problem(where="record", text=str(error), decides_run=True)
                )

    def _virtual_s(self) -> float:
        return 0.0 if self._station is None else self._station.elapsed_s()


_UNTOUCHED = SelfTestStep(
    name="nothing to make safe", passed=True, detail="no instrument was ever commanded"
)


def _excess(step: SelfTestStep) -> float:
    return 0.0 if not step.high or step.value is None else abs(step.value) / step.high


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)
