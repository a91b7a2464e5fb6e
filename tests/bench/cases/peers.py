"""The shipped rules beside others that map events: vector-vrl, and Segment's TikTok destination."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import installing
import orjson
import samples
from children import Child, child
from installing import HERE, ROOT
from options import Options
from timing import Timed, all_of, clocked, in_turn, measured, ratio

from cases.mapping import PARTS, compiled, floor, standard_plan
from router.lang.outcome import Arrival

BATCH: Final = 4096
ONE_BY_ONE: Final = 1024
"""Events of a part, where a peer takes them one by one: long enough to be warm."""
GOALS: Final = {"vector-vrl": (3, 6), "Segment": (10, 20)}
"""How many times faster the rules are to be: at least, and as a goal."""
Times = Mapping[str, list[float]]


def measure(options: Options) -> dict[str, Any]:
    """For each kind of event what each peer takes, and how many times longer that is than the rules."""
    found = {kind: dict(_measured(kind, options)) for kind in ("purchase", "page_view")}
    missing = _missing(options)
    for name, command in missing.items():
        print(f"{name} is not installed, so it is left out; to install it: {command}")
    return {**found, "not_installed": missing}


def _measured(kind: str, options: Options) -> Iterator[tuple[str, Any]]:
    """The peers that are installed, each beside the rules and the floor in the same rounds."""
    bodies = samples.lines(kind, options.events)[:BATCH]
    (done,) = standard_plan().run(Arrival(orjson.loads(bodies[0]), samples.NOW)).finished
    first = orjson.loads(done.payload)
    _show(kind, "our payload", first)
    with TemporaryDirectory() as folder:
        file = Path(folder, f"{kind}.jsonl")
        file.write_bytes(b"\n".join(bodies) + b"\n")
        if command := _vrl(file, _times(bodies, BATCH), options):
            with child(command, _paths()) as vrl:
                _show(kind, "vector-vrl", "the same" if vrl.first == first else vrl.first)
                yield "vector-vrl", _beside_vrl(vrl, bodies, options.rounds)
        if command := _segment(kind, file, _times(bodies, ONE_BY_ONE)):
            with child(command) as segment:
                _show(kind, "Segment", segment.first)
                yield "Segment", _beside_segment(segment, bodies, options.rounds)


def _vrl(file: Path, times: int, options: Options) -> list[str]:
    """The command of the child; none where it is not installed. So below."""
    python = installing.vrl_python(options.vrl_python)
    return [python, str(HERE / "peers" / "vrl.py"), str(file), str(times)] if python else []


def _segment(kind: str, file: Path, times: int) -> list[str]:
    node, packages = installing.node(), installing.packages()
    if not (node and packages):
        return []
    return [node, str(HERE / "peers" / "segment.cjs"), str(packages), kind, str(file), str(times)]


def _paths() -> dict[str, str]:
    """So that an interpreter that has what this project needs finds it."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(HERE)))}


def _show(kind: str, whose: str, payload: Any) -> None:
    text = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
    print(f"first {kind}, {whose}: {text}")


def _beside_vrl(vrl: Child, bodies: list[bytes], rounds: int) -> dict[str, Any]:
    """Each call compiles the program again; what that takes is told apart."""
    beside = _timed(vrl, "floor", "ours") if "ours" in vrl.cases else _here(bodies, BATCH)
    found = in_turn(beside | _timed(vrl, "vrl", "compiling"), rounds)
    found["running"] = [whole - once for whole, once in zip(found["vrl"], found["compiling"], strict=True)]
    each = _count(bodies, BATCH)
    return {
        **_compared(found, "vrl", each, vrl.runs_on),
        "without_compiling": _of(found, "running", each),
        "compiling_ms": round(median(found["compiling"]) * 1e3, 2),
        "ours_in_the_same_interpreter": "ours" in vrl.cases,
    }


def _beside_segment(segment: Child, bodies: list[bytes], rounds: int) -> dict[str, Any]:
    cases = _here(bodies, ONE_BY_ONE) | {"segment": segment.timed("segment")}
    found = in_turn(cases | {"node_floor": segment.timed("floor")}, rounds)
    each = _count(bodies, ONE_BY_ONE)
    return {
        **_compared(found, "segment", each, segment.runs_on),
        "node_floor": _of(found, "node_floor", each),
    }


def _timed(from_child: Child, *names: str) -> dict[str, Timed]:
    return {name: from_child.timed(name) for name in names}


def _here(bodies: list[bytes], events: int) -> dict[str, Timed]:
    """The rules and the floor in this interpreter; a part is as many events as one of the peer."""
    plan = standard_plan()
    cases = {"floor": floor(plan, bodies), "ours": compiled(plan, bodies)}
    times = _times(bodies, events)
    return {name: clocked(all_of(run, PARTS, times), time.process_time) for name, run in cases.items()}


def _times(bodies: list[bytes], events: int) -> int:
    return max(1, events // len(bodies))


def _count(bodies: list[bytes], events: int) -> int:
    return len(bodies) * _times(bodies, events)


def _compared(found: Times, peer: str, each: int, runs_on: str) -> dict[str, Any]:
    """What a peer, the rules and the floor took, in parts of `each` events."""
    return {
        "runs_on": runs_on,
        **_of(found, peer, each),
        "ours": _of(found, "ours", each),
        "floor": _of(found, "floor", each),
    }


def _of(found: Times, name: str, each: int) -> dict[str, float]:
    """`x_floor` and `x_ours` are medians of what was found within a round."""
    times = measured(found[name], found["floor"], each)
    return {**times.as_json(), "x_ours": round(ratio(found[name], found["ours"]), 3)}


def _missing(options: Options) -> dict[str, str]:
    """What is not installed, with the command that installs it."""
    here = {
        "Node": installing.node(),
        "Segment": installing.packages(),
        "vector-vrl": installing.vrl_python(options.vrl_python),
    }
    return {name: installing.HOW[name] for name, there in here.items() if not there}


def table(found: dict[str, Any]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("event", "what", "us", "x floor", "x ours", "at least", "goal")]
    for kind in ("purchase", "page_view"):
        for peer, times in found[kind].items():
            rows += _rows(kind, peer, times)
    return rows


def _rows(kind: str, peer: str, times: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    gate, goal = GOALS[peer]
    yield _row(kind, f"{peer}, {times['runs_on']}", times, f"{gate}", f"{goal}")
    if "without_compiling" in times:
        yield _row(kind, "  without compiling", times["without_compiling"])
    yield _row(kind, "  ours beside it", times["ours"])
    yield _row(kind, "  floor beside it", times["floor"])


def _row(kind: str, what: str, times: dict[str, Any], *goals: str) -> tuple[str, ...]:
    cells = (f"{times[name]:.2f}" for name in ("us", "x_floor", "x_ours"))
    return (kind, what, *cells, *(goals or ("", "")))
