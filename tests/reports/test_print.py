"""The report on paper: what ``bench report --pdf`` prints has every row, figure and banner of the record."""

import re
import shutil
import subprocess

import pytest

from reports import render_compliance
from reports.pdf import find_chromium, print_pdf
from tests.reports.synthetic import load_waveform, row, run

MANY = 150
"""Rows of one requirement: their table runs over several sheets."""

pytestmark = pytest.mark.skipif(
    find_chromium() is None or shutil.which("pdftotext") is None,
    reason="chromium or pdftotext is not installed",
)


def record():
    rows = [row(id=f"p{n}", quantity=f"quantity-{n:04d}") for n in range(MANY)]
    return run(measurements=(*run().measurements, *rows))


@pytest.fixture(scope="module")
def page():
    return render_compliance(record(), load_waveform)


@pytest.fixture(scope="module")
def sheets(page, tmp_path_factory):
    """Return the text of each printed page."""
    folder = tmp_path_factory.mktemp("print")
    return printed(folder, page)


def printed(folder, page):
    (folder / "report.html").write_text(page, encoding="utf-8")
    made = print_pdf(folder / "report.html", folder / "report.pdf")
    text = subprocess.run(
        ["pdftotext", "-layout", made, "-"], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    return text.rstrip("\f").split("\f")


def section(sheets, number):
    """Return the text from the head of one section to that of the next."""
    text = "\n".join(sheets)
    begin = re.search(rf"^ *{number} [A-Z][a-z]+ .*$", text, re.MULTILINE)
    end = re.search(rf"^ *{number + 1} [A-Z][a-z]+.*$", text, re.MULTILINE)
    return text[begin.start() : end.start()]


def test_every_sheet_is_marked_simulated_numbered_and_named(sheets):
    for number, sheet in enumerate(sheets, start=1):
        assert "SIMULATED BENCH — no statement about a real device" in sheet
        assert f"Page {number} of {len(sheets)}" in sheet
        assert run().run_id in sheet


def test_as_many_rows_are_printed_as_the_record_has(sheets):
    details = section(sheets, 5)
    names = [f"quantity-{n:04d}" for n in range(MANY)]
    assert names == re.findall(r"quantity-\d{4}", details)
    linked = re.findall(r"(?<!\S)[0-9a-f]{8}(?!\S)", details)
    expected = sum(len(m.requirements) * len(m.waveforms) for m in record().measurements)
    assert expected == len(linked)


def test_as_many_figures_are_printed_as_are_drawn(sheets, page):
    captions = re.findall(r"Figure (\d+)\. ", "\n".join(sheets))
    drawn = page.count('<figure id="figure-')
    assert [str(n) for n in range(1, drawn + 1)] == captions
    axes = "\n".join(sheets).count("time / ")
    assert axes == page.count("<figure"), "an axis of time below each drawing, tracings included"


def test_what_is_folded_on_screen_is_open_on_paper(sheets):
    text = "\n".join(sheets)
    assert "Budget of amplitude" in text
    for capture in run().captures:
        for waveform in capture.waveforms:
            assert waveform.sha256[:40] in text
    assert "End of report" in sheets[-1]


def test_heads_of_tables_repeat(sheets):
    continued = [sheet for sheet in sheets if sheet.count("quantity-0") > 2]
    assert len(continued) >= 3
    for sheet in continued:
        assert sheet.index("Measured ± U") < sheet.index("quantity-0")


def test_a_row_that_is_not_printed_is_noticed(page, tmp_path):
    hidden = page.replace("</style>", "tr.m:nth-child(9) { display: none }</style>")
    with pytest.raises(AssertionError):
        test_as_many_rows_are_printed_as_the_record_has(printed(tmp_path, hidden))
