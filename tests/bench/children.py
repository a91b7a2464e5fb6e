"""Cases in a process of their own: told on stdin to do a part, it answers with nanoseconds.

They are of its processor time, in all its threads: parts of a peer are long, so that on a machine with other
work most are interrupted, and what a collector does on another core is to count, too.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import PIPE
from typing import IO, Any

from timing import Timed


@dataclass(frozen=True, slots=True)
class Child:
    """A process whose first line said what it is, which cases it has, and its payload of the first event."""

    runs_on: str
    cases: tuple[str, ...]
    first: Any
    asking: IO[str]
    answering: IO[str]

    def timed(self, case: str) -> Timed:
        """Has one of its cases do one of its parts."""

        def run(part: int) -> float:
            self.asking.write(f"{case} {part}\n")
            self.asking.flush()
            return int(self.answering.readline()) / 1e9

        return run


@contextmanager
def child(command: Sequence[str], environment: dict[str, str] | None = None) -> Iterator[Child]:
    """Start a process and end it. What it writes to stderr is shown."""
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True, env=environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            ready = json.loads(process.stdout.readline())
            yield Child(
                ready["runs_on"], tuple(ready["cases"]), ready["first"], process.stdin, process.stdout
            )
        finally:
            process.stdin.close()
