"""The report on paper: Chromium's PDF has every figure, every row and the banner on every page."""

import re
import shutil
import subprocess

import pytest

from reports import render_compliance
from tests.reports.synthetic import load_waveform, run

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PDFTOTEXT = shutil.which("pdftotext")

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and PDFTOTEXT), reason="chromium or pdftotext is not installed"
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Return the text of each printed page."""
    folder = tmp_path_factory.mktemp("print")
    folder.joinpath("report.html").write_text(
        render_compliance(run(), load_waveform), encoding="utf-8"
    )
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    command += [f"--user-data-dir={folder / 'profile'}", "--no-pdf-header-footer"]
    command += [f"--print-to-pdf={folder / 'report.pdf'}", (folder / "report.html").as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    text = subprocess.run(
        [PDFTOTEXT, "-layout", folder / "report.pdf", "-"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    return text.rstrip("\f").split("\f")


def test_every_page_is_marked_simulated_and_numbered(pages):
    for number, page in enumerate(pages, start=1):
        assert "SIMULATED BENCH — no statement about a real device" in page
        assert f"Page {number} of {len(pages)}" in page
        assert run().run_id in page


def test_nothing_is_hidden_on_paper(pages):
    text = "\n".join(pages)
    assert len(re.findall(r"Figure \d+\. ", text)) == 7
    assert "Budget of amplitude" in text, "closed details print open"
    for capture in run().captures:
        for waveform in capture.waveforms:
            assert waveform.sha256[:40] in text
    assert "End of report" in pages[-1]


def test_table_heads_repeat(pages):
    heads = sum("Measured ± U" in page and "Limits and rule" in page for page in pages)
    rows = [page for page in pages if page.count("guarded_u;") > 1]
    assert rows
    assert all("Limits and rule" in page for page in rows)
    assert heads >= 3
