"""The PDF: by Chromium where it is, else by WeasyPrint, else a message; never half a file."""

import subprocess
from pathlib import Path

import pytest

from bench.errors import BenchError, UsageError
from reports import pdf


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "report.html"
    path.write_text(
        "<!DOCTYPE html><html lang=en><title>t</title><p>one</p></html>", encoding="utf-8"
    )
    return path


@pytest.mark.skipif(pdf.find_chromium() is None, reason="chromium is not installed (.ci/run does)")
def test_chromium_prints_a_pdf(page, tmp_path):
    made = pdf.print_pdf(page, tmp_path / "report.pdf")
    assert made.read_bytes().startswith(b"%PDF-")
    assert ["report.html", "report.pdf"] == sorted(path.name for path in tmp_path.iterdir())


def test_without_anything_to_print_with_the_message_says_what_to_install(
    page, tmp_path, monkeypatch
):
    monkeypatch.setattr(pdf, "find_chromium", lambda: None)
    monkeypatch.setitem(__import__("sys").modules, "weasyprint", None)
    with pytest.raises(UsageError, match=r"install chromium, or pip install '.\[pdf\]'"):
        pdf.print_pdf(page, tmp_path / "report.pdf")
    assert [page] == list(tmp_path.iterdir())


def test_weasyprint_is_what_there_is_without_a_browser(page, tmp_path, monkeypatch):
    class Html:
        def __init__(self, filename):
            self.source = filename

        def write_pdf(self, target):
            Path(target).write_bytes(b"%PDF-" + self.source.encode())

    monkeypatch.setattr(pdf, "find_chromium", lambda: None)
    monkeypatch.setitem(__import__("sys").modules, "weasyprint", type("W", (), {"HTML": Html}))
    assert str(page).encode() in pdf.print_pdf(page, tmp_path / "report.pdf").read_bytes()


@pytest.mark.parametrize(("code", "writes"), [(1, True), (0, False)])
def test_a_browser_that_fails_leaves_the_former_file(page, tmp_path, monkeypatch, code, writes):
    def broken(command, **_):
        target = next(w.partition("=")[2] for w in command if w.startswith("--print-to-pdf="))
        if writes:
            Path(target).write_bytes(b"%PD")
        return subprocess.CompletedProcess(command, code, b"", b"crashed")

    former = tmp_path / "report.pdf"
    former.write_bytes(b"former")
    monkeypatch.setattr(pdf, "find_chromium", lambda: "/usr/bin/chromium")
    monkeypatch.setattr(subprocess, "run", broken)
    with pytest.raises(BenchError, match="chromium"):
        pdf.print_pdf(page, former)
    assert b"former" == former.read_bytes()
    assert ["report.html", "report.pdf"] == sorted(path.name for path in tmp_path.iterdir())


@pytest.mark.parametrize(("rows", "tagged"), [(3, True), (pdf._TAGGED_ROWS + 1, False)])
def test_a_long_page_is_printed_without_tags_and_links_to_records_but_with_their_names(
    tmp_path, monkeypatch, rows, tagged
):
    seen = {}

    def chromium(command, **_):
        printed = Path(command[-1].removeprefix("file://"))
        seen.update(words=command, text=printed.read_text("utf-8"))
        target = next(w.partition("=")[2] for w in command if w.startswith("--print-to-pdf="))
        Path(target).write_bytes(b"%PDF-")
        return subprocess.CompletedProcess(command, 0, b"", b"")

    link = '<a href="#raw-ab12">ab12</a>'
    page = tmp_path / "report.html"
    page.write_text(f"<table>{f'<tr><td>{link}</td></tr>' * rows}</table>", encoding="utf-8")
    monkeypatch.setattr(pdf, "find_chromium", lambda: "chromium")
    monkeypatch.setattr(subprocess, "run", chromium)
    pdf.print_pdf(page, tmp_path / "report.pdf")

    assert tagged is ("--generate-pdf-document-outline" in seen["words"])
    assert rows * tagged == seen["text"].count(link)
    assert rows == seen["text"].count(">ab12<")
    assert rows == page.read_text("utf-8").count(link)
