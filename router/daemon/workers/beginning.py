"""What a worker is told: settings at its start, rules then and at each reload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from router.daemon.deployment import Deployment
from router.daemon.snapshot import Snapshot
from router.lang.bind import Bound
from router.settings import Settings
from router.tiktok.finishing import plan_of


@dataclass(frozen=True, slots=True)
class Recipe:
    """Rules as text, from which a worker makes what the keeper made of the same text; without tokens."""

    rules: tuple[Path, ...]
    texts: Mapping[Path, str]
    destinations: Mapping[str, Bound]
    inactive: frozenset[tuple[str, str]]


def recipe_of(deployment: Deployment) -> Recipe:
    """What a worker needs of it."""
    bound = {name: replace(each, token=None) for name, each in deployment.destinations.items()}
    return Recipe(deployment.rules, deployment.texts, bound, deployment.inactive)


def made_of(recipe: Recipe, settings: Settings) -> Deployment:
    """The deployment. The text was checked before, so that a mistake in it is one of ours."""
    book = Snapshot(recipe.texts).load(recipe.rules)
    if book.program is None:
        raise ValueError("rules that were checked have mistakes")
    program, files = book.program, tuple(map(str, book.paths))
    return Deployment(
        program, plan_of(program), recipe.destinations, files, settings.profile,
        inactive=recipe.inactive, events=frozenset(program.dispatch.names()),
        rules=recipe.rules, texts=recipe.texts,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a worker starts with.

    `told_time` is what the keeper's clock adds to this machine's monotonic one, None where both use the
    machine's wall clock. `remembers`: the keeper has a memory of visitors; `shadowed`: rules in the shadow.
    """

    settings: Settings
    recipe: Recipe
    remembers: bool
    shadowed: bool
    told_time: float | None = None
