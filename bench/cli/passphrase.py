"""The passphrase of a key: from the environment or typed, never an argument, never logged."""

from __future__ import annotations

import getpass
import os
import sys

from bench.errors import UsageError

__all__ = ["read_passphrase"]

_VARIABLE = "BENCH_KEY_PASSPHRASE"


def read_passphrase(prompt: str, *, again: bool = False) -> str:
    """Return the passphrase; empty where none is set and nobody can be asked."""
    if _VARIABLE in os.environ:
        return os.environ[_VARIABLE]
    if not sys.stdin.isatty():
        return ""
    passphrase = getpass.getpass(prompt)
    if again and passphrase and getpass.getpass("again: ") != passphrase:
        raise UsageError("the two passphrases differ; nothing was made")
    return passphrase
