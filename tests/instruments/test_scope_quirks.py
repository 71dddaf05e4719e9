"""What scopes were seen to do wrong: named, or the right number all the same; never a wrong one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.errors import BenchError, InstrumentError, InstrumentTimeout, ScpiError
from bench.twin.dialects import SCOPES
from bench.twin.laboratory import Laboratory
from bench.twin.scpi_parameters import ScpiError as SimulatedError
from bench.twin.wire import TELNET_BANNER, WIRE_FAULTS
from tests.instruments.loopback import OnLoopback
from tests.instruments.test_scope_families import capture, prepare
from tests.twin.fake_world import FakeWorld

POINTS = 2000
QUIRKS = [
    (family, quirk)
    for family in sorted(SCOPES)
    for quirk in sorted({"stops-untriggered", *OnLoopback(family).simulated.QUIRKS})
]
BETWEEN_PAGES = {"stalls-mid-page", "forgets-format"}
WORDS = {
    "forgets-format": "expected .* bytes|preamble cannot scale",
    "stops-untriggered": "did not arm|acquisition is stopped",
    "no-x-increment": "preamble cannot scale a record: x increment 0",
    "y-reference-305": "preamble cannot scale a record: y reference 305",
    "stalls-mid-page": "no complete answer to :WAV:DATA",
    "depth-stays-auto": "the memory depth cannot be read: .*AUTO",
    "screen-for-memory": "expected .* bytes, the block has",
    "stale-scale": "range|V/div",
    "samples-not-bytes": "expected .* bytes",
    "codes-25": "codes a division should be 7680, it reports 6400",
    "no-wavedesc": "preamble cannot scale a record: expected b'WAVEDESC'",
    "headers-stay": "cannot be read|should be",
    "half-record": "the record's duration should be",
    "stale-window": "preamble cannot scale a record: expected .* samples",
    "unknown-scale": "preamble cannot scale a record: .* y unit 0",
    "no-hash": "is not usable: expected a",
    "no-header": "header cannot scale a record",
    "holes": "samples of channel 1 were never acquired",
}


@pytest.mark.parametrize(("family", "quirk"), QUIRKS)
def test_a_quirk_is_named_or_the_record_is_right(family, quirk):
    bench = OnLoopback(family)
    bench.driver.reset()
    points = 600_000 if quirk in BETWEEN_PAGES else POINTS
    bench.simulated.misbehave(quirk)
    try:
        prepare(bench, points=points)
        record = captured(bench, points)
    except BenchError as error:
        assert quirk in WORDS, error
        assert isinstance(error, InstrumentError)
        assert_named(str(error), WORDS[quirk])
        return
    volts, times_s = record.values(), record.times()
    for phase, wanted_v in ((2.5e-3, 0.2), (7.5e-3, 0.0)):
        inside = np.abs(times_s % 0.01 - phase) < 1.5e-3
        assert abs(volts[inside].mean() - wanted_v) < 0.05


def captured(bench, points):
    """Take a record of channel 1; its scaling must be that of the range, as the bench demands."""
    bench.driver.arm_single()
    bench.clock.wait_until(lambda: bench.driver.acquisition_state() == "complete", timeout_s=1.0)
    record = bench.driver.fetch((1,), points=points)[1]
    scaled_v = abs(record.gain) * bench.driver.capabilities.codes_per_division
    if abs(scaled_v / 0.075 - 1) > 0.01:  # bench/station/acquisition.py refuses it
        raise InstrumentError(f"its record is scaled as {scaled_v:g} V/div")
    return record


def assert_named(message: str, pattern: str) -> None:
    import re

    assert re.search(pattern, message), message


def test_an_error_is_read_before_the_record_that_would_hang_on_it():
    bench = OnLoopback("keysight-3000x")
    bench.driver.reset()
    bench.simulated.misbehave("hangs-after-error")
    prepare(bench)
    bench.driver.arm_single()
    bench.clock.wait_until(lambda: bench.driver.acquisition_state() == "complete", timeout_s=1.0)
    bench.simulated.push_error(SimulatedError(-222))
    with pytest.raises(ScpiError, match="-222"):
        bench.driver.fetch((1,), points=POINTS)


def test_a_single_shot_is_acknowledged_before_its_record_is_read():
    bench = OnLoopback("rohde-schwarz-rtb2000")
    bench.driver.reset()
    bench.simulated.misbehave("wants-opc")
    prepare(bench)
    bench.driver.arm_single()
    bench.clock.sleep(1.0)
    assert bench.simulated.execute(b"CHAN1:DATA:HEAD?") is None  # whoever only polls is refused
    assert bench.simulated.next_error().code == -221
    capture(bench, 1)
    sent = bench.line.sent
    assert sent.index(b"ACQ:STAT?") < sent.index(b"*OPC?", sent.index(b"SING"))


@pytest.mark.parametrize("family", sorted(SCOPES))
def test_a_scope_that_stops_by_itself_is_never_complete(family):
    bench = OnLoopback(family)
    bench.driver.reset()
    prepare(bench)
    capture(bench, 1)
    bench.simulated.misbehave("stops-untriggered")
    try:
        bench.driver.arm_single()
    except InstrumentTimeout:
        return
    bench.clock.sleep(1.0)
    assert bench.driver.acquisition_state() == "stopped"


def test_a_quirk_of_another_family_is_refused_with_those_that_there_are():
    with pytest.raises(ValueError, match=r"no-hash: this one can do .*, holes, .*preamble-zero"):
        Laboratory(FakeWorld(), seed=1, bench_faults=["scope:no-hash"])


def test_the_document_lists_all_that_can_be_switched_on():
    text = (Path(__file__).parents[2] / "docs" / "instruments.md").read_text(encoding="utf-8")
    known = {*WIRE_FAULTS, TELNET_BANNER, *(quirk for _, quirk in QUIRKS)}
    assert [name for name in sorted(known) if f"`{name}`" not in text] == []
