"""Chance that can be repeated."""

from __future__ import annotations

import random


def repeatable(seed: int | str) -> random.Random:
    """The same draws for the same seed."""
    return random.Random(seed)  # noqa: S311 - nothing here is secret
