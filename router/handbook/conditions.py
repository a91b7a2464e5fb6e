"""Conditions as a reader of a table needs them: each branch with all that must hold for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from router.lang import tree as t

Body = TypeVar("Body")


def branches(found: Iterable[tuple[t.Expr, Body]], otherwise: Body) -> Iterator[tuple[str, Body]]:
    """The bodies of `when … otherwise …` with their conditions; those before must not hold."""
    before: list[str] = []
    for condition, body in found:
        text = one_line(condition)
        yield all_of(*before, text), body
        before.append(f"not ({text})")
    if otherwise:
        yield all_of(*before), otherwise


def all_of(*conditions: str) -> str:
    """The conditions that there are, joined by `and`."""
    found = [each for each in conditions if each]
    if len(found) < 2:
        return "".join(found)
    return " and ".join(f"({each})" if " or " in each and not _closed(each) else each for each in found)


def one_line(node: t.Expr | t.Node) -> str:
    """An expression as it is written, on one line."""
    return " ".join(node.span.text.split())


def _closed(text: str) -> bool:
    return text.startswith("not (") and text.endswith(")")
