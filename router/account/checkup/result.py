"""What a check found, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["ok", "warning", "problem", "not checked"]


@dataclass(frozen=True, slots=True)
class Check:
    """One finding of the check `name`; never with a secret in it. `remedy` is empty where all is well."""

    name: str
    state: State
    what: str
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        """An element of `doctor --json`."""
        return asdict(self)


def ok(name: str, what: str) -> Check:
    return Check(name, "ok", what)


def warning(name: str, what: str, remedy: str) -> Check:
    """Perhaps meant, perhaps not; events leave all the same."""
    return Check(name, "warning", what, remedy)


def problem(name: str, what: str, remedy: str) -> Check:
    """Events are lost, held, or of no use, as long as it stays so."""
    return Check(name, "problem", what, remedy)


def unchecked(name: str, why: str, remedy: str = "") -> Check:
    """Nothing is known of it; `why` says what it would take."""
    return Check(name, "not checked", why, remedy)


def is_clean(checks: Iterable[Check]) -> bool:
    """Whether nothing needs anybody."""
    return all(each.state in ("ok", "not checked") for each in checks)
