"""Everything that is known to go wrong, looked for: each finding with what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from router.account.checkup import destinations, running, surroundings, traffic
from router.account.checkup.facts import Facts
from router.account.checkup.result import Check, State, is_clean

__all__ = ["CHECKS", "Check", "Facts", "State", "examine", "is_clean"]

CHECKS: Final[tuple[Callable[[Facts], Iterator[Check]], ...]] = (
    surroundings.settings_are_right,
    surroundings.variables_are_read,
    destinations.rules_are_right,
    destinations.ids_look_right,
    destinations.tokens_look_right,
    destinations.test_codes_fit_the_profile,
    destinations.ids_are_shared_by_nobody,
    destinations.sources_have_their_fields,
    destinations.rules_assign_match_keys,
    surroundings.secrets_are_private,
    surroundings.listening_is_safe,
    surroundings.sqlite_is_sound,
    surroundings.disk_has_room,
    surroundings.clock_is_right,
    running.daemon_needs_nobody,
    running.queue_is_short,
    running.nothing_was_set_aside,
    *traffic.CHECKS,
)
"""In the order of the report; each yields at least one finding where it has a subject."""


def examine(facts: Facts) -> list[Check]:
    """Every finding."""
    return [found for check in CHECKS for found in check(facts)]
