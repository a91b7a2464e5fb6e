"""The file of write keys: hashes, never keys; replaced as a whole, by one command at a time."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson

from router.keyring.changes import Refused
from router.keyring.grants import SENDERS, SOURCES, Grant, KeyValue, StoredKey

KEYS_FILE: Final = "keys.json"
_LOCK = "keys.lock"
_VERSION = 1
_DIGEST_BYTES = 32


class KeysUnusable(Exception):  # noqa: N818 (it is a state of the file)
    """The file of keys cannot be read or written. The message says why, and holds nothing of its content."""


def read_keys(directory: Path) -> tuple[StoredKey, ...]:
    """The keys of a data directory; none where there is no file. Raises `KeysUnusable`."""
    path = directory / KEYS_FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as problem:
        raise KeysUnusable(f"{path} cannot be read: {problem.strerror}") from problem
    return _parsed(path, content)


def change_keys(
    directory: Path, change: Callable[[tuple[StoredKey, ...]], tuple[StoredKey, ...] | Refused]
) -> tuple[StoredKey, ...] | Refused:
    """Replace the keys by what `change` makes of them; no other change comes between. Raises `KeysUnusable`.

    The directory may belong to a running daemon, and is made if there is none.
    """
    try:
        with _locked(directory):
            changed = change(read_keys(directory))
            if not isinstance(changed, Refused):
                _replace(directory, _rendered(changed))
    except OSError as problem:
        raise KeysUnusable(f"the keys in {directory} cannot be changed: {problem.strerror}") from problem
    return changed


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _give_to_owner(lock, directory)
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _replace(directory: Path, content: bytes) -> None:
    """Readers see the old file or the new one, whatever happens meanwhile."""
    handle, name = tempfile.mkstemp(prefix=f".{KEYS_FILE}.", dir=directory)
    try:
        with os.fdopen(handle, "wb") as file:
            _give_to_owner(file.fileno(), directory)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(directory / KEYS_FILE)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync(directory)


def _give_to_owner(handle: int, directory: Path) -> None:
    """What root makes here must be readable to the daemon, which is not root."""
    if os.geteuid() == 0:
        owner = directory.stat()
        os.fchown(handle, owner.st_uid, owner.st_gid)


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# ------------------------------------------------------------------ the text of the file


def _rendered(keys: tuple[StoredKey, ...]) -> bytes:
    tree = {"version": _VERSION, "keys": [_to_json(each) for each in keys]}
    return orjson.dumps(tree, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _to_json(key: StoredKey) -> dict[str, Any]:
    return {
        "name": key.grant.name,
        "sender": key.grant.sender,
        "sources": key.grant.sources,
        "events": key.grant.events,
        "origins": key.grant.origins,
        "rate": key.grant.rate,
        "created": key.created,
        "expires": key.expires,
        "rotated": key.rotated,
        "values": [
            {"sha256": each.digest.hex(), "created": each.created, "ends": each.ends} for each in key.values
        ],
    }


def _parsed(path: Path, content: bytes) -> tuple[StoredKey, ...]:
    try:
        tree = orjson.loads(content)
        version = tree["version"]
        if version == _VERSION:
            return tuple(map(_from_json, tree["keys"]))
    except (ValueError, TypeError, KeyError) as problem:
        raise KeysUnusable(f"{path} is damaged: {type(problem).__name__}") from None
    raise KeysUnusable(f"{path} was written by a newer version of TagWright")


def _from_json(raw: dict[str, Any]) -> StoredKey:
    if raw["sender"] not in SENDERS or not set(raw["sources"]) <= set(SOURCES):
        raise ValueError(raw["name"])
    rate = raw["rate"]
    grant = Grant(
        name=_text(raw["name"]),
        sender=raw["sender"],
        sources=_texts(raw["sources"]),
        events=_texts(raw["events"]),
        origins=_texts(raw["origins"]),
        rate=None if rate is None else _positive(rate),
    )
    values = tuple(map(_value, raw["values"]))
    return StoredKey(grant, values, int(raw["created"]), _instant(raw["expires"]), _instant(raw["rotated"]))


def _value(raw: dict[str, Any]) -> KeyValue:
    found = bytes.fromhex(raw["sha256"])
    if len(found) != _DIGEST_BYTES:
        raise ValueError("sha256")
    return KeyValue(found, int(raw["created"]), _instant(raw["ends"]))


def _instant(raw: Any) -> int | None:
    return None if raw is None else int(raw)


def _positive(raw: Any) -> float:
    if float(raw) <= 0:
        raise ValueError("rate")
    return float(raw)


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise TypeError("text")
    return raw


def _texts(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list):
        raise TypeError("list")
    return tuple(map(_text, raw))
