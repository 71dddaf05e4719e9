"""The reference model against the transitions of docs/device-link.md."""

from __future__ import annotations

import pytest

from bench.device.link import DeviceState
from bench.device.state_model import Action, Deed, DeviceModel

S = DeviceState


def model(*, inhibit: bool = True) -> DeviceModel:
    return DeviceModel(resume_window_s=30.0, charge_inhibit=inhibit, levels=5)


def do(device: DeviceModel, *deeds: Deed, at_s: float = 0.0) -> DeviceModel:
    for deed in deeds:
        accepted = device.accepts(Action(deed=deed), at_s)
        device.apply(Action(deed=deed), at_s, accepted=accepted is not False)
    return device


@pytest.mark.parametrize(
    ("deeds", "state"),
    [
        ((Deed.START,), S.RUN),
        ((Deed.LIFT, Deed.START), S.ARMED),
        ((Deed.LIFT, Deed.START, Deed.TOUCH), S.RUN),
        ((Deed.START, Deed.PAUSE), S.PAUSE),
        ((Deed.START, Deed.PAUSE, Deed.RESUME), S.RUN),
        ((Deed.START, Deed.PAUSE, Deed.LIFT, Deed.TOUCH), S.PAUSE),
        ((Deed.START, Deed.LIFT), S.PAUSE),
        ((Deed.START, Deed.LIFT, Deed.TOUCH), S.RUN),
        ((Deed.START, Deed.LIFT, Deed.STOP, Deed.TOUCH), S.IDLE),
        ((Deed.START, Deed.PLUG), S.CHARGE),
        ((Deed.START, Deed.PLUG, Deed.STOP), S.CHARGE),
        ((Deed.START, Deed.PLUG, Deed.START), S.CHARGE),
        ((Deed.START, Deed.PLUG, Deed.UNPLUG), S.IDLE),
        ((Deed.START, Deed.RESET), S.IDLE),
        ((Deed.PLUG, Deed.RESET), S.CHARGE),
        ((Deed.START, Deed.POWER), S.IDLE),
        ((Deed.ABORT,), S.IDLE),
        ((Deed.START, Deed.PAUSE, Deed.ABORT), S.IDLE),
        ((Deed.START, Deed.PLUG, Deed.ABORT), S.CHARGE),
    ],
)
def test_transitions(deeds: tuple[Deed, ...], state: DeviceState) -> None:
    assert do(model(), *deeds).expected(0.0) == {state}


def test_what_is_refused() -> None:
    running = do(model(), Deed.START)
    assert running.accepts(Action(deed=Deed.START), 0.0) is False
    assert running.accepts(Action(deed=Deed.RESUME), 0.0) is False
    assert running.accepts(Action(deed=Deed.LEVEL, level=6), 0.0) is False
    assert running.accepts(Action(deed=Deed.LEVEL, level=5), 0.0) is True
    assert do(model(), Deed.PLUG).accepts(Action(deed=Deed.START), 0.0) is False
    lifted = do(model(), Deed.START, Deed.LIFT)
    assert lifted.accepts(Action(deed=Deed.RESUME), 1.0) is False


def test_the_resume_window_ends_and_its_edge_is_open() -> None:
    lifted = do(model(), Deed.START, Deed.LIFT)
    assert lifted.expected(20.0) == {S.PAUSE}
    assert lifted.expected(30.0) == {S.PAUSE, S.IDLE}
    assert lifted.accepts(Action(deed=Deed.START), 30.0) is None
    assert lifted.expected(34.0) == {S.IDLE}


def test_a_charger_without_inhibition_changes_nothing() -> None:
    assert do(model(inhibit=False), Deed.START, Deed.PLUG).expected(0.0) == {S.RUN}
