"""Quick forms of functions answer as the functions do."""

import hashlib
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.functions import STANDARD
from router.functions.digest import sha256
from router.functions.identity import hash_email, hash_id
from router.functions.phone import dialled, international
from router.lang.kinds import TEXT
from router.lang.library import Context, Function, Given
from router.lang.outcome import Arrival
from router.lang.values import MAX_TEXT, Reader
from router.tiktok.finishing import Finishing

QUICK = [each for each in STANDARD.values() if each.quick is not None]
TEXTS = st.one_of(
    st.text(min_size=1, max_size=20),
    st.text(alphabet="a@ .+0(-)\u00a0\x1c%&=?#/", min_size=1, max_size=20),
    st.sampled_from(
        ["ttclid", "_ttp", "User-Agent", "x", "https://x.example/?ttclid=a%20b&x=1", "https://x/#/?ttclid=%ff",
         "?xttclid=1&ttclid=2", "+4917012345678", "0170 1234567", "DE", "us", "x" * 9000]
    ),
)  # fmt: skip
ARRIVALS = st.builds(
    Arrival,
    st.dictionaries(
        st.just("context"),
        st.dictionaries(
            st.just("device"),
            st.one_of(
                TEXTS, st.dictionaries(st.just("cookie"), st.dictionaries(TEXTS, TEXTS | st.none()) | TEXTS)
            ),
        )
        | st.none(),
    ),
    st.integers(0, 10**10),
    st.dictionaries(TEXTS, TEXTS),
    st.dictionaries(TEXTS, TEXTS),
)
SETTINGS = st.fixed_dictionaries({}, optional={"phone_country": st.sampled_from(["DE", "us"])})


def test_there_are_quick_forms() -> None:
    assert {each.name for each in QUICK} == {"now", "query", "lower", "upper", "trim", "hash_phone"}


@pytest.mark.parametrize("function", QUICK, ids=lambda each: each.name)
@given(arrival=ARRIVALS, chosen=SETTINGS, data=st.data())
def test_a_quick_form_answers_as_the_function(
    function: Function, arrival: Arrival, chosen: dict[str, Any], data: st.DataObject
) -> None:
    count = data.draw(st.integers(sum(not each.optional for each in function.params), len(function.params)))
    arguments = [data.draw(TEXTS) for _ in range(count)]
    constant = {index: each for index, each in enumerate(arguments) if data.draw(st.booleans())}
    assert function.quick is not None
    quick = function.quick(Given(constant, chosen))
    if quick is None:
        return
    lead = (arrival,) if function.context else ()
    rest = [each for index, each in enumerate(arguments) if index not in constant]
    context = (Context(arrival, chosen),) if function.context else ()
    assert bounded(quick(*lead, *rest)) == function.code(*context, *arguments)


def bounded(value: Any) -> Any:
    return value if not isinstance(value, str) or 0 < len(value) <= MAX_TEXT else None


STRAIGHT = [each for each in STANDARD.values() if each.straight is not None]
RAW = st.one_of(
    TEXTS,
    st.from_regex(r"\s*\+[0-9(). -]{6,18}\s*", fullmatch=True),
    st.from_regex(r"\s*[1-9a-zA-Z@][a-zA-Z0-9@._ -]{0,30}\s*", fullmatch=True),
    st.sampled_from(
        ["a@b" + " " * 8190, "+4917012345678" + " " * 8180, "1" * 64, "A" * 64, "\ud800@x", "\ud800"]
    ),
    st.none() | st.booleans() | st.integers() | st.floats(),
    st.lists(TEXTS, max_size=2) | st.dictionaries(TEXTS, TEXTS, max_size=2),
)
NOTHING = st.sets(st.sampled_from(["", "null", "__CLICKID__", "a@b.example", "+4917012345678", " U "]))


def test_there_are_straight_forms() -> None:
    assert {each.name for each in STRAIGHT} == {"hash_email", "hash_phone", "hash_id"}


@pytest.mark.parametrize("function", STRAIGHT, ids=lambda each: each.name)
@given(raw=RAW, nothing=NOTHING, chosen=SETTINGS)
def test_a_straight_form_answers_as_the_function_or_not_at_all(
    function: Function, raw: Any, nothing: set[str], chosen: dict[str, Any]
) -> None:
    assert function.straight is not None
    straight = function.straight(Given({}, chosen, frozenset(nothing)))
    found = None if straight is None else straight(raw)
    if found is not None:
        assert Reader(frozenset(nothing)).read(raw, TEXT) == (raw, "")
        context = (Context(Arrival({}, 0), chosen),) if function.context else ()
        assert found == function.code(*context, raw)


@pytest.mark.parametrize(
    ("name", "raw"),
    [("hash_email", " Ada@Example.com "), ("hash_phone", "+1 (415) 555-9082"), ("hash_id", "u_28")],
)
def test_the_usual_value_goes_straight(name: str, raw: str) -> None:
    make = STANDARD[name].straight
    straight = make(Given({}, {}, frozenset({"", "null", "__CLICKID__"}))) if make else None
    assert straight is not None
    assert straight(raw) is not None


@pytest.mark.parametrize("name", ["cookie", "header"])
@given(arrival=ARRIVALS, key=TEXTS)
def test_what_is_sought_lies_where_it_is_said(name: str, arrival: Arrival, key: str) -> None:
    sought = STANDARD[name].sought
    assert sought is not None
    asked = key.lower() if sought.folded else key
    found = bounded(getattr(arrival, sought.among).get(asked))
    if found is None and sought.behind:
        owner: Any = arrival.event
        for step in sought.behind:
            owner = owner.get(step) if isinstance(owner, dict) else None
        value = owner.get(key) if isinstance(owner, dict) else None
        found = bounded(value) if isinstance(value, str) else None
    assert STANDARD[name].code(Context(arrival, {}), key) == found


@given(st.binary(max_size=300))
def test_the_hash_is_sha_256(data: bytes) -> None:
    assert sha256(data).hexdigest() == hashlib.sha256(data).hexdigest()


@given(TEXTS)
def test_a_number_is_dialled_as_it_is_written_internationally(text: str) -> None:
    found = dialled(text)
    assert international(text) == (None if found is None else found.decode())


@given(TEXTS)
def test_addresses_are_told_by_their_last_sign(text: str) -> None:
    name, _, domain = text.strip().lower().rpartition("@")
    good = bool(name and domain) and len(text.split()) == 1
    assert (hash_email.code(text) is not None) == (good and text.isascii()) or not text.isascii()


def test_what_stands_for_nothing_has_no_id() -> None:
    for text in ("null", " NULL ", "[object Object]", "(not set)", "0", "000", "-", "0-0", "N/A"):
        assert hash_id.code(text) is None
    assert hash_id.code("[object Object]x") is not None


@given(text=TEXTS, number=st.integers(0, 2**32))
def test_signs_that_a_text_fits_are_true(text: str, number: int) -> None:
    finishing = Finishing({})
    chance = random.Random(number)  # noqa: S311 - to be repeated
    for path in (("page", "url"), ("page", "referrer"), ("properties", "currency"), ("user", "ttclid")):
        fitting = finishing.receiving(path, 30).fitting
        assert fitting is not None
        known = chance.sample(sorted(fitting.known), min(3, len(fitting.known)))
        signs = [*(start + text for start in fitting.starts), *known]
        if len(text) <= fitting.at_most and text not in fitting.never:
            signs.append(text)
        assert [fitting.fit(each) for each in signs] == signs
