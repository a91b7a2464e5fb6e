"""Small rule sets for tests, with the tests that stand in them already run."""

from __future__ import annotations

from pathlib import Path

from router.lang.program import Program
from router.rulebook import load
from router.testing.suite import Suite, suite

HEAD = """language 1
use "schemas/standard.rules"
destination shop { type = "tiktok"
  pixel = env("PIXEL")
  token = secret("TOKEN") }
"""


class Ticks:
    """A clock that is a quarter of a second further each time it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.25
        return self.now


def ran(folder: Path, text: str, *, name: str = "") -> Suite:
    """The suite of a rule file with this text behind `HEAD`, which has five lines."""
    path = folder / "rules.rules"
    path.write_text(HEAD + text, "utf-8")
    book = load([path])
    assert book.program, book.problems
    return suite(book, book.program, every=False, name=name, clock=Ticks())


def program(folder: Path, text: str) -> Program:
    return ran(folder, text).program


def case(name: str, event: str, expect: str = "nothing") -> str:
    """A test block; `event` is what stands between the braces of an object."""
    return f'test "{name}" {{\n  given {{ event = {{{event}}} }}\n  expect {expect}\n}}\n'
