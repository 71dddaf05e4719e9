"""Coverage: how often the twin's true value lies inside value ± U, by quantity.

    python benchmarks/coverage.py [--seeds N] [--profiles A,B] [--levels N] [--loads N]

Each seed is another device on another laboratory: instruments, shunt and loads with their own
errors. The truth comes from the network's exact solution through the twin's truth port, never from
our own measuring code. Prints a table and one JSON line.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

if __name__ == "__main__":  # this file's folder hides the package `coverage`, which numba looks for
    sys.path[0] = str(Path(__file__).parents[1])

from bench.profile import load_profile
from bench.record.schema import DeviceRecord
from bench.station import measurands
from bench.station.bench import Bench
from bench.station.measurands import ratings
from bench.station.simulation import launch_twin, simulated_station, unit_description
from bench.station.station import OpenStation
from bench.stopwatch import Stopwatch
from benchmarks.coverage_truth import TrueCurrent, TruthLog

LOW_PCT, HIGH_PCT = 93.0, 98.0
PROFILES = ("ref-alt-400", "ref-biph-10", "ref-galv-390")
SEED_STEP = 1000
"""Between profiles: no two sessions share an instrument."""
OFF_A = 10e-6
SYNC_V = 1.5


@dataclass
class Row:
    """All measurements of one quantity."""

    errors_of_u: list[float] = field(default_factory=list)
    """Error over expanded uncertainty; inside where its magnitude is at most one."""
    dominant: Counter = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    @property
    def inside_pct(self) -> float:
        """Share of the measurements whose true value lies inside value ± U."""
        return 100.0 * float(np.mean(np.abs(self.errors_of_u) <= 1.0))


_HEADER = (
    f"{'quantity':24} {'n':>5} {'inside':>8} {'rms error/U':>12} {'mean error/U':>13}  "
    "largest contribution"
)


class Table:
    """Rows by quantity."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = defaultdict(Row)

    def add(self, name: str, measured, truth: float, where: str = "") -> None:
        """Take one measurement with its true value."""
        if measured.value is None or measured.budget is None:
            self.rows[name].examples.append(f"{where}: no value: {measured.reason}")
            return
        error = measured.value - truth
        row = self.rows[name]
        row.errors_of_u.append(error / measured.expanded_uncertainty)
        row.dominant[_plain(measured.budget.lines[0].name)] += 1
        if abs(error) > measured.expanded_uncertainty:
            row.examples.append(
                f"{where}: {measured.value:.6g} - {truth:.6g} = {error:.2g}, "
                f"U {measured.expanded_uncertainty:.2g}"
            )

    def count(self) -> int:
        """Return how many measurements there are."""
        return sum(len(row.errors_of_u) for row in self.rows.values())

    def text(self) -> str:
        """Return the table as text."""
        lines = [_HEADER]
        for name, row in sorted(self.rows.items()):
            errors = np.array(row.errors_of_u or [np.nan])
            term, _ = (row.dominant.most_common(1) or [("-", 0)])[0]
            lines.append(
                f"{name:24} {len(row.errors_of_u):5} {row.inside_pct:7.1f}% "
                f"{np.sqrt(np.mean(errors**2)):12.3f} {errors.mean():13.3f}  {term}"
            )
        return "\n".join(lines)

    def as_json(self) -> dict:
        """Return the table for one JSON line."""
        return {
            name: {
                "n": len(row.errors_of_u),
                "inside_pct": round(row.inside_pct, 2),
                "rms_error_of_u": round(float(np.sqrt(np.mean(np.square(row.errors_of_u)))), 4),
                "dominant": (row.dominant.most_common(1) or [("-", 0)])[0][0],
            }
            for name, row in sorted(self.rows.items())
        }


def _plain(name: str) -> str:
    """Name a contribution without the level that it is of."""
    for word in ("non-linearity", "quantisation", "noise", "sampling", "mid-level", "scope gain"):
        if word in name:
            return word
    return name


@contextmanager
def witnessed_bench(profile, seed: int) -> Iterator[tuple[Bench, TruthLog]]:
    """Open the bench on a twin of its own that writes down the truth."""
    with tempfile.TemporaryDirectory(prefix="coverage-") as folder:
        path = Path(folder) / "truth.jsonl"
        description = unit_description(
            profile, serial="SIM-0001", firmware="1.0.0", udi="", seed=seed
        )
        command = (sys.executable, "-m", "bench.twin", "--truth", str(path))
        with launch_twin(description, command=command) as twin:
            names = iter(f"w{number}" for number in range(10**9))
            station = OpenStation(
                simulated_station(twin.addresses, profile, seed),
                stopwatch=Stopwatch(),
                on_action=lambda: None,
                store=lambda _: next(names),
                record=lambda _kind, _data: None,
            )
            try:
                station.connect()
                station.prepare()
                station.self_test(profile)
                expected = DeviceRecord(
                    model=profile.model, serial="SIM-0001", firmware="1.0.0", udi="", hardware=""
                )
                bench = Bench.open(
                    station, profile=profile, seed=seed, wanted=lambda _: True, expected=expected
                )
                bench.identify()
                yield bench, TruthLog(path)
            finally:
                station.close()


def measure_steady(bench: Bench, log: TruthLog, table: Table, levels, loads_ohm, tag: str) -> None:
    """Measure everything that a steady record gives, at each level and load."""
    before: dict[float, tuple] = {}
    for level in levels:
        smallest = None
        for load_ohm in loads_ohm:
            where = f"{tag} level {level} {load_ohm:g} ohm"
            log.skip()
            output = bench.steady(level=level, load_ohm=load_ohm)
            truth = TrueCurrent(_last(log.new_lines(), "record", "shunt"))
            _steady_quantities(bench, output, truth, table, where)
            _direct(bench, output, truth, table, level, load_ohm, where)
            if smallest is None:
                smallest = (output, truth)
            else:
                worst = measurands.load_regulation(output, reference=smallest[0])
                ratios = [
                    truth.amplitude_a(s) / smallest[1].amplitude_a(s) for s in output.polarities
                ]
                near = min(ratios, key=lambda ratio: abs(ratio - worst.value))
                table.add("load_regulation", worst, near, where)
            if load_ohm in before:
                step = measurands.level_step(before[load_ohm][0], output)
                rises = [
                    truth.amplitude_a(s) - before[load_ohm][1].amplitude_a(s)
                    for s in output.polarities
                ]
                table.add("level_step", step, min(rises, key=lambda r: abs(r - step.value)), where)
            before[load_ohm] = (output, truth)


def _steady_quantities(bench, output, truth: TrueCurrent, table: Table, where: str) -> None:
    wave = output.profile.waveform
    ppm = bench.timebase_ppm
    charges = truth.charges_c()
    signs = np.array([phase.sign for phase in truth.phases[1:-1]])
    for sign in output.polarities:
        table.add("amplitude", measurands.amplitude(output, sign), truth.amplitude_a(sign), where)
        table.add(
            "pulse_duration",
            measurands.pulse_duration(output, sign, timebase_ppm=ppm),
            truth.duration_s(sign),
            where,
        )
        true_c = float(np.abs(charges[signs == sign]).max())
        table.add("phase_charge", measurands.phase_charge(output, sign), true_c, where)
    rate = measurands.repetition_rate(output, timebase_ppm=ppm)
    table.add("repetition_rate", rate, truth.rate_hz(wave.phases_per_pulse), where)
    per_cycle = wave.phases_per_pulse * wave.pulses_per_polarity_cycle
    start_s, stop_s = truth.whole_cycles_s(per_cycle)
    mean_square = truth.integral(start_s, stop_s, square=True) / (stop_s - start_s)
    table.add("rms_current", ratings.rms_current(output, timebase_ppm=ppm), mean_square**0.5, where)
    if wave.kind == "monophasic":
        net = measurands.net_charge_per_pulse(output, 1)
        table.add("net_charge_per_pulse", net, float(np.median(np.abs(charges))), where)
        return
    net = measurands.net_charge_per_cycle(output)
    table.add("net_charge_per_cycle", net, truth.net_per_cycle_c(per_cycle), where)
    table.add("symmetry", measurands.symmetry(output), truth.symmetry_a(), where)
    ratio = truth.duration_s(1) / truth.duration_s(-1)
    table.add("duration_symmetry", measurands.duration_symmetry(output), ratio, where)


def _direct(bench, output, truth, table, level, load_ohm, where) -> None:
    wave = output.profile.waveform
    per_cycle = wave.phases_per_pulse * wave.pulses_per_polarity_cycle
    bench.run(level=level, load_ohm=load_ohm)
    reading = bench.direct.of_cycles(measurands.repetition(output, timebase_ppm=bench.timebase_ppm))
    table.add(
        "dc",
        measurands.direct_current(reading),
        truth.mean(*truth.whole_cycles_s(per_cycle)),
        where,
    )


def measure_residual(bench: Bench, log: TruthLog, table: Table, tag: str) -> None:
    """Measure the direct current of an idle device."""
    bench.treatment.make_idle()
    bench.treatment.connect(2000.0)
    log.skip()
    reading = bench.residual_current()
    apertures = [line for line in log.new_lines() if line["what"] == "aperture"]
    true_a = float(np.mean([line["mean_v"] / line["shunt_ohm"] for line in apertures]))
    table.add("off_state_dc", measurands.direct_current(reading), true_a, tag)


def measure_stops(bench: Bench, log: TruthLog, table: Table, count: int, tag: str) -> None:
    """Measure the latency of STOP at random phases."""
    level, load_ohm = bench.profile.highest_level, bench.profile.loads_ohm[0]
    for phase_s in bench.phases_s(count, "coverage"):
        log.skip()
        reaction = bench.reactions.user_stop(level=level, load_ohm=load_ohm, phase_s=phase_s)
        lines = log.new_lines()
        current = TrueCurrent(_last(lines, "record", "shunt"))
        sync = _last(lines, "record", "sync")
        volts = np.array(sync["level_v"])
        edge = int(np.flatnonzero((volts[1:] > SYNC_V) & (volts[:-1] < SYNC_V))[0]) + 1
        cause_s = (sync["piece_start_ns"][edge] - current.origin_ns) * 1e-9
        latency = measurands.worst_latency([reaction], bench.timebase_ppm)
        true_s = max(0.0, current.last_above_s(OFF_A) - cause_s)  # STOP between pulses: off already
        table.add("stop_latency", latency, true_s, tag)


def _last(lines: list[dict], what: str, node: str) -> dict:
    return [line for line in lines if line["what"] == what and line["node"] == node][-1]


def measure(
    *,
    profiles=PROFILES,
    seeds=range(1, 21),
    levels: int = 3,
    loads: int = 2,
    stops: int = 1,
    sessions: int = 0,
) -> Table:
    """Return the table over profiles, seeds, levels (spread over all) and loads."""
    table = Table()
    for place, name in enumerate(profiles):
        profile = load_profile(name)
        numbers = [level.number for level in profile.levels]
        spread = sorted({numbers[round(k)] for k in np.linspace(0, len(numbers) - 1, levels)})
        for seed in (seed + SEED_STEP * place for seed in seeds):
            with witnessed_bench(profile, seed) as (bench, log):
                tag = f"{name} seed {seed}"
                measure_steady(bench, log, table, spread, profile.loads_ohm[:loads], tag)
                measure_stops(bench, log, table, stops, tag)
                measure_residual(bench, log, table, tag)
            sys.stderr.write(f"{tag}: {table.count()} measurements\n")
    profile = load_profile(profiles[0])
    for number in range(sessions):  # a session has one zero of the meter: it takes many of them
        seed = SEED_STEP * len(profiles) + number
        with witnessed_bench(profile, seed) as (bench, log):
            measure_residual(bench, log, table, f"{profile.id} seed {seed}")
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--profiles", default=",".join(PROFILES))
    parser.add_argument("--levels", type=int, default=3)
    parser.add_argument("--loads", type=int, default=2)
    parser.add_argument("--stops", type=int, default=2)
    parser.add_argument(
        "--sessions", type=int, default=60, help="more sessions, off-state d.c. only"
    )
    parser.add_argument("--outside", action="store_true", help="list what lies outside")
    wanted = parser.parse_args()
    table = measure(
        profiles=wanted.profiles.split(","),
        seeds=range(wanted.first_seed, wanted.first_seed + wanted.seeds),
        levels=wanted.levels,
        loads=wanted.loads,
        stops=wanted.stops,
        sessions=wanted.sessions,
    )
    print(table.text())
    if wanted.outside:
        for name, row in sorted(table.rows.items()):
            print("\n".join(f"{name}: {example}" for example in row.examples[:12]))
    print(json.dumps({"measurements": table.count(), "quantities": table.as_json()}))


if __name__ == "__main__":
    main()
