"""Rules as the files hold them now, read, checked, bound and tested: to be put in force, or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from router.daemon.deployment import Deployment, NotReady, Role, deploy
from router.daemon.plan import Plan
from router.daemon.rehearsal import rehearse
from router.daemon.snapshot import Marks, Snapshot, rule_mark
from router.settings import EnvironmentVariables, Settings, secret_mark


@dataclass(frozen=True, slots=True)
class Sources:
    """The files that a rule set came from, those that hold rules and those that hold secrets."""

    rules: Marks
    secrets: Marks

    def now(self) -> Sources:
        """The same files as they are now."""
        return Sources(
            {path: rule_mark(path) for path in self.rules},
            {path: secret_mark(path) for path in self.secrets},
        )

    def same(self, *others: Sources) -> bool:
        """Whether each file is as in one of the others."""
        return _same(self.rules, [each.rules for each in others]) and _same(
            self.secrets, [each.secrets for each in others]
        )


def _same(marks: Marks, others: Sequence[Marks]) -> bool:
    return all(mark in [other.get(path) for other in others] for path, mark in marks.items())


@dataclass(frozen=True, slots=True)
class Candidate:
    """Both rule sets, each with why it cannot run if so; `shadow` is None where none was asked for."""

    live: Deployment | NotReady
    shadow: Deployment | NotReady | None
    sources: Sources


def prepare(plan: Plan, settings: Settings, variables: EnvironmentVariables) -> Candidate:
    """Read everything anew. A file that cannot be opened is a problem like any other."""
    snapshot, before = Snapshot(), variables.marks().keys()
    live = _ready(plan.rules, "dry_run" if plan.dry_run else "live", snapshot, settings, variables)
    if plan.run_tests and isinstance(live, Deployment):
        live = _rehearsed(plan, snapshot) or live
    shadow = _ready(plan.shadow, "shadow", snapshot, settings, variables) if plan.shadow else None
    secrets = {path: mark for path, mark in variables.marks().items() if path not in before}
    return Candidate(live, shadow, Sources(snapshot.marks(), secrets))


def _ready(
    paths: Sequence[Path], role: Role, snapshot: Snapshot, settings: Settings, variables: EnvironmentVariables
) -> Deployment | NotReady:
    try:
        found = deploy(snapshot.load(paths), variables, settings.profile, role)
    except OSError as problem:
        return _unreadable(problem)
    if isinstance(found, NotReady):
        return found
    return replace(found, rules=tuple(paths), texts=snapshot.texts())


def _rehearsed(plan: Plan, snapshot: Snapshot) -> NotReady | None:
    try:
        return rehearse(plan, snapshot)
    except OSError as problem:
        return _unreadable(problem)


def _unreadable(problem: OSError) -> NotReady:
    return NotReady(problems=(f"{problem.filename}: {problem.strerror or 'cannot be read'}",))
