"""Two runs with one seed take the same records in the same order, whatever the hash seed."""

import subprocess
import sys

ORDER = """
from bench.profile import load_profile
from bench.station.ranges import RangeChoice
from bench.station.transfer import _grouped
plans = _grouped(RangeChoice(profile=load_profile("ref-alt-400")).plans())
print([(plan.label.value, plan.full_scale_a) for group in plans.values() for plan in group])
"""


def test_the_order_of_the_ranges_does_not_depend_on_the_hash_seed():
    orders = {
        subprocess.run(
            [sys.executable, "-c", ORDER], env={"PYTHONHASHSEED": seed}, capture_output=True,
            text=True, check=True,
        ).stdout
        for seed in ("0", "1", "2", "3", "4")
    }  # fmt: skip
    assert 1 == len(orders)
