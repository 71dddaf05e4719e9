"""The device under test is the one that the record names."""

from __future__ import annotations

import pytest

from bench.plugin import Bench, Check


@pytest.mark.requirement("REC-006")
def test_device_is_the_one_expected(bench: Bench, check: Check) -> None:
    found = bench.treatment.link.identify()
    expected = bench.expected
    for name in ("model", "serial", "firmware", "hardware"):
        said, wanted = getattr(found, name), getattr(expected, name)
        check.fact(
            "REC-006", name, holds=bool(said) and wanted in ("", said),
            found=f"{said or 'nothing'}" + ("" if wanted in ("", said) else f", expected {wanted}"),
        )  # fmt: skip
    if expected.udi:
        check.fact(
            "REC-006", "udi", holds=found.udi == expected.udi,
            found=f"{found.udi or 'nothing'}, expected {expected.udi}",
        )  # fmt: skip
    else:
        check.recorded("REC-006", "udi", found=found.udi or "not given")
