"""Destinations that two rule sets set up differently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from router.lang.program import Destination, Program


@dataclass(frozen=True, slots=True)
class Setting:
    """A destination's setting as the expressions of both rule files; None where one has none."""

    destination: str
    name: str
    before: str | None
    after: str | None


def settings_changed(old: Program, new: Program) -> list[Setting]:
    """Ids, tokens and test codes that come from elsewhere, and destinations that only one side has."""
    found = []
    for name in dict.fromkeys([*old.destinations, *new.destinations]):
        before, after = _settings(old.destinations.get(name)), _settings(new.destinations.get(name))
        found += [
            Setting(name, each, before.get(each), after.get(each))
            for each in dict.fromkeys([*before, *after])
            if before.get(each) != after.get(each)
        ]
    return found


def _settings(destination: Destination | None) -> Mapping[str, str]:
    if destination is None:
        return {}
    ids = {f"id for {source}": node.span.text for source, node in destination.ids.items()}
    return ids | {name: node.span.text for name, node in destination.settings.items() if name != "type"}
