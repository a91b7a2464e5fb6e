"""Payloads encrypted on disk: AES-256-GCM, the key's id in front, the dedup key bound to it."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final, Protocol

# What is not sealed is a JSON object.
_CLEAR: Final = b"{"
_MARK: Final = b"\x01"
_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 12
PREFIX_BYTES: Final = len(_MARK) + _ID_BYTES
KEY_BYTES: Final = 32
_ALTERED: Final = "a sealed payload was altered on disk"


class SealProblem(Exception):  # noqa: N818 - a mistake of the set-up as a rule, and told as one
    """The keys cannot be used, or something cannot be opened with them; says what to do."""


class _Aead(Protocol):
    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Seal:
    """Keys by their id; new payloads are sealed with the first. Its repr shows no key."""

    first: bytes
    _ciphers: Mapping[bytes, _Aead] = field(repr=False)

    def close(self, content: bytes, about: bytes) -> bytes:
        """`content` sealed; it opens only with the same `about`."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self.first].encrypt(nonce, content, about)
        return b"".join((_MARK, self.first, nonce, sealed))

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """What was sealed; content from before sealing was switched on comes back as it is.

        Raises `SealProblem` when it was altered, or sealed with a key that is not here.
        """
        if not is_sealed(sealed):
            return sealed
        if not _names_key(sealed):
            raise SealProblem(_ALTERED)
        cipher = self._ciphers.get(key_id(sealed))
        if cipher is None:
            raise SealProblem(missing_key(key_id(sealed)))
        nonce, body = (
            sealed[PREFIX_BYTES : PREFIX_BYTES + _NONCE_BYTES],
            sealed[PREFIX_BYTES + _NONCE_BYTES :],
        )
        try:
            return cipher.decrypt(nonce, body, about)
        except Exception as problem:
            raise SealProblem(_ALTERED) from problem

    def knows(self, key: bytes) -> bool:
        """Whether payloads sealed with the key of this id can be opened."""
        return key in self._ciphers


def is_sealed(content: bytes) -> bool:
    """Whether this is not in clear; its first byte may have been altered."""
    return content[:1] != _CLEAR


def key_id(sealed: bytes) -> bytes:
    """The id of the key that something was sealed with; not secret."""
    return sealed[len(_MARK) : PREFIX_BYTES]


def key_ids(contents: Iterable[bytes]) -> set[bytes]:
    """The ids of the keys that any of these, or of their first `PREFIX_BYTES`, were sealed with."""
    return {key_id(each) for each in contents if _names_key(each)}


def _names_key(content: bytes) -> bool:
    return content[:1] == _MARK and len(content) >= PREFIX_BYTES


def missing_key(key: bytes) -> str:
    """What to do about a key that is not there."""
    return (
        f"the spool holds payloads sealed with the key {key.hex()}, which the file of keys does not have\n"
        "  fix: put that key back, as a further line of the file that store.seal_key names"
    )


def read_seal(path: Path) -> Seal:
    """The keys of a file: one a line, 32 bytes in base64, the one to seal with first.

    Raises `SealProblem`, which never quotes a line.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise SealProblem(f"{path} can be read by others\n  fix: chmod 600 {path}")
        lines = path.read_text("ascii").split()
    except (OSError, UnicodeDecodeError) as problem:
        why = getattr(problem, "strerror", None) or "is not text"
        raise SealProblem(f"{path} cannot be read: {why}\n  fix: {_make(path)}") from None
    if not lines:
        raise SealProblem(f"{path} holds no key\n  fix: {_make(path)}")
    return seal_of([_key(path, number, line) for number, line in enumerate(lines, 1)])


def _key(path: Path, number: int, line: str) -> bytes:
    try:
        key = base64.b64decode(line, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise SealProblem(f"{path}:{number} is not a key: 32 bytes in base64\n  fix: {_make(path)}")
    return key


def _make(path: Path) -> str:
    return f"(umask 077; openssl rand -base64 32 > {path})"


def seal_of(keys: Iterable[bytes]) -> Seal:
    """Keys of 32 bytes, the one to seal with first."""
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # an extra
    except ImportError:
        raise SealProblem("encryption needs a library\n  fix: pip install 'tagwright[encryption]'") from None
    ciphers: dict[bytes, _Aead] = {_id_of(key): AESGCM(key) for key in keys}
    return Seal(next(iter(ciphers)), ciphers)


def _id_of(key: bytes) -> bytes:
    return blake2b(key, digest_size=_ID_BYTES, person=b"seal key").digest()
