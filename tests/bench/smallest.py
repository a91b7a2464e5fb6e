"""Every case that needs no other process of ours, as small as it can be: shows that it still runs.

python smallest.py CASE… prints what was found as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from options import Options

OPTIONS = Options(rounds=1, ids=1_000, vrl_python="no-such-python")


def shrink() -> None:
    """Rule sets that are quickly made, under the names of the large ones."""
    _limit("scaling", "grown_text", 52)
    _limit("loading", "_many_mappings", 2)


def _limit(case: str, name: str, most: int) -> None:
    module = import_module(f"cases.{case}")
    make: Callable[..., str] = getattr(module, name)

    def made(first: int, *others: int) -> str:
        return make(min(first, most), *(min(each, 2) for each in others))

    setattr(module, name, made)


def found(name: str) -> Any:
    case = import_module(f"cases.{name}")
    result = case.measure(OPTIONS)
    table = case.table(result)
    if len({len(row) for row in table}) != 1:
        raise AssertionError(f"the table of {name} has rows of unequal length")
    return result


if __name__ == "__main__":
    shrink()
    print(json.dumps({name: found(name) for name in sys.argv[1:]}))
