"""Starts daemons by fork, as the fault suites do, with what these suites change in them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from router.delivery.postgres import line, schema
from router.delivery.postgres.spool import PostgresSpool
from tests.faults import forker, points

_PACKAGE = schema.__package__ or ""
_LATER = "ALTER TABLE {}.delivery ADD COLUMN later text NOT NULL DEFAULT ''"


def arm(environment: Mapping[str, str]) -> None:
    """Leases that are short, a database that is soon taken for lost, or tables of the version after this."""
    if seconds := environment.get("FAULT_LEASE"):
        _set(PostgresSpool.open, lease_seconds=float(seconds), pulse_seconds=float(seconds) / 10)
    if seconds := environment.get("FAULT_ANSWER"):
        _set(line.Line.__init__, answer_seconds=float(seconds))
    if environment.get("FAULT_NEWER"):
        _become_newer()


def _set(function: Any, **usual: float) -> None:
    """What a function takes a keyword for where nobody says it."""
    unknown = usual.keys() - function.__kwdefaults__
    if unknown:
        raise LookupError(f"nothing is called {unknown} any more")
    function.__kwdefaults__.update(usual)


def _become_newer() -> None:
    """As the next version may be: with a column more."""
    this, known = schema.VERSION, vars(schema)["migration"]

    def migration(version: int, name: str) -> list[bytes]:
        return [_LATER.format(name).encode()] if version == this else known(version, name)

    changed: dict[str, Any] = {"VERSION": this + 1, "migration": migration}
    for module in [each for name, each in sys.modules.items() if name.startswith(_PACKAGE)]:
        vars(module).update({name: new for name, new in changed.items() if name in vars(module)})


def _all(environment: Mapping[str, str]) -> None:
    _of_all_suites(environment)
    arm(environment)


if __name__ == "__main__":
    _of_all_suites, points.arm = points.arm, _all
    forker.serve()
