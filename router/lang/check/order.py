"""Names in the order in which they can be worked out, and the circles in which they cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def in_order(uses: Mapping[str, Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """The names so that each stands behind what it uses, and the circles, each as a list of names.

    Names that only lead into a circle are in neither. Nothing recurses: a chain may be as long as a file.
    """
    waiting = {name: {each for each in used if each in uses} for name, used in uses.items()}
    users: dict[str, list[str]] = {name: [] for name in uses}
    for name, used in waiting.items():
        for each in used:
            users[each].append(name)
    done: list[str] = [name for name, used in waiting.items() if not used]
    for name in done:
        for user in users[name]:
            waiting[user].discard(name)
            if not waiting[user]:
                done.append(user)
    return done, _circles({name: [each for each in uses[name] if each in used]
                           for name, used in waiting.items() if used})  # fmt: skip


def _circles(uses: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Follow the first use of each name until the way meets itself; each circle once."""
    circles: list[list[str]] = []
    seen: set[str] = set()
    for start in uses:
        way: dict[str, int] = {}
        name = start
        while name not in seen and name not in way:
            way[name] = len(way)
            name = uses[name][0]
        if name in way:
            circles.append(list(way)[way[name] :])
        seen |= way.keys()
    return circles
