"""What expressions are worth: the `.values` files, line by line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from router.lang.outcome import Arrival, Send
from router.lang.route import route
from router.rulebook import load

CASES = Path(__file__).parent / "cases"
EVENT = json.loads((CASES / "event.json").read_text(encoding="utf-8"))


def _lines() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.values")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line and not line.startswith("#"):
                expression, _, value = line.rpartition("=>")
                yield pytest.param(expression.strip(), value.strip(), id=f"{path.stem}-{number}")


@pytest.mark.parametrize(("expression", "expected"), list(_lines()))
def test_value(expression: str, expected: str, tmp_path: Path) -> None:
    text = (CASES / "base.rules").read_text() + (CASES / "lets.rules").read_text()
    line = expression.replace("⏎", "\n")
    rules = tmp_path / "value.rules"
    rules.write_text(
        f'{text}\nlet it = {line}\nmapping m {{\n  properties."it" = it\n}}\n'
        "events with m {\n  event | web\n"
        "  purchase | Search\n}\n",
        encoding="utf-8",
    )
    book = load([rules])
    assert book.program, [each.message for each in book.problems]
    (sent,) = route(book.program, Arrival(EVENT, 0)).outcomes
    assert isinstance(sent, Send)
    wanted = {} if expected == "missing" else {"properties": {"it": json.loads(expected)}}
    assert json.dumps(sent.payload, sort_keys=True) == json.dumps(wanted, sort_keys=True)
