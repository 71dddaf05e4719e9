"""Other people's devices: adapters by name and by file."""

from __future__ import annotations

import pytest

from bench.device import load_adapter, open_link
from bench.errors import ConfigurationError
from tests.device.model import ModelDevice
from tests.device.scripted import FastClock

CLOCK = FastClock()


def test_an_adapter_by_module_gets_url_clock_and_key():
    link = open_link("any:thing", clock=CLOCK, unlock_key="K", adapter=f"{__name__}:ModelDevice")
    assert isinstance(link, ModelDevice)
    assert link.opened_with == ("any:thing", CLOCK, "K")


def test_an_adapter_by_file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "from tests.device.model import ModelDevice\n"
        "@dataclass\n"
        "class Settings:\n"
        "    retries: int = 1\n"
        "class Mine(ModelDevice):\n"
        "    settings = Settings()\n"
    )
    link = open_link("x", clock=CLOCK, unlock_key="K", adapter=f"{path}:Mine")
    assert link.settings.retries == 1


@pytest.mark.parametrize(
    ("adapter", "reason"),
    [
        ("nocolon", "expected package.module:Name"),
        ("module:", "expected package.module:Name"),
        ("no.such.module:Link", "cannot be imported"),
        ("does/not/exist.py:Link", "no such file"),
        (f"{__name__}:Missing", "has no class or function Missing"),
        (f"{__name__}:CLOCK_TEXT", "has no class or function"),
        ("tests.device.model:NotALink", "lacks .*identify.*capabilities"),
    ],
)
def test_an_adapter_that_is_none_is_a_configuration_error(adapter, reason):
    with pytest.raises(ConfigurationError, match=reason):
        open_link("x", clock=CLOCK, unlock_key="K", adapter=adapter)


CLOCK_TEXT = "not callable"


def test_an_adapter_file_that_cannot_be_loaded_says_why(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("import no_such_thing_at_all\n")
    with pytest.raises(ConfigurationError, match=r"broken.py: cannot be loaded: ModuleNotFound"):
        load_adapter(f"{path}:Link")
