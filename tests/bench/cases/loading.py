"""Reading, checking and compiling rule files."""

from __future__ import annotations

from typing import Any

from options import Options
from timing import side_by_side

from cases.scaling import grown_text, loaded
from router.tiktok.finishing import plan_of


def measure(options: Options) -> dict[str, Any]:
    """Milliseconds: the text to a checked program, and the program to a plan."""
    found: dict[str, Any] = {}
    for name, text, rounds in _rule_sets(options.rounds):
        program = loaded(text)
        cases = {
            "check": lambda _, text=text: loaded(text),
            "compile": lambda _, program=program: plan_of(program),
        }
        times = side_by_side(cases, "check", 1, rounds)
        found[name] = {f"{step}_ms": round(each.us / 1000, 1) for step, each in times.items()}
        found[name]["functions"] = len(plan_of(program).codes)
    return found


def _rule_sets(rounds: int) -> list[tuple[str, str, int]]:
    few = max(1, rounds // 5)
    return [
        ("standard", 'language 1\nuse "standard.rules"\n', few),
        ("commanders_act", 'language 1\nuse "commanders_act.rules"\n', few),
        ("rows_1000", grown_text(1_000), few),
        ("rows_20000", grown_text(20_000), 1),
        ("mappings_200", _many_mappings(200), 1),
    ]


def _many_mappings(count: int) -> str:
    """So many mappings, each of a row of its own: every one is a function."""
    return 'language 1\nuse "standard.rules"\n' + "\n".join(map(_one_mapping, range(count)))


def _one_mapping(number: int) -> str:
    return (
        f"mapping own_{number} {{\n  include base\n  properties.value = event.value * {number + 2}\n}}\n"
        f"events with own_{number} {{\n  event | web\n  shop_{number} | CustomizeProduct\n}}\n"
    )


def table(found: dict[str, Any]) -> list[tuple[str, ...]]:
    rows = [("rule set", "check ms", "compile ms", "functions")]
    rows += [
        (name, f"{each['check_ms']:.1f}", f"{each['compile_ms']:.1f}", str(each["functions"]))
        for name, each in found.items()
    ]
    return rows
