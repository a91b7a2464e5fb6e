"""A refused token is read again once, and the batch goes out with the new one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable

from pytest_httpserver import HTTPServer
from test_tiktok_client import batch
from werkzeug import Request, Response

from router.delivery.verdict import Accepted, Parked, Verdict
from router.tiktok.client import PATH, Credentials, TikTokClient, make_http_client


class Office:
    """A TikTok that takes some tokens, and a client whose token can be renewed."""

    def __init__(self, server: HTTPServer, good: Iterable[str], refusal: int = 40105) -> None:
        self.seen: list[str] = []
        self.asked = 0
        self._good, self._refusal, self._url = set(good), refusal, server.url_for("")
        server.expect_request(PATH).respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        self.seen.append(request.headers["Access-Token"])
        code = 0 if self.seen[-1] in self._good else self._refusal
        return Response(json.dumps({"code": code, "message": "so it is"}))

    def send(self, token: str | None, renewed: str | None) -> list[Verdict]:
        async def renew(_destination: str) -> Credentials | None:
            self.asked += 1
            return None if renewed is None else Credentials(renewed)

        async def once() -> list[Verdict]:
            async with make_http_client() as http:
                used = Credentials(token) if token else None
                client = TikTokClient(http, self._url, lambda _: used, renew=renew)
                return await client.send(batch(2))

        return asyncio.run(once())


def taken(verdicts: list[Verdict]) -> bool:
    return len(verdicts) == 2 and all(isinstance(each, Accepted) for each in verdicts)


def test_another_token_sends_the_batch_again(httpserver: HTTPServer) -> None:
    office = Office(httpserver, good=["new"])
    assert taken(office.send("old", "new"))
    assert (office.seen, office.asked) == (["old", "new"], 1)


def test_the_same_token_does_not(httpserver: HTTPServer) -> None:
    office = Office(httpserver, good=[])
    assert office.send("old", "old") == [Parked("40105", "auth")] * 2
    assert (office.seen, office.asked) == (["old"], 1)


def test_nothing_new_holds_the_destination(httpserver: HTTPServer) -> None:
    office = Office(httpserver, good=[])
    assert office.send("old", None) == [Parked("40105", "auth")] * 2


def test_it_happens_once_a_send(httpserver: HTTPServer) -> None:
    office = Office(httpserver, good=[])
    assert office.send("old", "new") == [Parked("40105", "auth")] * 2
    assert (office.seen, office.asked) == (["old", "new"], 1)


def test_a_token_that_was_missing_may_have_come(httpserver: HTTPServer) -> None:
    office = Office(httpserver, good=["new"])
    assert taken(office.send(None, "new"))
    assert taken(office.send("mal formed\n", "new"))
    assert office.seen == ["new", "new"]


def test_other_refusals_are_not_the_tokens_fault(httpserver: HTTPServer) -> None:
    office = Office(httpserver, good=[], refusal=40001)
    assert office.send("old", "new") == [Parked("40001", "permission")] * 2
    assert office.asked == 0
