"""The compiler of the waveform kernels, with a cache that works wherever the bench is installed.

numba keeps compiled kernels in a directory that must be writable and must belong to the user who
runs the bench, because what is loaded from it is executed. The directory is chosen here, before
the first kernel is declared; an installation that nobody may write, a user without a home and a
full disk all end in a working (at worst uncached) kernel, never in an error.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba  # pyright: ignore[reportMissingTypeStubs] -- numba ships no stubs

__all__ = ["cache_directory", "compiled", "part", "routine"]

_Kernel = TypeVar("_Kernel", bound=Callable[..., Any])
_FOLDER = "microcurrent-bench"
_OWNER_ONLY = 0o700
_OPTIONS: dict[str, Any] = {
    "error_model": "numpy",  # a division by zero is not looked for: no kernel makes one
    "_nrt": False,  # no kernel allocates: without reference counts a slice costs nothing
    "nogil": True,  # no kernel touches an object: threads share a long record
}


def compiled(function: _Kernel) -> _Kernel:
    """Return a kernel that Python calls: compiled on its first call, then cached on disk."""
    directory = cache_directory()
    with _numba_cache_in(directory):
        kernel: _Kernel = numba.njit(cache=directory is not None, **_OPTIONS)(function)
    return kernel


def part(function: _Kernel) -> _Kernel:
    """Return a function that only kernels call, compiled into each of them.

    Every array is seven arguments of a call: without this the calls are a third of the work.
    """
    return _called(function, forceinline=True)


def routine(function: _Kernel) -> _Kernel:
    """Return a function that only kernels call, compiled once: called rarely, or in many places."""
    return _called(function, forceinline=False)


def _called(function: _Kernel, *, forceinline: bool) -> _Kernel:
    kernel: _Kernel = numba.njit(
        no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=forceinline, **_OPTIONS
    )(function)
    return kernel


@cache
def cache_directory() -> Path | None:
    """Return the first usable cache directory, or None where nothing at all can be written.

    Its last part is a hash of the kernels' sources: numba by itself notices a change in the file
    of a kernel, but not one in a file whose parts the kernel calls.
    """
    for candidate in _candidates():
        directory = candidate / _source_hash()
        if _is_usable(candidate) and _is_usable(directory):
            return directory
    try:
        return Path(tempfile.mkdtemp(prefix=f"{_FOLDER}-"))
    except OSError:
        return None


def _candidates() -> Iterator[Path]:
    """Yield directories from the most wanted to the least."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        yield Path(named)
    cache_home = os.environ.get("XDG_CACHE_HOME")
    if cache_home:
        yield Path(cache_home) / _FOLDER
    with contextlib.suppress(RuntimeError):  # this user has no home directory
        yield Path.home() / ".cache" / _FOLDER
    yield Path(tempfile.gettempdir()) / f"{_FOLDER}-{_user_id()}"


def _is_usable(directory: Path) -> bool:
    """Tell whether the directory is ours alone and a file can be written in it."""
    try:
        directory.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        if hasattr(os, "getuid") and directory.stat().st_uid != os.getuid():
            return False
        with tempfile.TemporaryFile(dir=directory):
            return True
    except OSError:
        return False


def _source_hash() -> str:
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _user_id() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")


@contextmanager
def _numba_cache_in(directory: Path | None) -> Iterator[None]:
    """Let numba see our directory while a kernel is declared; other users of numba keep theirs."""
    settings: Any = numba.config  # pyright: ignore[reportAttributeAccessIssue]
    previous = settings.CACHE_DIR
    if directory is not None:
        settings.CACHE_DIR = str(directory)
    try:
        yield
    finally:
        settings.CACHE_DIR = previous
