"""Grows a memory of ids in this process: python remembering.py KIND FOLDER IDS…

Prints a line of JSON for each number of live ids: what a check-and-add costs, and what the process needs.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import resource
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from memories import AT_ONCE, Memory, key_of, opened

GROUPS: Final = {1: 50, 100: 20, 1000: 8}
"""Ids of one commit, and how many commits of each kind are measured."""
_SPARE: Final = 100_000
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class Pauses:
    """The collector's longest run since it was last asked for, by the clock and of the processor, in seconds.

    The two differ by what other processes took meanwhile.
    """

    longest: float = 0.0
    longest_cpu: float = 0.0
    _began: float = 0.0
    _began_cpu: float = 0.0

    def __call__(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._began, self._began_cpu = time.perf_counter(), time.thread_time()
        else:
            self.longest = max(self.longest, time.perf_counter() - self._began)
            self.longest_cpu = max(self.longest_cpu, time.thread_time() - self._began_cpu)

    def taken(self) -> dict[str, float]:
        found = {"wall": round(self.longest * 1e3, 2), "cpu": round(self.longest_cpu * 1e3, 2)}
        self.longest = self.longest_cpu = 0.0
        return found


@dataclass(slots=True)
class Growing:
    """A memory, how many ids it has, and what the process needed before the first."""

    memory: Memory
    resident: int
    pauses: Pauses
    ids: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - to be repeated

    async def to(self, ids: int) -> dict[str, Any]:
        """Grow to so many live ids and measure there."""
        began = time.perf_counter()
        while self.ids < ids:
            await self._fresh(min(AT_ONCE, ids - self.ids))
            await self.memory.rest()
        seconds = time.perf_counter() - began
        grown = resident() - self.resident
        ns = {str(size): await self._costs(size, times) for size, times in GROUPS.items()}
        return {
            "ids": ids,
            "filled_in_s": round(seconds, 1),
            "ns_an_id": ns,
            "grown_bytes": grown,
            "bounded_bytes": self.memory.bounded(),
            "longest_collection_ms": self.pauses.taken(),
            "collected_objects": len(gc.get_objects()),
        }

    async def _fresh(self, count: int) -> float:
        seconds, new = await self.memory.add([key_of(self.ids + each) for each in range(count)])
        if new != count:
            raise AssertionError(f"{new} of {count} fresh ids were new")
        self.ids += count
        return seconds

    async def _repeats(self, numbers: list[int]) -> float:
        seconds, new = await self.memory.add([key_of(number) for number in numbers])
        if new:
            raise AssertionError(f"{new} of {len(numbers)} ids that were seen counted as new")
        return seconds

    async def _costs(self, size: int, times: int) -> dict[str, int]:
        """Nanoseconds of an id, in commits of `size`: never seen, seen at any time, seen just now."""
        found: dict[str, list[float]] = {"fresh": [], "duplicate": [], "seen_just_now": []}
        for _ in range(times):
            found["fresh"].append(await self._fresh(size))
            found["seen_just_now"].append(await self._repeats(list(range(self.ids - size, self.ids))))
            any_time = [self.chance.randrange(self.ids) for _ in range(size)]
            found["duplicate"].append(await self._repeats(any_time))
        await self.memory.rest()
        return {name: round(median(each) / size * 1e9) for name, each in found.items()}


def resident() -> int:
    """Bytes of memory that this process has now; the most it ever had, where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


async def grow(kind: str, folder: Path, sizes: list[int]) -> None:
    """Print what is found at each of the sizes, and at the end what the file says."""
    memory = await opened(kind, folder, max(sizes) + _SPARE)
    gc.collect()
    pauses = Pauses()
    gc.callbacks.append(pauses)
    growing = Growing(memory, resident(), pauses)
    for ids in sorted(sizes):
        print(json.dumps(await growing.to(ids)), flush=True)
    print(json.dumps({"ids": growing.ids, "file": await memory.close()}), flush=True)


if __name__ == "__main__":
    asyncio.run(grow(sys.argv[1], Path(sys.argv[2]), [int(each) for each in sys.argv[3:]]))
