"""Where compiled kernels are kept: the wanted folder, or another, but never an error."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bench.measure.kernels import compiled


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Forget the directory chosen for this process, before and after."""
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    compiled.cache_directory.cache_clear()
    yield
    compiled.cache_directory.cache_clear()


def test_the_named_folder_is_preferred(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "named"))

    assert tmp_path / "named" == compiled.cache_directory().parent


def test_a_folder_that_cannot_be_made_gives_way_to_the_next(monkeypatch, tmp_path):
    """A file stands where the folder should be: unlike a mode, that stops root too."""
    blocked = tmp_path / "blocked"
    blocked.write_text("a file")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(blocked / "cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))

    assert tmp_path / "xdg" == compiled.cache_directory().parent.parent


def test_a_user_without_a_home_gets_a_temporary_folder(monkeypatch, tmp_path):
    def no_home():
        raise RuntimeError("no home directory")

    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    assert tmp_path == compiled.cache_directory().parent.parent


def test_nothing_writable_at_all_means_no_cache_and_no_error(monkeypatch):
    def full(**_options):
        raise OSError("no space left")

    monkeypatch.setattr(compiled, "_is_usable", lambda _directory: False)
    monkeypatch.setattr(compiled.tempfile, "mkdtemp", full)

    assert compiled.cache_directory() is None


def test_the_engine_measures_without_any_usable_folder(tmp_path):
    """A whole process whose home and cache folders are files: the worst installation."""
    blocked = tmp_path / "file"
    blocked.write_text("x")
    code = (
        "import numpy as np\n"
        "from bench.measure import first_edge\n"
        "from bench.waveform import Waveform\n"
        "w = Waveform(codes=np.r_[np.zeros(50), np.full(50, 99)].astype(np.int8), gain=1.0,"
        " offset=0.0, t0_s=0.0, sample_interval_s=1.0, channel='1')\n"
        "print(first_edge(w, level=50.0))\n"
    )
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(blocked), "XDG_CACHE_HOME": str(blocked),
        "NUMBA_CACHE_DIR": str(blocked), "TMPDIR": str(tmp_path),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip

    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip

    assert (0, "49.5") == (done.returncode, done.stdout.strip()[:4]), done.stderr
