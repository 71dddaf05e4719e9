"""``bench key new``: a key to sign with, private for its owner, public for everyone else."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.cli.passphrase import read_passphrase
from bench.record.signature import new_key

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench key``."""
    parser.add_argument("action", choices=["new"], help="make a key")
    parser.add_argument("file", metavar="FILE", type=Path, help="private key; FILE.pub is public")


def run(arguments: argparse.Namespace) -> int:
    """Make the key and print its fingerprint, by which people compare it."""
    path: Path = arguments.file
    passphrase = read_passphrase("passphrase of the new key (empty: none): ", again=True)
    sys.stdout.write(
        f"{path}: private, keep it; {path.name}.pub: public, give it to those who verify\n"
        f"fingerprint {new_key(path, passphrase=passphrase)}\n"
    )
    return 0
