"""The uncertainty that a plan is refused by is the one that the measurement will have."""

import pytest

from bench.profile import load_profile
from bench.station import measurands
from bench.station.accuracy import planned_accuracy
from bench.station.predictions import Prediction
from tests.station.outputs import output_of, trains_of

AT = {"level": 5, "load_ohm": 500.0}


@pytest.fixture(scope="module")
def output():
    return output_of(trains_of())


@pytest.fixture(scope="module")
def prediction():
    return Prediction(profile=load_profile("ref-alt-400"), accuracy=planned_accuracy(None))


@pytest.mark.parametrize(
    ("quantity", "measure"),
    [
        ("amplitude", lambda output: measurands.amplitude(output, 1)),
        ("symmetry", measurands.symmetry),
        ("phase_charge", lambda output: measurands.phase_charge(output, 1)),
        ("net_charge_per_cycle", measurands.net_charge_per_cycle),
        ("net_charge_per_pulse", lambda output: measurands.net_charge_per_pulse(output, 1)),
        ("load_regulation", lambda output: measurands.load_regulation(output, reference=output)),
        (
            "repetition_rate",
            lambda output: measurands.repetition_rate(output, timebase_ppm=50.0),
        ),
    ],
)
def test_predicted_and_measured_uncertainty_agree(output, prediction, quantity, measure):
    measured = measure(output)
    predicted = prediction.budget(quantity, **AT)
    assert predicted.unit == measured.unit
    assert predicted.expanded_uncertainty == pytest.approx(measured.expanded_uncertainty, rel=0.15)


def test_lines_of_the_two_budgets_have_the_same_names(output, prediction):
    measured = measurands.symmetry(output).budget
    predicted = prediction.budget("symmetry", **AT)
    assert {line.name for line in measured.lines} == {line.name for line in predicted.lines}
