"""Objects in a query: `data[id]=7&consent[marketing]=true`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_KEYS: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_KEY: Final = re.compile(r"\[([^\[\]]*)\]")
_DEEPEST: Final = 6
_MOST: Final = 500


def bracketed(query: Mapping[str, str]) -> dict[str, Any]:
    """The query as an object. Numbers and truth values stay text; numbered members become lists."""
    tree: dict[str, Any] = {}
    for name, value in list(query.items())[:_MOST]:
        found = _KEYS.fullmatch(name)
        keys = [found[1], *_KEY.findall(found[2])] if found else [name]
        _put(tree, keys[:_DEEPEST], value)
    return {name: _listed(each) for name, each in tree.items()}


def _put(tree: dict[str, Any], keys: list[str], value: str) -> None:
    """What contradicts an earlier parameter is left out."""
    *above, last = keys
    for key in above:
        below = tree.setdefault(key, {})
        if not isinstance(below, dict):
            return
        tree = below
    tree.setdefault(last, value)


def _listed(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    members = {name: _listed(each) for name, each in tree.items()}
    numbered = list(members) == [str(number) for number in range(len(members))]
    return list(members.values()) if numbered and members else members
