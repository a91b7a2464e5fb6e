"""Whatever TikTok answers: no token, code or app secret is repeated; and every answer becomes a value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.account.authorising import Authorised, NotAuthorised, read_answer, read_pasted
from router.account.checkup.facts import Facts, Rules
from router.account.checkup.probing import body_of, probe
from router.account.tokens import App, Granted, Refusal, Revoked, exchange, revoke
from router.lang.bind import Bound
from router.tiktok.judge import judge

CODE, SECRET, TOKEN = "code-4a1b", "app-secret-9f2e7c", "token-5d41402abc4b2a76b9719d911017c592"
PIXEL = "CPIXEL0000000000001"
APP = App("https://tiktok.example", "712", SECRET)
NOW = 1_795_255_200

echoes = st.sampled_from([CODE, SECRET, TOKEN, f"bad {TOKEN}", f"{SECRET}/{CODE}", "ok"])
codes = st.one_of(st.sampled_from([0, 20001, 40001, 40002, 40100, 40101, 40105, 40110, 50000]), st.integers())
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | echoes,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=8), inside, max_size=3),
    max_leaves=8,
)
answers = st.one_of(
    st.binary(max_size=40),
    values.map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries(
        {"code": codes, "message": echoes},
        optional={"data": values | st.fixed_dictionaries({"access_token": values}), "request_id": echoes},
    ).map(lambda value: json.dumps(value).encode()),
)
statuses = st.sampled_from([200, 204, 302, 400, 401, 403, 429, 500, 502])


class Body(httpx.SyncByteStream):
    """An answer that is read as it comes, as one over the network is."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self.content


def tiktok(status: int, body: bytes) -> httpx.Client:
    return httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(status, stream=Body(body))), trust_env=False
    )


def shown(found: object) -> str:
    return f"{found!r} {found}"


@given(statuses, answers)
@settings(deadline=None)
def test_an_exchange_repeats_nothing(status: int, body: bytes) -> None:
    with tiktok(status, body) as http:
        found = exchange(http, APP, CODE)
    match found:
        case Granted(token=token):
            assert token.strip() == token != ""
            assert token.isascii()
            assert f"{token!r}" not in repr(found)
        case Refusal():
            assert [each for each in (CODE, SECRET, TOKEN) if each in shown(found)] == []
            assert found.fix


@given(statuses, answers)
@settings(deadline=None)
def test_a_revocation_repeats_nothing(status: int, body: bytes) -> None:
    with tiktok(status, body) as http:
        found = revoke(http, APP, TOKEN)
    assert isinstance(found, Revoked | Refusal)
    assert [each for each in (CODE, SECRET, TOKEN) if each in shown(found)] == []


@given(statuses, answers)
@settings(deadline=None)
def test_a_probe_repeats_nothing_and_only_code_0_is_well(status: int, body: bytes) -> None:
    (found,) = probed(status, body)
    assert [each for each in (TOKEN, "TESTCODE99") if each in shown(found)] == []
    assert found.state in ("ok", "problem")
    assert bool(found.remedy) == (found.state == "problem")
    if found.state == "ok":
        assert json.loads(body)["code"] in (0, 40050)


def probed(status: int, body: bytes, token: str | None = TOKEN, code: str | None = "TESTCODE99") -> list[Any]:
    bound = Bound("shop", {"web": PIXEL}, {}, token)
    facts = Facts(rules=Rules(("shop.rules",), None, {"shop": bound}))
    with tiktok(status, body) as http:
        return list(probe(facts, http, code, NOW))


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (200, {"code": 40105, "message": "x"}, "TikTok does not take the token"),
        (200, {"code": 40001, "message": "x"}, "may not send to this event source"),
        (200, {"code": 40002, "message": "x"}, "a pixel code for web"),
        (401, {"code": 40100, "message": "x"}, "wait five minutes"),
        (200, {"code": 40007, "message": "x"}, "refuses the set-up"),
        (502, None, "failures of its own"),
        (200, None, "not TikTok's API"),
        (200, {"code": 99999, "message": "x"}, "nobody has documented this code"),
    ],
)
def test_a_probe_says_what_came_back(status: int, answer: Any, words: str) -> None:
    (found,) = probed(status, b"<html>" if answer is None else json.dumps(answer).encode())
    assert (found.state, words in found.remedy) == ("problem", True)


def test_a_probe_without_token_code_or_destination() -> None:
    well = b'{"code": 0, "message": "OK"}'
    assert probed(200, well)[0].state == "ok"
    assert "no token that can be sent" in probed(200, well, token=None)[0].what
    assert "no token that can be sent" in probed(200, well, token=f"{TOKEN}\n")[0].what
    assert "without a test code the event would count" in probed(200, well, code=None)[0].what
    with tiktok(200, well) as http:
        assert [each.state for each in probe(Facts(), http, "T", NOW)] == ["not checked"]


@pytest.mark.parametrize("source", ["web", "app", "offline", "crm"])
def test_the_probe_is_an_event_that_tiktok_takes(source: str) -> None:
    body = body_of(source, PIXEL, "TESTCODE99", NOW)
    assert [str(each) for each in judge(body, NOW) if each.severity == "error"] == []
    assert body["test_event_code"] == "TESTCODE99"
    assert body_of(source, PIXEL, "T", NOW)["data"][0]["event_id"] != body["data"][0]["event_id"]


@given(st.text(max_size=200), st.none() | st.text(max_size=20))
def test_whatever_is_pasted_is_read_or_refused(text: str, state: str | None) -> None:
    for read in (read_pasted, read_answer):
        found = read(text, state)
        assert isinstance(found, Authorised | NotAuthorised)
        if isinstance(found, Authorised):
            assert repr(found) == "Authorised()"


@given(st.text(min_size=1, max_size=50), st.text(max_size=50))
def test_another_state_is_never_taken(ours: str, theirs: str) -> None:
    query = str(httpx.QueryParams({"auth_code": CODE, "state": theirs}))
    assert isinstance(read_answer(query, ours), Authorised) == (ours == theirs)


@pytest.mark.parametrize(
    "text", ["a" * 40, f"?auth_code={CODE}", f"auth_code={CODE}&state=x", f"https://a/?code={CODE}#_"]
)
def test_codes_and_addresses_are_taken(text: str) -> None:
    assert isinstance(read_pasted(text, None), Authorised)


@pytest.mark.parametrize("text", ["", " ", "https://shop.example/", "two words", "&".join(["a=b"] * 99)])
def test_what_holds_no_code_is_refused(text: str) -> None:
    assert isinstance(read_pasted(text, None), NotAuthorised)
