"""The report in Chromium: axe-core finds nothing, and without JavaScript nothing is missing.

axe-core (MPL-2.0) comes with axe-playwright-python at the time of the test; it is no part of us.
"""

import pytest

from bench.compare import compare, load_side
from reports import render_compliance
from reports.comparison import render_comparison
from reports.pdf import find_chromium
from tests.compare.summaries import write_side
from tests.reports.synthetic import load_waveform, run

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe_api = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe is not installed"
)

CHROMIUM = find_chromium()
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module", params=[True, False], ids=["simulated", "real"])
def report(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    record = run(simulated=request.param, verdict="PASS" if request.param else "FAIL")
    path.write_text(render_compliance(record, load_waveform), encoding="utf-8")
    return path


def test_axe_finds_no_violation(browser, report):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(report.as_uri())
    found = axe_api.Axe().run(page)
    page.close()
    assert 0 == found.violations_count, found.generate_report()


def test_axe_sees_what_is_wrong(browser, report):
    page = browser.new_page()
    page.goto(report.as_uri())
    page.add_style_tag(content=".note { color: #bbb !important }")
    page.evaluate("document.querySelectorAll('svg[role=img] title').forEach(t => t.remove())")
    found = {violation["id"] for violation in axe_api.Axe().run(page).response["violations"]}
    page.close()
    assert {"color-contrast", "svg-img-alt"} <= found


@pytest.mark.parametrize("script", [True, False])
def test_every_row_and_figure_is_there_with_and_without_javascript(browser, report, script):
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    page.goto(report.as_uri())
    rows = sum(len(row.requirements) for row in run().measurements)
    assert rows == page.locator("tr.m").count()
    assert page.locator("figure svg[role=img]").count() == 7
    assert page.locator("details").first.is_visible()
    assert "End of report" in page.locator("p.end").inner_text()
    context.close()


def test_nothing_is_wider_than_the_screen(browser, report):
    for width in (1280, 390):
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto(report.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()


@pytest.mark.parametrize("script", [True, False])
def test_the_comparison_is_whole_and_accessible(browser, tmp_path, script):
    sides = [
        load_side(write_side(tmp_path / name, units=3, seed=seed, firmware=name, gain=gain))
        for name, seed, gain in (("1.0.0", 1, 1.0), ("1.1.0", 2, 1.12))
    ]
    comparison = compare(*sides)
    path = tmp_path / "comparison.html"
    path.write_text(render_comparison(comparison, lambda *_: pytest.fail("no record")), "utf-8")
    context = browser.new_context(
        java_script_enabled=script, viewport={"width": 1280, "height": 900}
    )
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.locator("#rows ~ .scroll tbody tr").count() == len(comparison.rows)
    assert page.get_by_role("heading", name="New failures").is_visible()
    found = axe_api.Axe().run(page) if script else None
    context.close()
    assert found is None or found.violations_count == 0, found and found.generate_report()
