"""The rules' own tests, run before the rules come into force."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Final

from router.daemon.deployment import NotReady
from router.daemon.plan import Plan
from router.daemon.snapshot import Snapshot
from router.rulebook import Rulebook
from router.testing import Verdict
from router.testing.suite import Suite, suite

_MOST_TOLD: Final = 20


def rehearse(plan: Plan, snapshot: Snapshot) -> NotReady | None:
    """What fails, or None. As `tagwright test` does it: each file with what it uses, and its own tests.

    A file that is no rule set without the others is tested together with them. Raises OSError.
    """
    failed: list[str] = []
    for path in dict.fromkeys([*plan.rules, *plan.tests]):
        found = _suite(path, plan, snapshot)
        if isinstance(found, Rulebook):
            return NotReady(found.problems)
        failed += [_told(each.verdict, path) for each in found.runs if not each.verdict.passed]
    return NotReady(problems=tuple(_shortened(failed))) if failed else None


def _suite(path: Path, plan: Plan, snapshot: Snapshot) -> Suite | Rulebook:
    """The tests of a file as they went, or its mistakes."""
    book = snapshot.load([path])
    if book.program is None:
        together = snapshot.load([path, *plan.rules])
        book = together if together.program is not None else book
    if book.program is None:
        return book
    return suite(book, book.program, every=False, name="", clock=monotonic)


def _told(verdict: Verdict, path: Path) -> str:
    """Without what was expected and found: `tagwright test` shows that."""
    return f'{verdict.at}: the test "{verdict.name}" fails; `tagwright test {path}` shows why'


def _shortened(lines: list[str]) -> Iterator[str]:
    yield from lines[:_MOST_TOLD]
    if len(lines) > _MOST_TOLD:
        yield f"and {len(lines) - _MOST_TOLD} more tests fail"
