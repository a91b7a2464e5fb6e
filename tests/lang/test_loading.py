"""From files to a rule set: what `use` finds, what size does, what personal data may not do."""

from pathlib import Path
from typing import Any

import pytest

from router.lang.bind import bind
from router.lang.outcome import Arrival, Send
from router.lang.route import route
from router.rulebook import load
from router.settings import EnvironmentVariables

BASE = (Path(__file__).parent.parent / "conformance" / "cases" / "base.rules").read_text(encoding="utf-8")
RULES = "\nevents with m {\n  event | web\n  a | Search\n}\n"


def _codes(folder: Path, text: str) -> list[str]:
    (folder / "it.rules").write_text(text, encoding="utf-8")
    return [each.code for each in load([folder / "it.rules"]).problems]


def _payload(folder: Path, mapping: str, event: dict[str, Any]) -> dict[str, Any]:
    (folder / "it.rules").write_text(f"{BASE}\nmapping m {{\n{mapping}\n}}\n{RULES}", encoding="utf-8")
    program = load([folder / "it.rules"]).program
    assert program
    (sent,) = route(program, Arrival({"event_name": "a", **event}, 0)).outcomes
    assert isinstance(sent, Send)
    return sent.payload


def test_files_may_use_each_other_and_a_file_reached_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.rules").write_text(
        'language 1\nuse "inner/b.rules"\nuse "./inner/../inner/b.rules"\nlet x = y\n'
    )
    (tmp_path / "inner" / "b.rules").write_text('language 1\nuse "../a.rules"\nlet y = 1\n')
    book = load([tmp_path / "a.rules", tmp_path / "inner" / "b.rules"])
    assert book.problems == ()
    assert len(book.paths) == 2


def test_names_are_shared_by_all_files_of_a_rule_set(tmp_path: Path) -> None:
    (tmp_path / "a.rules").write_text("language 1\nlet x = 1\n")
    (tmp_path / "b.rules").write_text("language 1\nlet x = 2\nlet y = x\n")
    problems = load([tmp_path / "b.rules", tmp_path / "a.rules"]).problems
    assert [(each.code, Path(each.mark.span.source.name).name) for each in problems] == [("E203", "b.rules")]


@pytest.mark.parametrize("name", [".", "..", "inner", "", "none.rules", "a\\u0000b", "x" * 300])
def test_a_use_of_what_is_no_file_is_one_message(tmp_path: Path, name: str) -> None:
    (tmp_path / "inner").mkdir()
    assert _codes(
        tmp_path, f'language 1\nuse "{name}"\nlet x = event.y + z\nextend schema event {{ q: text }}\n'
    ) == ["E230"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "# only a comment",
        "# a\n\n# b\n\n",
        "\ufefflanguage 1\r\nlet x = 1\r\n",
        "\tlet\tx\t=\t1\t\n",
        "events {\n}\n",
        "on a {\n}\n",
        "let x = 1 # no line end",
        f"{'#' * 5000}\n",
    ],
)
def test_odd_files_are_files(tmp_path: Path, text: str) -> None:
    assert _codes(tmp_path, text) == []


@pytest.mark.parametrize(
    "line",
    [
        "let x = event.user",
        "let x = [event.user]",
        "let x = first([event.user.email])",
        "let x = {a: {b: event.user.id}}",
        "let x = event.items[0].id ?? event.user.id",
        'let x = match event.s { "a" -> "b"\n * -> event.user.id }',
        'let x = if event.flag then lower(event.user.email) else "no"',
        "let y = event.user\nlet x = y.email",
        'let x = concat("a", event.user.email)',
        "let x = number(event.user.id) * 2",
        "let x = -number(event.user.id)",
        "let x = max(1, number(event.user.id))",
        'let x = split(event.user.email, "@")[0]',
        "let x = text(number(event.user.id))",
        "let x = event.secretive.inside[].code",
    ],
)
def test_personal_data_is_followed_through_every_construct(tmp_path: Path, line: str) -> None:
    line = line.replace('split(event.user.email, "@")[0]', 'first(split(event.user.email, "@"))')
    schema = "extend schema event {\n  secretive: { inside: list of { code: text } } pii\n}\n"
    text = f'{BASE}\n{schema}{line}\nmapping m {{\n  properties."x" = x\n}}\n'
    assert _codes(tmp_path, text) == ["E310"]


@pytest.mark.parametrize(
    "expression",
    [
        "count([event.user.email])",
        "length(event.user.email)",
        "event.user is present",
        'event.user.email ends_with "@corp.example"',
        "hash_id(event.user.id)",
    ],
)
def test_what_tells_nobody_who_is_no_personal_data(tmp_path: Path, expression: str) -> None:
    assert _codes(tmp_path, f'{BASE}\nmapping m {{\n  properties."x" = {expression}\n}}\n') == []


def test_lists_are_read_to_a_thousand_elements_and_counted_whole(tmp_path: Path) -> None:
    lines = """  properties.num_items = count(event.items)
  properties.content_ids = event.items[].id
  properties.contents = each item in event.items { content_id = item.id }"""
    found = _payload(tmp_path, lines, {"items": [{"id": str(number)} for number in range(1_500)]})[
        "properties"
    ]
    assert (found["num_items"], len(found["content_ids"]), len(found["contents"])) == (1_500, 1_000, 1_000)


def test_text_beyond_8192_characters_is_missing(tmp_path: Path) -> None:
    line = '  properties.status = event.s ?? "too long"'
    assert _payload(tmp_path, line, {"s": "x" * 8_192})["properties"]["status"] == "x" * 8_192
    assert _payload(tmp_path, line, {"s": "x" * 8_193})["properties"]["status"] == "too long"


def test_a_sample_takes_its_share_and_always_the_same(tmp_path: Path) -> None:
    (tmp_path / "it.rules").write_text(f"{BASE}\non a {{\n  send Search sample 25% by event.id\n}}\n")
    program = load([tmp_path / "it.rules"]).program
    assert program

    def drawn() -> list[bool]:
        events = [{"event_name": "a", "id": str(number)} for number in range(2_000)]
        return [isinstance(route(program, Arrival(event, 0)).outcomes[0], Send) for event in events]

    first = drawn()
    assert first == drawn()
    assert 400 < sum(first) < 600


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"let a{n} = a{n + 1}\n" for n in range(2_000)) + "let a2000 = 1\n",
        "".join(f"let a{n} = a{n + 1} ?? a{n + 1}\n" for n in range(60)) + "let a60 = 1\n",
        "".join(f"let a{n} = {{a: a{n + 1}, b: a{n + 1}}}\n" for n in range(60)) + "let a60 = 1\n",
        "".join(f"mapping a{n} {{ include a{n + 1} }}\n" for n in range(2_000)) + "mapping a2000 { }\n",
        "".join(f"mapping a{n} {{ include a{n + 1}, a{n + 1}, a{n + 1}, a{n + 1} }}\n" for n in range(15))
        + 'mapping a15 { event_id = "1" }\n',
        "let x = " + "(" * 3_000 + "\n",
        "let x = " + "[" * 3_000 + "]" * 3_000 + "\n",
        "{" * 3_000,
        "}" * 3_000,
        "let x = " + "not " * 3_000 + "true\n",
        "on a {\n" + "when event.flag {\n" * 500 + "}\n" * 501,
    ],
    ids=range(11),
)
def test_what_grows_beyond_bounds_is_a_message(tmp_path: Path, text: str) -> None:
    assert set(_codes(tmp_path, "language 1\n" + text)) & {
        "E431",
        "E432",
        "E501",
        "E101",
        "E505",
        "E112",
        "E100",
        "E115",
    }


def test_ids_and_tokens_are_bound_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "it.rules").write_text(BASE.replace('"PIXEL"', 'env("PIXEL_ID")'))
    program = load([tmp_path / "it.rules"]).program
    assert program
    bound = bind(program, EnvironmentVariables({"PIXEL_ID": "C7", "TOKEN": "t0ken"}))["d"]
    assert (bound.ids, bound.token) == ({"web": "C7"}, "t0ken")
    assert "t0ken" not in repr(bound)
