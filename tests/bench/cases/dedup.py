"""Checking ids and adding them: the spool with ever more live ids, and building blocks beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from tempfile import TemporaryDirectory
from typing import Any, Final

from installing import HERE, ROOT
from options import Options

SIZES: Final = (100_000, 1_000_000)
BESIDE: Final = ("set", "ttlcache")
BEARABLE: Final = 1_000_000
"""More ids than that are not put into the memory of a process: they are what the spool is there to avoid."""


def measure(options: Options) -> dict[str, Any]:
    """For each kind of memory, in a process of its own, what is found at each size."""
    sizes = [*(each for each in SIZES if each < options.ids), options.ids]
    small = [each for each in sizes if each <= BEARABLE]
    return {"spool": _grown("spool", sizes), **{kind: _grown(kind, small) for kind in BESIDE}}


def _grown(kind: str, sizes: list[int]) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        command = [sys.executable, str(HERE / "remembering.py"), kind, folder, *map(str, sizes)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    *levels, last = map(json.loads, done.stdout.splitlines())
    growth = [_growth(smaller, larger) for smaller, larger in pairwise(levels)]
    return {"levels": levels, "file_bytes_an_id": _each(last["file"], last["ids"]), "growth": growth}


def _growth(smaller: dict[str, Any], larger: dict[str, Any]) -> dict[str, Any]:
    """What the ids that came between two levels cost the process, and what of that no bounded cache took."""
    ids = larger["ids"] - smaller["ids"]
    grown, bounded = (larger[name] - smaller[name] for name in ("grown_bytes", "bounded_bytes"))
    return {"ids": ids, "bytes": grown, "unbounded_bytes": grown - bounded}


def _each(file: dict[str, float], ids: int) -> dict[str, float]:
    """Bytes on disk by id."""
    return {name: round(size / ids, 1) for name, size in file.items()}


def table(found: dict[str, Any]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("ns an id", "live ids", "ids a commit", "fresh", "duplicate", "seen just now")
    ]
    rows += _costs(found)
    rows.append(("memory", "live ids", "grown MB", "of it bounded", "longest GC ms", "of it CPU"))
    rows += _memory(found)
    rows.append(("bytes an id in the file", "", "", "", "", ""))
    rows += [(name, f"{size}", *[""] * 4) for name, size in found["spool"]["file_bytes_an_id"].items()]
    return rows


def _costs(found: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for kind, each in found.items():
        for level in each["levels"]:
            for size, ns in level["ns_an_id"].items():
                yield (kind, f"{level['ids']:,}", size, *(f"{value:,}" for value in ns.values()))


def _memory(found: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for kind, each in found.items():
        for level in each["levels"]:
            sizes = (level["grown_bytes"], level["bounded_bytes"])
            pauses = level["longest_collection_ms"]
            cells = (
                *(f"{size / 1e6:.1f}" for size in sizes),
                f"{pauses['wall']:.1f}",
                f"{pauses['cpu']:.1f}",
            )
            yield (kind, f"{level['ids']:,}", *cells)
