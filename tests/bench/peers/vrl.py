"""vector-vrl, and where its interpreter can run this project, the same by the shipped rules and the floor.

python vrl.py FILE TIMES; then a case and a part on each line of stdin.
A part is one batch: all events, so often.
"""

from __future__ import annotations

import gc
import json
import platform
import sys
import time
from pathlib import Path

from timing import Case, all_of
from vector_vrl import execute_vrl  # type: ignore[import-not-found]  # of another Python

PROGRAM = (Path(__file__).parent / "standard.vrl").read_text("utf-8")


def peer(texts: list[str]) -> dict[str, Case]:
    """A batch, and what of that is only the compiling of the program, which each call does anew."""
    return {"vrl": lambda _: execute_vrl(PROGRAM, texts), "compiling": lambda _: execute_vrl(PROGRAM, [])}


def ours(bodies: list[bytes], times: int) -> dict[str, Case]:
    """The same events by the shipped rules, and the floor; nothing where this project cannot be imported."""
    try:
        from cases.mapping import PARTS, compiled, floor, standard_plan
    except ModuleNotFoundError:
        return {}
    plan = standard_plan()
    cases = {"floor": floor(plan, bodies), "ours": compiled(plan, bodies)}
    return {name: all_of(run, PARTS, times) for name, run in cases.items()}


def main(file: Path, times: int) -> None:
    bodies = file.read_bytes().splitlines()
    texts = [body.decode() for body in bodies] * times
    cases = {**ours(bodies, times), **peer(texts)}
    (first,) = execute_vrl(PROGRAM, texts[:1])
    ready = {"cases": list(cases), "first": json.loads(first["payload"])}
    # What was built until here is not to be gone through again and again in the time of a case.
    gc.collect()
    gc.freeze()
    print(json.dumps({"runs_on": f"Python {platform.python_version()}", **ready}), flush=True)
    for line in sys.stdin:
        name, part = line.split()
        began = time.process_time_ns()
        cases[name](int(part))
        print(time.process_time_ns() - began, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
