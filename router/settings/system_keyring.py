"""Secrets in the keyring of the system, where the library for it is installed."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any, Final

EXTRA: Final = "pip install 'tagwright[keyring]'"


@dataclass(frozen=True, slots=True)
class KeyringPlace:
    """Where a secret stands in a keyring; written SERVICE/NAME, and the service may have slashes in it."""

    service: str
    name: str

    def __str__(self) -> str:
        return f"{self.service}/{self.name}"


class KeyringUnusable(Exception):  # noqa: N818 - it is a state of the machine
    """The keyring cannot be read or changed. The message says why, and holds no secret."""


@dataclass(frozen=True, slots=True)
class KeyringSecret:
    """What a keyring holds at a place: the stripped value, None without one; `problem` says why not."""

    value: str | None = field(repr=False)
    problem: str = ""


def keyring_place(text: str) -> KeyringPlace | None:
    """A place from SERVICE/NAME; None for what is none."""
    service, slash, name = text.strip().rpartition("/")
    return KeyringPlace(service, name) if slash and service and name else None


def read_keyring(text: str) -> KeyringSecret:
    """The secret at SERVICE/NAME. May ask the user of the desktop to open the keyring."""
    place = keyring_place(text)
    if place is None:
        return KeyringSecret(None, f"{text} must be SERVICE/NAME")
    try:
        value = _call("get_password", place.service, place.name)
    except KeyringUnusable as problem:
        return KeyringSecret(None, str(problem))
    value = str(value or "").strip()
    return KeyringSecret(value or None, "" if value else f"the keyring has nothing at {place}")


def keyring_problem(place: KeyringPlace) -> str | None:
    """Why the keyring cannot be used at all; None where it can, whether or not it has something there."""
    try:
        _call("get_password", place.service, place.name)
    except KeyringUnusable as problem:
        return str(problem)
    return None


def write_keyring(place: KeyringPlace, secret: str) -> None:
    """Keep a secret, in the place of one that was there. Raises `KeyringUnusable`."""
    _call("set_password", place.service, place.name, secret)


def delete_keyring(place: KeyringPlace) -> None:
    """Remove a secret. Raises `KeyringUnusable`, also where there is none."""
    _call("delete_password", place.service, place.name)


def _call(action: str, *arguments: str) -> Any:
    try:
        library = importlib.import_module("keyring")
    except ImportError:
        raise KeyringUnusable(f"a keyring needs a library\n  fix: {EXTRA}") from None
    try:
        return getattr(library, action)(*arguments)
    # Backends speak to services of the desktop and raise errors of those; a message could quote arguments.
    except Exception as problem:
        kind = type(problem).__name__
        raise KeyringUnusable(f"the keyring of this system cannot be used ({kind})") from None
