"""Measure: python tests/bench/run.py CASE… [--json FILE]; without a case, all of them."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

from options import Options

HERE = Path(__file__).parent
CASES = sorted(path.stem for path in (HERE / "cases").glob("[a-z]*.py"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="of " + ", ".join(CASES))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was measured")
    parser.add_argument("--rounds", type=int, default=Options().rounds, metavar="N", help="25 when not given")
    parser.add_argument(
        "--events", type=Path, metavar="FOLDER", help="has purchase.jsonl and page_view.jsonl"
    )
    parser.add_argument(
        "--ids", type=int, default=Options().ids, metavar="N", help="live ids at last, 1000000 when not given"
    )
    parser.add_argument(
        "--workers",
        type=_numbers,
        default=Options().workers,
        metavar="N,…",
        help="of the daemon; 1,2 when not given",
    )
    parser.add_argument(
        "--bodies", type=_numbers, default=Options().bodies, metavar="N,…",
        help="events of a body that is posted to the daemon; 1,100 when not given",
    )  # fmt: skip
    parser.add_argument("--seconds", type=float, default=Options().seconds, help="of load on the daemon")
    parser.add_argument(
        "--batch-max", type=int, default=Options().batch_max, metavar="N",
        help="the daemon's setting, 1000 when not given",
    )  # fmt: skip
    parser.add_argument("--vrl-python", metavar="PATH", help="an interpreter that has vector-vrl")
    asked = parser.parse_args()
    unknown = sorted({*asked.cases} - {*CASES})
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(CASES)}")
    options = Options(
        **{each.name: getattr(asked, each.name) for each in fields(Options) if each.name in asked}
    )
    found: dict[str, Any] = {"machine": machine()}
    for name in asked.cases or CASES:
        case = import_module(f"cases.{name}")
        found[name] = case.measure(options)
        show(name, case.table(found[name]))
    if asked.json is not None:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    return 0


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def machine() -> dict[str, Any]:
    """Where the numbers come from."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "cores": os.cpu_count(),
        "load": [round(each, 1) for each in os.getloadavg()],
    }


def show(title: str, rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print(f"\n{title}")
    for row in rows:
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        print("  " + "  ".join(cells))


if __name__ == "__main__":
    sys.exit(main())
