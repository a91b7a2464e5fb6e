"""What a run of the benchmarks may be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """`events` is a folder with `purchase.jsonl` and `page_view.jsonl` to use instead of made ones."""

    rounds: int = 25
    events: Path | None = None
