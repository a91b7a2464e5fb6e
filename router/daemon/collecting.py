"""How much the garbage collector has to look at."""

from __future__ import annotations

import gc
from typing import Final

_OFTEN: Final = (5000, 20, 20)
"""Objects, and rounds, after which each generation is looked at."""


def spare_the_collector() -> None:
    """Set aside what stays, at the start and when rules have changed.

    Rules and modules are some hundred thousand objects; to go through them takes 50 ms in which nobody is
    answered. Events leave few cycles behind, so that it is enough to look less often than is usual.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_OFTEN)
