"""Signatures on a run: who, in which role, meaning what, when, over which state of the record.

Ed25519 over a statement that is kept as the text that was signed. It names the head of the journal's
chain, which covers the measurements, the waveforms (named by hash) and the sealed files. Source of the
contents: 21 CFR 11.50 (printed name, date and time, meaning) and 11.70 (bound to the record).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from bench.errors import FileFormatError, UsageError
from bench.record.events import Kind, Signed
from bench.record.journal import Journal, JournalLine, read_journal, utc_now
from bench.record.run_folder import JOURNAL_NAME
from bench.record.schema import SignatureRecord
from bench.record.seal import seal_run

__all__ = [
    "MEANINGS",
    "Signature",
    "Statement",
    "fingerprint",
    "load_private_key",
    "load_public_key",
    "new_key",
    "read_signature",
    "sign_run",
    "signatures_of",
]

MEANINGS: Final = ("performed", "reviewed", "approved", "rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is signed."""

    run_id: str
    simulated: bool
    journal_lines: int
    journal_sha256: str
    """Hash of the journal's line before the signature: the head of the chain."""
    name: str
    role: str
    meaning: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature as read back. ``problem`` is empty where it is good."""

    statement: Statement
    key: str
    """Fingerprint of the public key."""
    problem: str = ""


def new_key(path: Path, *, passphrase: str) -> str:
    """Write a private key to ``path`` (readable by its owner only) and the public one beside it.

    Returns the fingerprint. Raises UsageError where either file exists: a key is never written over.
    """
    public_path = path.with_name(path.name + ".pub")
    for existing in (path, public_path):
        if existing.exists():
            raise UsageError(
                f"{existing}: exists; a key is never written over, choose another name"
            )
    private = Ed25519PrivateKey.generate()
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    public = private.public_key()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
        public_path.write_bytes(
            public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from error
    return fingerprint(_raw(public))


def load_private_key(path: Path, *, passphrase: str) -> Ed25519PrivateKey:
    """Read a private key; raises FileFormatError."""
    try:
        key = load_pem_private_key(_read(path), passphrase.encode() if passphrase else None)
    except (ValueError, TypeError) as error:
        raise FileFormatError(
            f"{path}: not a private key that this passphrase opens; "
            "set BENCH_KEY_PASSPHRASE or answer the prompt"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise FileFormatError(f"{path}: expected an Ed25519 key, as `bench key new` makes them")
    return key


def load_public_key(path: Path) -> bytes:
    """Read a public key, raw; raises FileFormatError."""
    try:
        key = load_pem_public_key(_read(path))
    except ValueError as error:
        raise FileFormatError(f"{path}: not a public key in PEM ({error})") from error
    if not isinstance(key, Ed25519PublicKey):
        raise FileFormatError(f"{path}: expected an Ed25519 key, as `bench key new` makes them")
    return _raw(key)


def fingerprint(public_key: bytes) -> str:
    """Return how people compare keys: the first 16 bytes of the SHA-256 of the raw key."""
    digest = hashlib.sha256(public_key).hexdigest()[:32]
    return ":".join(digest[k : k + 4] for k in range(0, len(digest), 4))


def sign_run(
    folder: Path, key: Ed25519PrivateKey, *, name: str, role: str, meaning: str
) -> Signature:
    """Seal what is new in a finished run, then append a signature over all of it.

    Raises FileFormatError where the run has no end or its chain is broken, JournalBusy while it is
    written.
    """
    path = folder / JOURNAL_NAME
    lines = list(read_journal(path))
    if not lines or not any(line.kind == Kind.FINISHED for line in lines):
        raise FileFormatError(f"{path}: the run has no end; only a finished run can be signed")
    if seal_run(folder, reason=f"before the signature of {name}"):
        lines = list(read_journal(path))
    statement = Statement(
        run_id=str(lines[0].data["run_id"]),
        simulated=bool(lines[0].data["simulated"]),
        journal_lines=len(lines),
        journal_sha256=lines[-1].sha256,
        name=name,
        role=role,
        meaning=meaning,
        at=utc_now(),
    )
    text = msgspec.json.encode(statement)
    public = _raw(key.public_key())
    with Journal(path) as journal:
        journal.append(
            Kind.SIGNED,
            Signed(
                statement=text.decode("utf-8"),
                public_key=base64.b64encode(public).decode("ascii"),
                signature=base64.b64encode(key.sign(text)).decode("ascii"),
            ),
        )
    return Signature(statement=statement, key=fingerprint(public))


def read_signature(line: JournalLine, *, run_id: str) -> Signature:
    """Read and check the signature of a ``signed`` line; raises FileFormatError.

    The signature must be good, of this run, and over exactly what stands before it.
    """
    try:
        signed = msgspec.convert(line.data, Signed)
        statement = msgspec.json.decode(signed.statement, type=Statement)
        public = base64.b64decode(signed.public_key, validate=True)
        signature = base64.b64decode(signed.signature, validate=True)
    except (msgspec.MsgspecError, binascii.Error) as error:
        raise FileFormatError(
            f"{JOURNAL_NAME}:{line.seq + 1}: not a signature ({error})"
        ) from error
    problem = ""
    if statement.run_id != run_id:
        problem = f"it was made for run {statement.run_id}"
    elif (statement.journal_lines, statement.journal_sha256) != (line.seq, line.previous):
        problem = "it was made over another state of the record"
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed.statement.encode())
    except (InvalidSignature, ValueError):
        problem = "the signature is not that of its key over its statement"
    return Signature(statement=statement, key=fingerprint(public), problem=problem)


def signatures_of(folder: Path) -> tuple[SignatureRecord, ...]:
    """Return a run's signatures as its report prints them; raises FileFormatError."""
    lines = list(read_journal(folder / JOURNAL_NAME))
    found = (
        read_signature(line, run_id=str(lines[0].data["run_id"]))
        for line in lines
        if line.kind == Kind.SIGNED
    )
    return tuple(
        SignatureRecord(
            name=signature.statement.name,
            role=signature.statement.role,
            meaning=signature.statement.meaning,
            at=signature.statement.at,
            key=signature.key,
            problem=signature.problem,
        )
        for signature in found
    )


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileFormatError(f"{path}: cannot be read ({error.strerror})") from error
