"""A disk that fills up or turns read-only in the middle of a run: safe, said in one line, nothing lost."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from bench.cli.main import main
from bench.record.run_folder import OPEN_MARK
from tests.endings.plans import said, start


def _may_mount() -> bool:
    """Whether this account may have a mount of its own, as root may outside a locked container."""
    tried = subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    )
    return tried.returncode == 0


mounts = pytest.mark.skipif(
    shutil.which("unshare") is None or not _may_mount(), reason="mounting needs root"
)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 8 MB at ``runs``: a real one in memory, which really says ENOSPC."""
    (tmp_path / "runs").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", tmp_path / "runs"], check=True)
    yield tmp_path / "runs"
    subprocess.run(["umount", "-l", tmp_path / "runs"], check=True)


MEASURE = """
    disk = Path(os.environ["ENDING_DISK"])
    {harm}
    bench.treatment.stop()
    for number in range(1000):
        check.recorded("OUT-004", f"more {number}", found="x" * 4000)
"""
FULL = """with open(disk / "ballast", "wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(bytes(4096))
        except OSError:
            pass"""
LOCKED = """(disk / "run" / "waveforms").chmod(0o500)
    (disk / "run").chmod(0o500)
    bench.steady(level=3, load_ohm=2000.0)"""
WITHOUT_PRIVILEGES = (
    ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.getuid() == 0 else []
)
"""root without its privileges: permissions hold for it too."""


@mounts
def test_a_disk_that_fills_up(tmp_path, small_disk):
    ending = start(
        tmp_path, MEASURE.replace("{harm}", FULL), env={"ENDING_DISK": str(small_disk)}, wait=False
    )

    assert 10 == ending.wait()
    assert "No space left on device" in said(ending)
    record = ending.record()
    assert "first" == ending.quantities()[0] and "second" not in ending.quantities()
    assert record.safe_state.confirmed and not ending.flows()
    assert any("No space left on device" in line for line in record.deviations)
    assert "ERROR" == record.verdict

    (small_disk / "ballast").unlink()
    ending.close_by_the_next_start()
    assert 0 == main(["verify", str(ending.folder)])


@pytest.mark.long
@pytest.mark.skipif(
    bool(WITHOUT_PRIVILEGES) and shutil.which("setpriv") is None,
    reason="setpriv is not installed, and root may write into any folder",
)
def test_a_folder_that_turns_read_only(tmp_path):
    ending = start(
        tmp_path, MEASURE.replace("{harm}", LOCKED), prefix=WITHOUT_PRIVILEGES,
        env={"ENDING_DISK": str(tmp_path / "runs"), "BENCH_LOCK_DIR": str(tmp_path)}, wait=False,
    )  # fmt: skip

    assert 10 == ending.wait()
    assert "a waveform cannot be written (Permission denied)" in said(ending)
    assert ["first"] == ending.quantities()
    assert ending.record().safe_state.confirmed and not ending.flows()
    assert (ending.folder / OPEN_MARK).exists()

    for folder in (ending.folder, ending.folder / "waveforms"):
        folder.chmod(0o700)
    ending.close_by_the_next_start()
    assert 0 == main(["verify", str(ending.folder)])


@pytest.mark.long
@mounts
def test_a_disk_that_is_full_before_the_run(tmp_path, small_disk):
    with (small_disk / "ballast").open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(os.urandom(4096))
        except OSError:
            pass
    ending = start(tmp_path, "", wait=False)

    assert ending.wait() in (4, 10)
    assert "No space left on device" in said(ending)
    assert not (tmp_path / "log").exists()  # no bench was started
