"""Cost of the compliance report: 10,000 measurements and 200 figures of records of 1 MSample each.

Builds a run folder, renders it in a fresh process with ``bench report`` and prints one JSON line: wall
and processor seconds, peak memory and size of the page; with ``--browser`` the seconds until Chromium has
loaded it into an empty tab and drawn two frames, best of three; with ``--pdf`` what printing costs. Limits that the report must
keep: 5 s, 400 MB, 4 MB; usable in 0.6 s; PDF 12 s. ``--keep DIR`` leaves the folder.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from playwright.sync_api import Page, ViewportSize, sync_playwright

from bench.record import Journal, create_run_folder, store_waveform
from bench.record.events import Finished, Kind, Started
from bench.record.schema import (
    CaptureRecord,
    DeviceRecord,
    MeasurementRecord,
    RequirementRecord,
    SafeStateRecord,
    WaveformRecord,
)
from bench.waveform import Waveform
from reports.pdf import find_chromium, print_pdf

SCREEN: Final[ViewportSize] = {"width": 1280, "height": 900}
WINDOW_LOADS_MS: Final = 3000
SAMPLES = 1_000_000
STAMP = "2026-11-24T10:00:00.000+00:00"


def waveform(number: int) -> Waveform:
    """Return alternating pulses with noise and one sample far beyond them."""
    rng = np.random.default_rng(number)
    codes = np.where(np.arange(SAMPLES) % 12_500 < 6_000, 50, 0)
    codes[np.arange(SAMPLES) % 250_000 >= 125_000] *= -1
    noisy = np.rint(codes + rng.normal(0, 1.2, SAMPLES))
    noisy[rng.integers(SAMPLES)] = 112
    return Waveform(
        codes=noisy.astype(np.int8), gain=8e-6, offset=0.0, t0_s=0.0, sample_interval_s=1e-6,
        channel="CH1", unit="A",
    )  # fmt: skip


def build(folder: Path, *, measurements: int, figures: int) -> None:
    """Write a run folder with ``figures`` records and ``measurements`` rows."""
    create_run_folder(folder)
    hashes = [store_waveform(folder / "waveforms", waveform(n)) for n in range(figures)]
    ids = [f"OUT-{n:03d}" for n in range(figures // 2)]
    with Journal(folder / "journal.jsonl") as journal:
        journal.append(Kind.STARTED, _started(ids))
        for number, name in enumerate(hashes):
            journal.append(Kind.CAPTURE, _capture(number, name))
        for number in range(measurements):
            journal.append(Kind.MEASUREMENT, _row(number, ids, hashes))
        journal.append(Kind.SAFE_STATE, SafeStateRecord(confirmed=True, steps=()))
        journal.append(Kind.FINISHED, Finished(outcome="completed", finished_at=STAMP))


def _started(ids: list[str]) -> Started:
    return Started(
        run_id="20261124T100000Z-SIM-1-release", plan="release", simulated=True,
        device=DeviceRecord(model="M", serial="S", firmware="1", udi=""), profile="p",
        profile_title="t", station="s", seed=1,
        requirements=tuple(
            RequirementRecord(
                id=name, title="Output current", clause="c", source="DECL", mark="P",
                verdict="NOT TESTED", worst_margin_pct=None, reason="", rule="guarded, w = U",
                limit_text="±10 % of declared", group="output",
            )
            for name in ids
        ),
        software={}, declared={}, assumptions=(), environment={}, operator="o",
        started_at=STAMP, planned={"t": tuple(ids)},
    )  # fmt: skip


def _capture(number: int, name: str) -> CaptureRecord:
    channel = WaveformRecord(
        sha256=name, label="current", channel="CH1", unit="A", record_length=SAMPLES,
        sample_interval_s=1e-6, instrument="scope", full_scale=2e-3,
    )  # fmt: skip
    return CaptureRecord(
        acquisition_id=f"a{number:05d}", title="steady output", conditions={"level": number % 5},
        waveforms=(channel,), taken_at=STAMP,
    )  # fmt: skip


def _row(number: int, ids: list[str], hashes: list[str]) -> MeasurementRecord:
    value = 400 + (number * 7919 % 1000) / 50
    return MeasurementRecord(
        id=f"m{number}", requirements=(ids[number % len(ids)],), quantity="amplitude",
        basis="declared", value=value, unit="µA", expanded_uncertainty=3.1, coverage_factor=2.0,
        low=360.0, high=440.0, rule="guarded_u", verdict="PASS",
        margin_pct=(440 - value) / 0.4, p_conform=0.9999,
        conditions={"level": number % 5, "load_ohm": 500.0}, waveforms=(hashes[number % len(hashes)],),
        attempt=1, reason="", test="t", at_utc=STAMP,
    )  # fmt: skip


def measure(folder: Path, *words: str) -> dict[str, float]:
    """Run ``bench report`` on ``folder`` and return what it cost; the memory is the largest so far."""
    started = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "bench", "report", str(folder), "--figures", "200", *words],
        check=True, capture_output=True,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "wall_s": round(time.perf_counter() - started, 2),
        "cpu_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2),
        "peak_mb": round(after.ru_maxrss / 1024),
    }


def usable_s(page: Path) -> float:
    """Return the seconds from navigation to the second drawn frame in Chromium, the best of three.

    Each time in a new tab of a browser that has come to rest: a window of Chromium loads some hundred
    modules of its own address bar when it opens, on the same processors.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        found = [_opened_s(browser.new_page(viewport=SCREEN), page) for _ in range(3)]
        browser.close()
    return round(min(found), 2)


def _opened_s(tab: Page, page: Path) -> float:
    tab.wait_for_timeout(WINDOW_LOADS_MS)
    started = time.perf_counter()
    tab.goto(page.as_uri())
    tab.evaluate("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
    taken = time.perf_counter() - started
    tab.close()
    return taken


def printed(pdf: Path) -> dict[str, int]:
    """Return what of the record is found in a PDF: sheets, rows of measurements and captions of figures."""
    text = subprocess.run(
        ["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True, text=True
    ).stdout
    return {
        "pdf_sheets": text.count("\f"),
        "pdf_rows": len(re.findall(r"^ *amplitude.* PASS +[0-9a-f]{8}\b", text, re.MULTILINE)),
        "pdf_figures": len(re.findall(r"\bFigure \d+\. ", text)),
    }


def main() -> None:
    """Build, render, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measurements", type=int, default=10_000)
    parser.add_argument("--figures", type=int, default=200)
    parser.add_argument("--browser", action="store_true")
    parser.add_argument("--pdf", action="store_true")
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary) / "run"
        if not (folder / "journal.jsonl").exists():
            build(folder, measurements=arguments.measurements, figures=arguments.figures)
        result: dict[str, object] = {"html": measure(folder)}
        page = folder / "report.html"
        result["html_mb"] = round(page.stat().st_size / 1e6, 2)
        result["figures"] = page.read_text("utf-8").count("<figure ")
        if arguments.browser:
            result["usable_s"] = usable_s(page)
        if arguments.pdf:
            started = time.perf_counter()
            print_pdf(page, folder / "report.pdf")
            result["pdf_s"] = round(time.perf_counter() - started, 2)
            result |= printed(folder / "report.pdf")
            result["pdf_mb"] = round((folder / "report.pdf").stat().st_size / 1e6, 2)
        sys.stdout.write(json.dumps(msgspec.to_builtins(result)) + "\n")


if __name__ == "__main__":
    main()
