"""`tagwright schema learn`: a schema that reads what it was learned from."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from router.lang.kinds import Kind
from router.lang.values import Reader
from router.learn import Learned, Shape, schema
from router.learn.shape import Room
from router.rulebook import load

USING = """
destination shop {
  type   = "tiktok"
  source = "web"
  pixel  = env("P")
  token  = secret("T")
}
"""


def _text(events: list[object], unreadable: int = 0) -> str:
    shape, room = Shape(), Room()
    for event in events:
        shape.see(event, room)
    return schema(Learned(shape, len(events), unreadable))


def _kind(text: str, folder: Path) -> Kind:
    file = folder / "learned.rules"
    file.write_text(text, "utf-8")
    book = load([file])
    assert book.problems == ()
    assert book.program is not None
    return book.program.schema


def _mismatches(value: object, kind: Kind, path: str = "") -> list[str]:
    _, why = Reader().read(value, kind)
    found = [f"{path}: {why}"] if why else []
    if kind.base == "object" and isinstance(value, dict):
        for key, inner in (kind.fields or {}).items():
            found += _mismatches(value.get(key), inner, f"{path}.{key}")
    if kind.base == "list" and kind.of and isinstance(value, list):
        for each in value:
            found += _mismatches(each, kind.of, f"{path}[]")
    return found


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.sampled_from(["1.5", "007", "true", "2024-01-01", "https://a.example/"])
    | st.sampled_from(["a@b.de", "+49 30 123456", "10.0.0.1"])
)  # fmt: skip
KEYS = st.sampled_from(
    ["a", "b", "or", "odd key", "x.y", "id", "email", "created_at", '"', "list", "schema", ""]
)
OBJECTS = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEYS, inside, max_size=4),
        max_leaves=8,
    ),
    max_size=6,
)  # fmt: skip


@given(st.lists(OBJECTS, min_size=1, max_size=5))
def test_what_is_learned_checks_and_reads_its_own_events(tmp_path_factory, events):
    events = [{"event_name": "x"} | each for each in events]
    kind = _kind(_text(events), tmp_path_factory.mktemp("learned"))
    for event in events:
        assert _mismatches(event, kind) == []


def test_types_and_marks(tagwright, golden):
    result = tagwright("schema", "learn", "learn.jsonl")
    assert result.exit_code == 0
    golden(result.stdout, "learned.rules")
    assert result.stderr.splitlines() == ["event 61 is left out: the body is not JSON: column 2"]


def test_a_rule_file_uses_it(tagwright, tmp_path):
    _kind(tagwright("schema", "learn", "learn.jsonl").stdout, tmp_path)
    rules = tmp_path / "shop.rules"
    lines = ['language 1', 'use "learned.rules"', USING, "mapping base {", "  event_id = event.id",
             "  user.email = hash_email(event.customer.mail)", "  properties.value = event.total",
             '  properties.description = event.customer.flags."TikTok.URL"', "}",
             "events with base {", "  event | web", "  order | Purchase", "}"]  # fmt: skip
    rules.write_text("\n".join(lines) + "\n", "utf-8")
    assert load([rules]).problems == ()
    rules.write_text(
        rules.read_text("utf-8").replace("hash_email(event.customer.mail)", "event.customer.mail")
    )
    assert [each.code for each in load([rules]).problems] == ["E310"]


def test_no_value_of_a_person_is_in_the_output(tagwright):
    text = tagwright("schema", "learn", "learn.jsonl").stdout
    for value in ("ada@example.com", "203.0.113", "Ada", "+49 30", "Unter den Linden"):
        assert value not in text


def test_keys_that_are_values_are_not_shown():
    text = _text([{"by_mail": {"ada@example.com": 1}}, {"by_number": {f"k{n}": n for n in range(300)}}])
    assert "ada" not in text
    assert "k17" not in text
    assert text.count("any pii") == 2


def test_places_are_bounded():
    room, shape = Room(left=50), Shape()
    for number in range(400):
        shape.see({"x": {f"f{number % 7}": {f"g{number}": 1}}}, room)
    assert room.left >= 0


def test_standard_gives_what_it_lacks(tagwright, tmp_path):
    event = {"event_name": "purchase", "user": {"email": "a@b.de", "tier": "gold", "id": {"x": 1}},
             "items": [{"id": "1", "colour": "red"}], "order": {"margin": 1.5}, "odd key": 1}  # fmt: skip
    result = tagwright("schema", "learn", "-", "--standard", text=json.dumps(event))
    body = result.stdout[result.stdout.index("extend") :]
    assert body.splitlines() == [
        "extend schema event {",
        "  user.tier: text  # 100 %",
        "  # user.id is declared as text and was an object",
        "  # items[].colour: elements of a declared list cannot be extended",
        "  order: {  # 100 %",
        "    margin: number  # 100 %",
        "  }",
        '  # "odd key": a schema cannot declare this key here',
        "}",
    ]
    _kind(result.stdout, tmp_path)
    nothing = tagwright("schema", "learn", "-", "--standard", text='{"event_name":"purchase"}')
    assert "The schema has every field that was seen." in nothing.stdout
    _kind(nothing.stdout, tmp_path)


def test_what_cannot_run_exits_2(tagwright):
    assert tagwright("schema", "learn", "-", text="nope\n").exit_code == 2
    assert tagwright("schema", "learn", "-", "--name", "a b", text="{}").exit_code == 2


def test_from_a_pipe():
    command = [sys.executable, "-m", "router.cli", "schema", "learn", "-"]
    done = subprocess.run(command, input=b'{"a": 1}\n{"a": "x"}\n', capture_output=True, check=True)
    assert "a: text  # 100 %, number 50 %, text 50 %" in done.stdout.decode()
