"""What a run of the benchmarks may be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """`events` is a folder with `purchase.jsonl` and `page_view.jsonl` to use instead of made ones.

    `ids` is how many live ids there are at last; `vrl_python` is an interpreter that has vector-vrl. A daemon
    has so many `workers`, gets bodies of so many events for so many `seconds`, and sends `batch_max` at most.
    """

    rounds: int = 25
    events: Path | None = None
    workers: tuple[int, ...] = (1, 2)
    bodies: tuple[int, ...] = (1, 100)
    seconds: float = 8.0
    batch_max: int = 1000
    ids: int = 1_000_000
    vrl_python: str | None = None
