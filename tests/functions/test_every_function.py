"""What holds for every function: documentation, examples, totality."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.functions import STANDARD
from router.lang.kinds import Kind
from router.lang.library import Example, Function

from .calls import call, evaluate

EXAMPLES = [(f.name, example) for f in STANDARD.values() for example in f.examples]

TEXTS = st.text(max_size=40) | st.text(st.characters(), max_size=12)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = TEXTS | NUMBERS | st.booleans()
JSON = st.recursive(
    SCALARS | st.none(), lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=8
)


def values_of(kind: Kind) -> st.SearchStrategy[Any]:
    match kind.base:
        case "text" | "url":
            return TEXTS
        case "number":
            return NUMBERS
        case "time":
            return st.integers(0, 253_402_300_799)
        case "list" if kind.of:
            return st.lists(values_of(kind.of), max_size=6)
        case "any":
            return JSON
    raise AssertionError(kind)


def fits(value: Any, kind: Kind) -> bool:
    match kind.base:
        case "text":
            shaped = isinstance(value, str) and value != ""
            return shaped and (
                not kind.hashed or (len(value) == 64 and set(value) <= set("0123456789abcdef"))
            )
        case "number" | "time":
            return isinstance(value, int | float) and not isinstance(value, bool) and value - value == 0
        case "list" if kind.of:
            return isinstance(value, list) and value != [] and all(fits(each, kind.of) for each in value)
    return kind.base == "any"


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=lambda each: getattr(each, "expression", ""))
def test_examples_give_what_they_say(name: str, example: Example) -> None:
    result = evaluate(example.expression)
    assert result == example.result
    assert type(result) is type(example.result)


@pytest.mark.parametrize("function", STANDARD.values(), ids=lambda f: f.name)
def test_every_function_is_documented(function: Function) -> None:
    assert function.summary.endswith((".", ":")) or function.detail
    assert all(example.expression.startswith(f"{function.name}(") for example in function.examples)
    if function.name != "now":
        assert len(function.examples) >= 2
        assert any(example.result is None for example in function.examples) or function.name == "text"


@pytest.mark.parametrize("function", STANDARD.values(), ids=lambda f: f.name)
@given(data=st.data())
def test_any_argument_of_the_kind_gives_a_value_of_the_kind_or_nothing(
    function: Function, data: st.DataObject
) -> None:
    arguments: list[Any] = []
    for param in function.params:
        values = values_of(param.kind)
        if param.rest:
            arguments += data.draw(st.lists(values, max_size=5))
        else:
            arguments.append(data.draw(st.none() | values if param.optional else values))
    result = call(function.name, *arguments)
    assert result is None or fits(result, function.result)


def test_the_set_is_closed() -> None:
    assert " ".join(STANDARD) == (
        "lower upper trim replace left split join concat length number text round min max abs "
        "count sum first last unique now from_millis from_iso unix "
        "query host path without_query cookie header env secret "
        "hashed hash_email hash_phone hash_id hash_name hash_zip hash_idfa hash_gaid"
    )


@pytest.mark.parametrize("function", STANDARD.values(), ids=lambda f: f.name)
def test_only_what_hashes_takes_the_mark_of_personal_data_off(function: Function) -> None:
    assert function.keeps_pii != function.name.startswith("hash")
    assert function.result.hashed == function.name.startswith("hash")
