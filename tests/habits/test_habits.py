"""Mistakes that authors bring along from elsewhere: each has its own words, and the fix mends the file."""

from pathlib import Path

import pytest

from router.lang.diagnostics import Diagnostic
from router.lang.draw import apply_fixes, draw
from router.rulebook import load

RIGHT = """\
language 1
use "standard.rules"

extend schema event {
  quiz: { name: text, email: text pii }
  is_test: bool
}

drop when event.is_test == true reason "test order"

mapping quiz {
  include base
  user.email = hash_email(event.quiz.email)
  when event.value > 3 { properties.status = "high" } otherwise { properties.status = "low" }
}

events with quiz {
  event         | web | app
  quiz_finished | Lead | -
}

on outlet for web {
  send Subscribe to tiktok_web with quiz when event.value is present sample 10% by event.id
}

test "quiz" {
  given {
    event.event_name = "quiz_finished"
    event.consent.advertising = true
  }
  expect send Lead to tiktok_web
}
"""

MENDED = [
    ("event.is_test == true", "event.is_test === true", "`===` is written `==` here"),
    ("event.value > 3", 'event.currency <> "EUR"', "`<>` is written `!=` here"),
    ("event.value > 3", 'event.currency is not "EUR"', "`is not` is written `!=` here"),
    ("is present", "is not missing", "`is not missing` is written `is present` here"),
    ("is present", "is null", "`is null` is written `is missing` here"),
    ("is present", "exists", "`exists` is written `is present` here"),
    ("mapping quiz {", "// my quiz\nmapping quiz {", "a comment begins with `#`"),
    ("mapping quiz {", "/* my quiz */\nmapping quiz {", "a comment begins with `#`"),
    ("  include base", "\u00a0 include base", "this is not a plain space"),
    ("hash_email(event", "hash_email(${event.quiz.email})#", "a value is written without brackets around it"),
    ("hash_email(event", "hash_email($event", "a name is written without `$`"),
    ("event.quiz.email)", "event.quiz.email);", "a line ends without `;`"),
    ("event.quiz.email)", "event.quiz.email),", "a line ends without `,`"),
    ("user.email =", "user.email:", "a value is set with `=`; `:` is for schemas"),
    ("user.email =", "set user.email =", "a field is set without a word before it"),
    ("is_test: bool", "is_test = bool", "the type of a field follows a `:`"),
    ("is_test: bool", "is_test: bool\n  nick", "the field `nick` has no type"),
    ("otherwise {", "else {", "`else` is written `otherwise` after a block"),
    ("  when event.value > 3", "  if event.value > 3", "a block begins with `when`; `if` is for values"),
    ("use ", "import ", "another file is taken in with `use`"),
    ("mapping quiz {", "const top = 3\nmapping quiz {", "a name is given with `let`"),
    ("mapping quiz {", "Mapping quiz {", "nothing begins with `Mapping`"),
    ("use ", "uses ", "nothing begins with `uses`"),
    ("mapping quiz {", "maping quiz {", "nothing begins with `maping`"),
    ("mapping quiz {", "mapping quiz", "the block that begins here has no `{`"),
    ("  quiz_f", "  --- | --- | ---\n  quiz_f", "a table has no line under its first one"),
    ("  quiz_f", "  | quiz_f", "a line of a table begins with its first cell"),
    ("  event         |", "  name |", "the first column of every table is headed `event`"),
    ("quiz_finished |", "quiz_finished ->", "the cells of a table are separated by `|`"),
    (
        "  quiz_finished |",
        "  quiz-done | Lead | -\n  quiz_finished |",
        "an event name with other characters than letters, digits and `_` needs quotes",
    ),
    ("event.value > 3", "event.value > 3,5", "decimals are written with a point"),
    ("sample 10%", "sample 10", "a sample is a percentage"),
    ('reason "test order"', '"test order"', "a reason begins with `reason`"),
    ('"test order"', "test order", "a text needs double quotes"),
    ('test "quiz"', "test quiz", "a text needs double quotes"),
    ("expect send Lead", "expect Lead", "a test says what is done with the event: send, skip or drop"),
]
EXPLAINED = [
    ("event.quiz.email)", "event.quiz.email); a.b = 1", "a statement ends with its line, not with `;`"),
    ("event.value is present", 'event.currency not in ["EUR"]', "`not in` is not an operator here"),
    ("  include base", "  send Lead", "`send` belongs in an `on` block"),
    ("mapping quiz {", "include base\nmapping quiz {", "`include` belongs in a mapping"),
    ("mapping quiz {", "given {\n}\nmapping quiz {", "`given` belongs inside a block"),
    ("mapping quiz {", "user.email = 1\nmapping quiz {", "a field is set inside a mapping"),
    ("| Lead | -", "| Lead | - |", "the last cell of this line is empty"),
    (
        "is_test: bool",
        "is_test: bool\n  is-test: bool",
        "the name of a field has only letters, digits and `_`",
    ),
    (" by event.id", "", "a sample says by what it is taken"),
    ("  user.email", '  event_id = "a" user.email', "a second statement on one line"),
    ("true reason", "true\n  reason", "`reason` belongs at the end of the line before"),
    ("mapping quiz {", "mapping quiz\n{", "`{` stands at the end of the line before"),
    ("  include base", '  lead.lead_id = "x"; include base', "a statement ends with its line, not with `;`"),
]


def _load(path: Path, text: str) -> tuple[Diagnostic, ...]:
    path.write_text(text, encoding="utf-8")
    return load([path]).problems


def _wrong(right: str, wrong: str) -> str:
    assert right in RIGHT
    return RIGHT.replace(right, wrong, 1)


@pytest.mark.parametrize(("right", "wrong", "message"), MENDED, ids=[each[1] for each in MENDED])
def test_a_message_says_it_and_its_fix_mends_the_file(
    right: str, wrong: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "shop.rules"
    problems = _load(path, _wrong(right, wrong))
    (said,) = [each for each in problems if each.message == message]
    assert said.fix is not None
    after = _load(path, apply_fixes(path.read_text(encoding="utf-8"), [said.fix]))
    assert [draw(each) for each in after if each.severity == "error"] == []


@pytest.mark.parametrize(("right", "wrong", "message"), EXPLAINED, ids=[each[1] for each in EXPLAINED])
def test_what_cannot_be_mended_for_sure_is_explained(
    right: str, wrong: str, message: str, tmp_path: Path
) -> None:
    problems = _load(tmp_path / "shop.rules", _wrong(right, wrong))
    assert message in [each.message for each in problems]


@pytest.mark.parametrize("right", ["mapping quiz {", "events with quiz {", "given {", 'test "quiz" {'])
def test_a_missing_brace_is_one_mistake_and_the_rest_is_read(right: str, tmp_path: Path) -> None:
    path = tmp_path / "shop.rules"
    (problem,) = _load(path, _wrong(right, right.removesuffix(" {") + "  # without"))
    assert problem.message == "the block that begins here has no `{`"
    assert problem.fix is not None
    assert _load(path, apply_fixes(path.read_text(encoding="utf-8"), [problem.fix])) == ()


def test_a_choice_of_other_languages_is_shown_as_ours(tmp_path: Path) -> None:
    wrong = _wrong(
        "  user.email = hash_email(event.quiz.email)", '  properties.status = event.value > 9 ? "a" : "b"'
    )
    (problem,) = _load(tmp_path / "shop.rules", wrong)
    assert problem.message == "a choice is written with `if`"
    assert problem.fix is not None
    assert problem.fix.replacement == 'if event.value > 9 then "a" else "b"'


def test_a_long_line_is_read_in_no_time_and_without_guesses(tmp_path: Path) -> None:
    wrong = _wrong("  include base", "  user.email = " + "a" * 100_000 + " ? ")
    assert next(each.code for each in _load(tmp_path / "shop.rules", wrong)) == "E105"
