"""Did you mean …? Close names only; none is better than a far-fetched one."""

from __future__ import annotations

from collections.abc import Iterable


def distance(left: str, right: str, limit: int) -> int:
    """Damerau-Levenshtein distance (adjacent swaps count one), or `limit + 1` when it is larger."""
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    left, right = _differing(left, right)
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]


def _differing(left: str, right: str) -> tuple[str, str]:
    """Both without their common beginning and end, which cost nothing and are most of a name."""
    start = 0
    shorter = min(len(left), len(right))
    while start < shorter and left[start] == right[start]:
        start += 1
    end = 0
    while end < shorter - start and left[-1 - end] == right[-1 - end]:
        end += 1
    return left[start : len(left) - end], right[start : len(right) - end]


def closest(wrong: str, known: Iterable[str]) -> str | None:
    """The known name that was most likely meant, or None."""
    folded = _fold(wrong)
    limit = 1 if len(wrong) <= 4 else 2 if len(wrong) <= 8 else 3
    letters = set(folded)
    best: tuple[int, str] | None = None
    for name in known:
        other = _fold(name)
        if len(letters.symmetric_difference(other)) > 2 * limit:
            continue  # each edit can change at most two letters of the set; this is far cheaper to find out
        gap = 0 if other == folded else distance(folded, other, limit)
        if gap <= limit and gap < len(wrong) and (best is None or (gap, name) < best):
            best = (gap, name)
    return best[1] if best else None


def _fold(name: str) -> str:
    """Case, `-` and `_` never tell two names apart for a reader."""
    return name.lower().replace("-", "_")


def listing(names: Iterable[str], most: int = 8) -> str:
    """`a, b, c` with at most `most` names, and how many more there are."""
    every = list(names)
    shown = ", ".join(every[:most])
    return shown if len(every) <= most else f"{shown} and {len(every) - most} more"
