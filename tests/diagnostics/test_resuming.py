"""Reading goes on behind a mistake, and finds just what reading all again would find."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from router.lang import parse as parsing
from router.lang.draw import draw
from router.lang.resume import unread
from router.lang.source import Source
from router.rulebook import grammar_text

HERE = Path(__file__).parent
TEXTS = [path.read_text() for path in sorted((HERE / "codes").glob("E[1-46]*.rules"))]
BITS = (
    " = = ",
    " ( ",
    " ) ",
    "{",
    "}",
    "\n",
    '"',
    " | ",
    "then",
    "let",
    "on x",
    "“",
    "&&",
    " not ",
    "-",
    "??",
)
BITS += ("events {\n", "or\n", "[", "]", "when ", "§", "otherwise", '"""')


def _found(text: str) -> list[str]:
    return [draw(each) for each in parsing.parse(Source("x", text), grammar_text())[1]]


@pytest.mark.parametrize("seed", range(60))
def test_nothing_changes_what_is_found(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    text = "\n".join(chance.choice(TEXTS).removeprefix("language 1\n") for _ in range(3))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice(BITS) + text[at + chance.choice((0, 0, 3)) :]
    resumed = _found(text)
    monkeypatch.setattr(parsing, "unread", lambda text, at: text)
    assert resumed == _found(text)


def test_rows_and_declarations_before_a_mistake_are_not_read_again() -> None:
    rows = "".join(f"  event_{number} | Search\n" for number in range(100))
    text = f"language 1\nlet a = 1\nlet b = 2\nevents {{\n  event | web\n{rows}  wrong ||\n}}\n"
    ahead = unread(text, text.index("wrong"))
    assert len(ahead) == len(text)
    assert ahead.index("wrong") == text.index("wrong")
    assert ahead.split("\x01")[0] == "language 1\n"
    assert "event_" not in ahead
    assert "event | web" in ahead


def test_fifty_mistakes_among_two_thousand_rows_are_all_found() -> None:
    rows = [f"  event_{number} | Search" for number in range(2000)]
    for number in range(0, 2000, 41):
        rows[number] += " ||"
    text = "language 1\nevents {\n  event | web\n" + "\n".join(rows) + "\n}\n"
    problems = parsing.parse(Source("x", text), grammar_text())[1]
    assert [each.mark.span.line for each in problems] == [4 + number for number in range(0, 2000, 41)]
