"""The fix of an expectation that no rule can meet is a name as a rule would write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.rulebook import load

RULES = """language 1
use "standard.rules"
events with base {
  event | web
  quiz  | "Quiz-Finished"
}
test "a quiz" {
  given { event.event_name = "quiz" }
  expect send %s
}
"""


@pytest.mark.parametrize(
    ("written", "fixed"),
    [('"Quiz-Finihsed"', '"Quiz-Finished"'), ('"CompletePaymnet"', '"CompletePayment"')],
)
def test_a_custom_name_keeps_its_quotes(tmp_path: Path, written: str, fixed: str) -> None:
    file = tmp_path / "shop.rules"
    file.write_text(RULES % written)
    (problem,) = load([file]).problems
    assert problem.fix is not None
    assert (problem.code, problem.fix.replacement) == ("E605", fixed)
    file.write_text(RULES % fixed)
    assert not load([file]).problems
