"""Addresses, cookies, headers, variables, and the functions on text, lists and numbers at their edges."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.functions.examples import NamedValues
from router.lang.library import Context
from router.lang.outcome import Arrival

from .calls import call


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://s.example/?ttclid=E.C.P.x", "E.C.P.x"),
        ("https://s.example/?a=1&ttclid=E.C.P.x&b=2", "E.C.P.x"),
        ("https://s.example/?ttclid=E.C.P.x#top", "E.C.P.x"),
        ("https://s.example/?ttclid=one&ttclid=two", "one"),
        ("https://s.example/?myttclid=no&ttclid=yes", "yes"),
        ("https://s.example/?xttclid=ttclid=no&ttclid=yes", "yes"),
        ("https://s.example/?next=/a?ttclid=no", None),
        ("https://s.example/?ttclid=E%2EC%2EP", "E.C.P"),
        ("https://s.example/?ttclid=a%20b+c", "a b c"),
        ("https://s.example/?ttclid=100%", "100%"),
        ("https://s.example/?ttclid=%ff%fe", None),
        ("https://s.example/?ttclid=%ED%A0%80", None),
        ("https://s.example/?ttclid=", None),
        ("https://s.example/?ttclid", None),
        ("https://s.example/?TTCLID=x", None),
        ("https://s.example/#/cart?ttclid=E.C.P.x", "E.C.P.x"),
        ("https://s.example/#ttclid=E.C.P.x", "E.C.P.x"),
        ("https://s.example/?a=1#ttclid=E.C.P.x", None),
        ("https://s.example/ttclid=E.C.P.x", None),
        ("/landing?ttclid=E.C.P.x", "E.C.P.x"),
        ("?ttclid=E.C.P.x", "E.C.P.x"),
        ("shop://open?ttclid=E.C.P.x", "E.C.P.x"),
    ],
)
def test_query(url: str, expected: str | None) -> None:
    assert call("query", url, "ttclid") == expected


def test_a_long_click_id_comes_whole() -> None:
    assert call("query", f"https://s.example/?ttclid={'E' * 3000}&x=1", "ttclid") == "E" * 3000


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text(st.characters(codec="utf-8"), min_size=1)
    )
)
def test_query_reads_what_a_form_writes(fields: dict[str, str]) -> None:
    url = f"https://s.example/?{urlencode(fields)}"
    assert {name: call("query", url, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("url", "host", "path", "bare"),
    [
        ("https://Shop.Example/a/b?c=d#e", "shop.example", "/a/b", "https://Shop.Example/a/b"),
        ("https://shop.example", "shop.example", "/", "https://shop.example"),
        ("https://shop.example?x=1", "shop.example", "/", "https://shop.example"),
        ("http://u:p@shop.example:8080/a", "shop.example", "/a", "http://u:p@shop.example:8080/a"),
        ("http://[2001:db8::1]:80/a", "2001:db8::1", "/a", "http://[2001:db8::1]:80/a"),
        ("//cdn.example/a", "cdn.example", "/a", "//cdn.example/a"),
        ("/a//b?x=1", None, "/a//b", "/a//b"),
        ("https:///a", None, "https:///a", "https:///a"),
        ("#top", None, None, None),
    ],
)
def test_parts_of_an_address(url: str, host: str | None, path: str | None, bare: str | None) -> None:
    assert (call("host", url), call("path", url), call("without_query", url)) == (host, path, bare)


def context(event: Any = None, **given: Any) -> Context:
    return Context(
        Arrival(event or {}, now=1795253223, **given), variables=NamedValues({"A": ""}, {"S": "s"})
    )


@pytest.mark.parametrize(
    ("cookies", "device", "expected"),
    [
        ({"ttclid": "request"}, {"ttclid": "event"}, "request"),
        ({"ttclid": ""}, {"ttclid": "event"}, "event"),
        ({}, {"ttclid": "event"}, "event"),
        ({}, {"ttclid": 5}, None),
        ({}, {"ttclid": ""}, None),
        ({}, {"ttclid": "x" * 8193}, None),
        ({}, ["ttclid"], None),
        ({}, None, None),
    ],
)
def test_cookies_of_the_request_come_first(
    cookies: dict[str, str], device: Any, expected: str | None
) -> None:
    event = {"context": {"device": {"cookie": device}}}
    assert call("cookie", "ttclid", context=context(event, cookies=cookies)) == expected


@pytest.mark.parametrize(
    "event", [{}, {"context": 1}, {"context": {"device": "x"}}, {"context": {"device": None}}]
)
def test_an_event_without_device_has_no_cookies(event: dict[str, Any]) -> None:
    assert call("cookie", "_ttp", context=context(event)) is None


def test_variables_are_missing_when_unset_or_empty() -> None:
    assert call("env", "A", context=context()) is None
    assert call("secret", "S", context=context()) == "s"
    assert call("env", "A", context=Context(Arrival({}, 0))) is None
    assert call("secret", "S", context=Context(Arrival({}, 0))) is None
    assert "s" not in repr(context().variables).replace("NamedValues", "").replace("plain", "")


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("replace", ("a" * 8192, "a", "bb"), None),
        ("join", (["a" * 5000, "b" * 5000], "-"), None),
        ("concat", ("a" * 8192, "b"), None),
        ("concat", ("a", 1.50, True), "a1.5true"),
        ("concat", ("a", {"b": 1}), None),
        ("left", ("abc", 2.9), "ab"),
        ("left", ("abc", -1), None),
        ("left", ("abc", 1e300), "abc"),
        ("upper", ("straße",), "STRASSE"),
        ("round", (1.5, 0.5), None),
        ("round", (1.5, 400), None),
        ("min", (), None),
        ("max", (0.1, 0.3, 0.2), 0.3),
        ("sum", ([0.1] * 10,), 1),
        ("sum", ([1e308, 1e308],), None),
        ("number", (True,), None),
        ("number", ("9007199254740993",), 9007199254740993),
        ("number", ("1e3",), 1000),
        ("number", ("٣",), None),
        ("text", (10**30,), "1" + "0" * 30),
        ("text", (0.00001,), "0.00001"),
        ("text", (False,), "false"),
        ("from_millis", (1e300,), None),
        ("unique", ([{"a": 1, "b": 2}, {"b": 2, "a": 1}, [1], [1]],), [{"a": 1, "b": 2}, [1]]),
        ("count", (list(range(5000)),), 5000),
    ],
)
def test_edges(name: str, arguments: tuple[Any, ...], expected: Any) -> None:
    result = call(name, *arguments)
    assert result == expected
    assert type(result) is type(expected)


def test_unique_is_total_on_what_no_json_encoder_takes() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    assert len(call("unique", [["\ud800"], [10**30], deep, "\ud800", "\ud800"])) == 4
