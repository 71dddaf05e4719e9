"""Every page in Chromium: axe-core finds nothing, nothing needs JavaScript, paper holds what the screen does.

axe-core (MPL-2.0) comes with axe-playwright-python at the time of the test; it is no part of us. One browser
serves all tests.
"""

import html
import json
import subprocess
from dataclasses import replace

import pytest

from bench.compare import compare, load_side
from bench.history import load_reference, load_rows
from bench.history.overview import overview
from reports import render_compliance
from reports.comparison import render_comparison
from reports.history import render_history
from reports.pdf import find_chromium
from reports.safety import render_safety
from tests.challenge.test_page import page as challenge
from tests.compare.summaries import write_side
from tests.history.test_history_command import change, journal
from tests.reports.synthetic import WAVEFORMS, load_waveform, run, sha
from tests.reports.test_log import BENCH_TESTS, EVIL, Log, as_json
from tests.reports.test_safety import unit

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe_api = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe is not installed"
)

CHROMIUM = find_chromium()
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

CELL_WORDS = (
    "cells => cells.map(cell => cell.innerHTML.replace(/<wbr>/g, '').replace(/<[^>]*>/g, ' '))"
)
STATIC = ("simulated", "real", "safety", "comparison", "history", "challenge")
"""Pages without a script; the log is pytest-html's and has one."""


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


def a_comparison(folder):
    sides = []
    for name, seed, gain in (("1.0.0", 1, 1.0), ("1.1.0", 2, 1.12)):
        side = write_side(folder / name, units=3, seed=seed, firmware=name, gain=gain)
        for path in side.iterdir():
            run_of = change(path)
            for row in run_of["measurements"]:
                row["waveforms"] = [sha("steady")]
            change(path, measurements=run_of["measurements"])
        sides.append(load_side(side))
    return render_comparison(compare(*sides), lambda *_: next(iter(WAVEFORMS.values())))


def a_history(folder):
    write_side(folder, units=12, seed=1, firmware="1", nominals=(20.0, 50.0, 90.0))
    write_side(folder, units=6, seed=2, firmware="g", nominals=(20.0, 50.0, 90.0))
    for shift in range(6):
        change(folder / f"g-{shift}", golden=True, device={"serial": "GOLD", "firmware": "1"})
        journal(folder / f"g-{shift}", shunt=100.0 + 0.001 * shift, zero=0.1 * (shift % 3))
    failed = change(folder / "1-3", verdict="FAIL")
    failed["measurements"][1]["verdict"] = "FAIL"
    change(folder / "1-3", measurements=failed["measurements"])
    return render_history(overview(load_rows(folder), load_reference(folder)), name="runs")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Return every page that the bench makes, by name."""
    folder = tmp_path_factory.mktemp("pages")
    texts = {
        "simulated": render_compliance(run(verdict="PASS"), load_waveform),
        "real": render_compliance(run(simulated=False, verdict="FAIL"), load_waveform),
        "safety": render_safety(
            [replace(unit("A", 1.0), captures=run().captures), unit("B", 12.0, "FAIL")],
            load_waveform,
        ),
        "comparison": a_comparison(folder / "sides"),
        "history": a_history(folder / "runs"),
        "challenge": challenge(),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    logs = folder / "log"
    logs.mkdir()
    rows = [as_json(), as_json(verdict="FAIL", margin_pct=-1.0), as_json(quantity=EVIL), EVIL]
    Log(
        logs, BENCH_TESTS.format(texts=json.dumps(rows)), product="P", simulated=True,
        limit=100,
    )  # fmt: skip
    found = {name: folder / f"{name}.html" for name in texts}
    return found | {"log": logs / "log.html"}


def opened(browser, path, *, script=True, width=1280):
    context = browser.new_context(
        java_script_enabled=script, viewport={"width": width, "height": 900}
    )
    page = context.new_page()
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("name", [*STATIC, "log"])
def test_axe_finds_no_violation(browser, pages, name):
    page = opened(browser, pages[name])
    found = axe_api.Axe().run(page)
    page.context.close()
    ours = [v for v in found.response["violations"] if name != "log" or v["id"] == "color-contrast"]
    assert [] == ours, found.generate_report()


def test_axe_sees_what_is_wrong(browser, pages):
    page = opened(browser, pages["simulated"])
    page.add_style_tag(content=".note { color: #bbb !important }")
    page.evaluate("document.querySelectorAll('svg[role=img] title').forEach(t => t.remove())")
    found = {violation["id"] for violation in axe_api.Axe().run(page).response["violations"]}
    page.context.close()
    assert {"color-contrast", "svg-img-alt"} <= found


def content(page):
    """Return what a reader counts: rows of tables, figures, and whether the end is there."""
    return (
        page.locator("tbody tr").count(),
        page.locator("figure svg[role=img]").count(),
        page.locator("h2").count(),
    )


@pytest.mark.parametrize("name", STATIC)
def test_a_page_is_whole_without_javascript(browser, pages, name):
    found = []
    for script in (True, False):
        page = opened(browser, pages[name], script=script)
        found.append(content(page))
        page.context.close()
    assert found[0] == found[1]
    assert all(found[0][0:1])


def test_the_report_shows_every_row_and_figure(browser, pages):
    page = opened(browser, pages["simulated"], script=False)
    assert sum(len(row.requirements) for row in run().measurements) == page.locator("tr.m").count()
    assert page.locator('figure[id^="figure-"] svg[role=img]').count() == 7
    assert page.locator("details").first.is_visible()
    page.context.close()


def test_the_comparison_overlays_its_records(browser, pages):
    page = opened(browser, pages["comparison"], script=False)
    assert page.locator("figure").count() > 0
    assert page.locator("figure text", has_text="B 1.1.0").count() > 0
    assert page.get_by_role("heading", name="New failures").is_visible()
    page.context.close()


def test_the_log_without_javascript_says_where_the_report_is(browser, pages):
    page = opened(browser, pages["log"], script=False)
    assert page.get_by_text("The rows of this log need JavaScript").is_visible()
    assert page.locator('a[href="report.html"]').first.is_visible()
    page.context.close()


def test_the_log_runs_no_text_of_a_device(browser, pages):
    page = opened(browser, pages["log"])
    assert page.locator("img[src=x]").count() == 0
    assert page.locator("#results-table tbody").count() > 0
    page.context.close()


@pytest.mark.parametrize("name", STATIC)
def test_nothing_is_wider_than_the_screen(browser, pages, name):
    for width in (1280, 390):
        page = opened(browser, pages[name], width=width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
        page.context.close()


@pytest.mark.parametrize("name", STATIC)
def test_paper_holds_every_row_and_marks_every_page(browser, pages, name, tmp_path):
    page = opened(browser, pages[name])
    names = page.locator("tbody th").evaluate_all(CELL_WORDS)
    page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    page.context.close()
    text = subprocess.run(
        ["pdftotext", tmp_path / "page.pdf", "-"], check=True, capture_output=True, text=True
    ).stdout
    printed = "".join(text.split())
    words = {word for name in names for word in html.unescape(name).split()}
    assert [] == [word for word in words if word not in printed]
    sheets = text.rstrip("\f").split("\f")
    if name in ("simulated", "safety", "challenge"):
        assert all("SIMULATED" in sheet for sheet in sheets)
    assert all(f"of {len(sheets)}" in " ".join(sheet.split()) for sheet in sheets)
