"""Every number of a report's measurement tables is that of its journal line, as far as it is printed.

The lines are read as plain JSON and the page as plain text: nothing of the reports' own code stands
between the two.
"""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from bench.record import Journal, load_run
from bench.record.events import Finished, Kind, Started
from bench.record.schema import SafeStateRecord
from reports import render_compliance
from reports.page import anchor
from tests.reports.synthetic import load_waveform, run

PREFIXES = {"n": 1e-9, "µ": 1e-6, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "": 1.0}
BASES = ("A/cm2", "A/cm²", "C/s", "A", "V", "C", "s", "Hz", "J", "W", "Ω", "ohm")
NUMBER = r"[−-]?\d+(?:\.\d+)?(?:e[−-]?\d+)?"


class Tables(HTMLParser):
    """Cells of the rows of each requirement's section, in their order."""

    def __init__(self, page):
        super().__init__()
        self.rows, self.section, self.cell = {}, "", None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "section" and found.get("class") == "detail":
            self.section = found["id"]
        elif tag == "tr":
            self.cell = None
            if found.get("class") == "m":
                self.rows.setdefault(self.section, []).append([])
                self.cell = -1
        elif tag in ("td", "th") and self.cell is not None:
            self.rows[self.section][-1].append("")
            self.cell += 1
        elif tag == "br" and self.cell is not None:
            self.rows[self.section][-1][-1] += "\n"

    def handle_endtag(self, tag):
        if tag == "tr":
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None and self.cell >= 0:
            self.rows[self.section][-1][-1] += data


def scale(printed_unit, unit):
    """Return the factor from the printed unit to the journal's."""

    def size(text):
        for base in BASES:
            if text.endswith(base) and text.removesuffix(base) in PREFIXES:
                return PREFIXES[text.removesuffix(base)]
        return 1.0

    return size(printed_unit) / size(unit)


def agrees(text, number, factor=1.0):
    """Whether a printed number is ``number`` rounded: to half a unit of its last digit."""
    plain = text.replace("−", "-")
    mantissa, _, exponent = plain.partition("e")
    decimals = len(mantissa.partition(".")[2])
    half = 0.501 * 10.0 ** (int(exponent or 0) - decimals) * factor
    six_digits = 0.51e-5 * abs(number)
    return abs(float(plain) * factor - number) <= max(half, six_digits)


@pytest.fixture
def journalled(tmp_path):
    """Return the journal's measurement lines, and the report that was made from the journal."""
    record = run()
    started = Started(
        run_id=record.run_id, plan=record.plan, simulated=True, device=record.device,
        profile=record.profile, profile_title="", station="s", seed=1,
        requirements=record.requirements, software={}, declared={},
        assumptions=(), environment={}, operator="o", started_at=record.started_at, planned={},
    )  # fmt: skip
    awkward = replace(record.measurements[0], value=0.0123456, expanded_uncertainty=0.00098)
    with Journal(tmp_path / "journal.jsonl") as journal:
        journal.append(Kind.STARTED, started)
        for row in (*record.measurements, replace(awkward, id="awkward")):
            journal.append(Kind.MEASUREMENT, row)
        journal.append(Kind.SAFE_STATE, SafeStateRecord(confirmed=True, steps=()))
        journal.append(Kind.FINISHED, Finished(outcome="completed", finished_at="t"))
    lines = [
        json.loads(line) for line in (tmp_path / "journal.jsonl").read_text("utf-8").splitlines()
    ]
    rows = [line["data"] for line in lines if line["kind"] == "measurement"]
    return rows, render_compliance(load_run(tmp_path), load_waveform)


def disagreements(rows, page):
    """Return what in the page's tables is not what the journal's lines say, and the count looked at."""
    tables, wrong, looked_at = Tables(page).rows, [], 0
    names = dict.fromkeys(name for row in rows for name in row["requirements"])
    for name in names:
        lines = [row for row in rows if name in row["requirements"]]
        printed = tables[anchor("req", name)]
        assert len(lines) == len(printed)
        for line, cells in zip(lines, printed, strict=True):
            for what, text, number, factor in _pairs(line, cells):
                looked_at += 1
                if not agrees(text, number, factor):
                    wrong.append((line["id"], what, text, number))
    return wrong, looked_at


def _pairs(line, cells):
    """Yield (what, printed text, journal's number, factor) for every number of one row."""
    measured, limits = cells[1].replace("\xa0", " "), cells[2].split(";")[0].replace("\xa0", " ")
    if line["value"] is not None:
        numbers = re.findall(NUMBER, measured.partition("(k")[0])
        unit = measured.partition("(k")[0].split()[-1]
        factor = scale(unit, line["unit"])
        yield "value", numbers[0], line["value"], factor
        if line["expanded_uncertainty"]:
            yield "U", numbers[1], line["expanded_uncertainty"], factor
    bounds = [line[side] for side in ("low", "high") if line[side] is not None]
    found = re.findall(NUMBER, limits.partition(":")[2] or limits)
    if bounds and line["low"] != line["high"]:
        factor = scale(limits.split()[-1], line["unit"])
        assert len(found) >= len(bounds), limits
        for text, number in zip(found, bounds, strict=False):
            yield "limit", text, number, factor
    margins = cells[3].split(",")
    for what, text in zip(("margin_pct", "guarded_margin_pct"), margins, strict=False):
        if line[what] is not None:
            yield what, re.findall(NUMBER, text)[0], line[what], 1.0
    if line["p_conform"] is not None and cells[6:] and not re.match("[<>]", cells[6].strip()):
        yield "p_conform", re.findall(NUMBER, cells[6])[0], 100 * line["p_conform"], 1.0


def test_every_number_is_that_of_its_journal_line(journalled):
    rows, page = journalled
    wrong, looked_at = disagreements(rows, page)
    assert [] == wrong
    assert looked_at > 4 * len(rows) * 0.8


def test_one_changed_digit_is_noticed(journalled):
    rows, page = journalled
    start = page.index('<tr class="m">')
    found = re.search(r"<td>(\d+\.\d+) ±", page[start:])
    changed = page[:start] + page[start:].replace(
        found[1], found[1][:-1] + str((int(found[1][-1]) + 3) % 10), 1
    )
    assert disagreements(rows, changed)[0]
