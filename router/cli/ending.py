"""How a command ends that was refused, or could not run: the reason, what to do, the exit status."""

from __future__ import annotations

from typing import NoReturn

import click


def could_not(reason: str, fix: str = "") -> NoReturn:
    """End with status 2."""
    _say(reason, fix)
    raise SystemExit(2)


def refused(reason: str, fix: str) -> NoReturn:
    """End with status 1."""
    _say(reason, fix)
    raise SystemExit(1)


def _say(reason: str, fix: str) -> None:
    click.echo(f"error: {reason}" + (f"\n  fix: {fix}" if fix else ""), err=True)
