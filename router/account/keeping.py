"""Where a token is kept: a file that only its owner can read, or the system's keyring."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, assert_never

from router.settings import (
    KeyringPlace,
    KeyringUnusable,
    delete_keyring,
    keyring_problem,
    read_keyring,
    write_keyring,
)

_LONGEST: Final = 4096


class KeepingFailed(Exception):  # noqa: N818 - it is a state of the machine
    """The token could not be kept, read or removed; the message says why and holds nothing of it."""


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A file with nothing but the token."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


Keep = TokenFile | KeyringPlace


def keep(place: Keep, token: str) -> None:
    """Keep a token in the place of one that was there. Raises `KeepingFailed`."""
    match place:
        case TokenFile(path=path):
            _write(path, token)
        case KeyringPlace():
            try:
                write_keyring(place, token)
            except KeyringUnusable as problem:
                raise KeepingFailed(str(problem)) from None
        case _:
            assert_never(place)


def kept(place: Keep) -> str:
    """The token that is kept. Raises `KeepingFailed` without one."""
    match place:
        case TokenFile(path=path):
            return _read(path)
        case KeyringPlace():
            found = read_keyring(str(place))
            if found.value is None:
                raise KeepingFailed(found.problem)
            return found.value
        case _:
            assert_never(place)


def remove(place: Keep) -> None:
    """Remove the token that is kept. Raises `KeepingFailed`."""
    match place:
        case TokenFile(path=path):
            try:
                path.unlink()
            except OSError as problem:
                raise KeepingFailed(f"{path} cannot be removed: {problem.strerror}") from None
        case KeyringPlace():
            try:
                delete_keyring(place)
            except KeyringUnusable as problem:
                raise KeepingFailed(str(problem)) from None
        case _:
            assert_never(place)


def unsuitable(place: Keep) -> str | None:
    """Why a token cannot be kept there, as far as can be told before there is one."""
    match place:
        case TokenFile(path=path):
            return _unsuitable(path)
        case KeyringPlace():
            return keyring_problem(place)
        case _:
            assert_never(place)


def _unsuitable(path: Path) -> str | None:
    """What stands there and is no token would be lost."""
    if path.is_dir():
        return f"{path} is a directory"
    if not path.parent.is_dir():
        return f"there is no directory {path.parent}"
    try:
        content = path.read_bytes() if path.exists() else b""
    except OSError as problem:
        return f"{path} cannot be read: {problem.strerror}"
    if len(content) > _LONGEST or len(content.split()) > 1:
        return f"{path} holds something else than a token, which would be lost"
    return None


def _read(path: Path) -> str:
    try:
        token = path.read_text("utf-8").strip()
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "is no text"
        raise KeepingFailed(f"{path} cannot be read: {why}") from None
    if not token or len(token.split()) > 1 or len(token) > _LONGEST:
        raise KeepingFailed(f"{path} does not hold a token")
    return token


def _write(path: Path, token: str) -> None:
    if why := _unsuitable(path):
        raise KeepingFailed(why)
    target = path.resolve()
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            _fill(handle, token, target)
            os.replace(name, target)  # noqa: PTH105 - the name of a temporary file is a text
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync(target.parent)
    except OSError as problem:
        raise KeepingFailed(f"{path} cannot be written: {problem.strerror}") from None


def _fill(handle: int, token: str, target: Path) -> None:
    """What root writes over stays whose it was: the daemon, which is not root, reads it."""
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(handle, 0o600)
        if os.geteuid() == 0 and target.exists():
            owner = target.stat()
            os.fchown(handle, owner.st_uid, owner.st_gid)
        file.write(token + "\n")
        file.flush()
        os.fsync(handle)


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
