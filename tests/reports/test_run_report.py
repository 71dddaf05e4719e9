"""The report in its run folder."""

from dataclasses import replace

from bench.record import store_waveform
from reports import render_run
from tests.reports.synthetic import WAVEFORMS, captures, row, run, sha


def test_the_report_is_written_beside_its_waveforms(tmp_path):
    store = tmp_path / "waveforms"
    store.mkdir()
    name = store_waveform(store, WAVEFORMS[sha("current")])
    channel = replace(captures()[0].waveforms[0], sha256=name)
    record = run(
        captures=(replace(captures()[0], waveforms=(channel,)),),
        measurements=(row(waveforms=(name,)),),
    )
    path = render_run(tmp_path, record)
    assert path == tmp_path / "report.html"
    text = path.read_text(encoding="utf-8")
    assert text.count("<figure ") == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report.html", "waveforms"]

    (store / f"{name}.npz").write_bytes(b"altered")
    altered = render_run(tmp_path, record).read_text(encoding="utf-8")
    assert altered.count("<figure ") == 0
    assert altered.count("the file was changed") == 2
