"""Patterns of `matches`: `*` is any text, `?` any one character, everything else is itself."""

from __future__ import annotations


def matches(text: str, pattern: str) -> bool:
    """Whole-text match in steps that grow with the lengths only: one place to go back to, never two."""
    at = star = -1
    here = mark = 0
    at = 0
    while here < len(text):
        if at < len(pattern) and (pattern[at] == "?" or (pattern[at] == text[here] and pattern[at] != "*")):
            at, here = at + 1, here + 1
        elif at < len(pattern) and pattern[at] == "*":
            star, mark, at = at, here, at + 1
        elif star >= 0:
            at, mark = star + 1, mark + 1
            here = mark
        else:
            return False
    return pattern[at:].strip("*") == ""
