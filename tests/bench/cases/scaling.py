"""The same purchases while the rule set grows around them, and what each rule costs that does not match."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import samples
from options import Options
from timing import Measured, side_by_side

from cases.mapping import PARTS, compiled, floor
from router.lang.compiled import Plan
from router.lang.program import Program
from router.rulebook import load
from router.tiktok.finishing import plan_of

ROWS: Final = (50, 1_000, 20_000)
_A_TABLE: Final = 5_000
_DROPS: Final = (0, 20, 200)


def measure(options: Options) -> dict[str, Any]:
    bodies = samples.lines("purchase", options.events)
    plans = {f"rows_{count}": grown(rows=count) for count in ROWS}
    plans |= {f"drops_{count}": grown(rows=50, drops=count) for count in _DROPS}
    plans |= {f"named_drops_{count}": grown(rows=50, named=count) for count in _DROPS[1:]}
    cases = {name: compiled(plan, bodies) for name, plan in plans.items()}
    found = side_by_side(
        {"floor": floor(plans["rows_50"], bodies), **cases},
        "floor",
        len(bodies) // PARTS,
        options.rounds,
        PARTS,
    )
    return {
        "us": {name: each.as_json() for name, each in found.items()},
        "each_further_rule_x_floor": dict(_further(found)),
    }


def _further(found: dict[str, Measured]) -> Iterator[tuple[str, float]]:
    """The difference to the small rule set, by rule."""
    for kind, least, most, rules in (
        ("row", "rows_50", "rows_20000", ROWS[-1] - ROWS[0]),
        ("drop_for_other_names", "drops_0", "named_drops_200", 200),
        ("drop_with_a_condition", "drops_0", "drops_200", 200),
    ):
        yield kind, round((found[most].x_floor - found[least].x_floor) / rules, 6)


def grown(rows: int, drops: int = 0, named: int = 0) -> Plan:
    """The shipped rules with more rows, drop rules with a condition, and drop rules for other names."""
    return plan_of(loaded(grown_text(rows, drops, named)))


def grown_text(rows: int, drops: int = 0, named: int = 0) -> str:
    parts = ['language 1\nuse "standard.rules"\n']
    made = [f"  shop_{number} | CustomizeProduct" for number in range(rows - 50)]
    tables = ["\n".join(made[first : first + _A_TABLE]) for first in range(0, len(made), _A_TABLE)]
    parts += [f"events with base {{\n  event | web\n{table}\n}}\n" for table in tables]
    parts += [f'drop when event.status == "never_{number}" reason "r{number}"\n' for number in range(drops)]
    parts += [f'drop other_{number} when event.status == "x" reason "n{number}"\n' for number in range(named)]
    return "\n".join(parts)


def loaded(text: str) -> Program:
    """The checked program of a text that uses the shipped rules."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "grown.rules")
        path.write_text(text, "utf-8")
        book = load([path])
    assert book.program is not None, book.problems[:3]
    return book.program


def table(found: dict[str, Any]) -> list[tuple[str, ...]]:
    rows = [("rule set", "us", "x floor")]
    rows += [(name, f"{each['us']:.2f}", f"{each['x_floor']:.3f}") for name, each in found["us"].items()]
    rows += [("each further rule that does not match", "", "")]
    rows += [(f"  {name}", "", f"{value:.6f}") for name, value in found["each_further_rule_x_floor"].items()]
    return rows
