"""Ids for requests that came without one: no two are alike, in whichever processes they are made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from typing import Final

_BITS: Final = (1 << 64) - 1


def _numbers() -> Iterator[int]:
    return count(int.from_bytes(os.urandom(8)))


_following = _numbers()


def own_id() -> str:
    """16 digits. They are counted from a random one, so the next can be guessed; nothing rests on that."""
    return f"{next(_following) & _BITS:016x}"


def _begin_anew() -> None:
    global _following
    _following = _numbers()


# A process that was forked would go on counting where its parent does.
os.register_at_fork(after_in_child=_begin_anew)
