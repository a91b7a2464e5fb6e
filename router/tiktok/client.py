"""Batches to TikTok's Events API, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import httpx
import orjson

from router.delivery.clock import Clock, SystemClock
from router.delivery.verdict import Batch, Parked, Retry, Verdict
from router.tiktok.answers import Reply, read, verdicts
from router.tiktok.codes import Meaning
from router.tiktok.redaction import texts_of

BASE_URL = "https://business-api.tiktok.com"
PATH = "/open_api/v1.3/event/track/"
ATTEMPT_SECONDS = 30.0
ANSWER_BYTES = 1024 * 1024
TIMEOUT = httpx.Timeout(connect=3.0, write=10.0, read=20.0, pool=5.0)
_AUTH = Meaning.AUTH.value
# Nothing has left the machine when one of these is raised; `ConnectError` covers DNS and TLS as well.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a destination's requests carry besides the events. The token never shows."""

    token: str = field(repr=False)
    test_event_code: str | None = None
    partner_name: str | None = None


@dataclass(frozen=True, slots=True)
class _NoAnswer:
    """The request failed; `ambiguous` when TikTok may have it."""

    why: str
    ambiguous: bool


def make_http_client(connections: int = 100) -> httpx.AsyncClient:
    """Follows no redirects (they would carry the token away), takes no proxy from the environment."""
    return httpx.AsyncClient(
        follow_redirects=False,
        trust_env=False,
        timeout=TIMEOUT,
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
    )


class TikTokClient:
    """A `Sender`. `credentials` are looked up at each send, by the destination's name.

    When TikTok does not take a token, `renew` reads it again from where it comes from; with another one the
    batch is sent once more.

    TikTok's own failures, its refusals and the network's are verdicts; nothing that TikTok wrote leaves here
    without its values taken out.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        credentials: Callable[[str], Credentials | None],
        *,
        renew: Callable[[str], Awaitable[Credentials | None]] | None = None,
        clock: Clock | None = None,
        attempt_seconds: float = ATTEMPT_SECONDS,
    ) -> None:
        self._http = http
        self._url = base_url.rstrip("/") + PATH
        self._credentials = credentials
        self._renew = renew
        self._clock = clock or SystemClock()
        self._attempt_seconds = attempt_seconds

    async def send(self, batch: Batch) -> list[Verdict]:
        credentials = self._credentials(batch.destination)
        told = await self._attempt(batch, credentials)
        if self._renew is None or not _is_auth(told):
            return told
        renewed = await self._renew(batch.destination)
        if renewed is None or (credentials and renewed.token == credentials.token):
            return told
        return await self._attempt(batch, renewed)

    async def _attempt(self, batch: Batch, credentials: Credentials | None) -> list[Verdict]:
        if credentials is None or not credentials.token:
            return [Parked("no_token", _AUTH)] * len(batch)
        if not _fits_a_header(credentials.token):
            return [Parked("malformed_token", _AUTH)] * len(batch)
        answer = await self._post(body_of(batch, credentials), credentials.token)
        if isinstance(answer, _NoAnswer):
            return [Retry(answer.why, ambiguous=answer.ambiguous)] * len(batch)
        return verdicts(answer, len(batch), _echoes(answer, batch, credentials), self._clock.now())

    async def _post(self, body: bytes, token: str) -> Reply | _NoAnswer:
        headers = {
            "Access-Token": token,
            "Content-Type": "application/json",
            # A compressed answer could be a bomb, and is never worth it.
            "Accept-Encoding": "identity",
        }
        try:
            async with (
                asyncio.timeout(self._attempt_seconds),
                self._http.stream("POST", self._url, content=body, headers=headers) as response,
            ):
                return await _read(response)
        except _NOT_SENT as problem:
            return _NoAnswer(f"not_sent:{type(problem).__name__}", ambiguous=False)
        except (httpx.HTTPError, httpx.StreamError, TimeoutError) as problem:
            return _NoAnswer(f"no_answer:{type(problem).__name__}", ambiguous=True)


def body_of(batch: Batch, credentials: Credentials) -> bytes:
    """The request's body. Payloads are finished JSON and go in as they are."""
    head = {
        "event_source": batch.source,
        "event_source_id": batch.source_id,
        "test_event_code": credentials.test_event_code,
        "partner_name": credentials.partner_name,
    }
    present = orjson.dumps({name: value for name, value in head.items() if value is not None})
    return present[:-1] + b',"data":[' + b",".join(entry.payload for entry in batch.entries) + b"]}"


def _is_auth(verdicts: Sequence[Verdict]) -> bool:
    """Whether the token was refused, so that nothing of the batch was taken."""
    return all(isinstance(each, Parked) and each.why == _AUTH and not each.ambiguous for each in verdicts)


def _fits_a_header(token: str) -> bool:
    # What does not would fail in the HTTP library, with the token in its message.
    return token.isascii() and token.isprintable() and token == token.strip()


def _echoes(answer: Reply, batch: Batch, credentials: Credentials) -> Sequence[str]:
    """What a message of TikTok's might repeat; nothing where it said nothing."""
    if answer.code == 0 or not (answer.message or answer.data):
        return ()
    return [credentials.token, *texts_of(entry.payload for entry in batch.entries)]


async def _read(response: httpx.Response) -> Reply | _NoAnswer:
    if response.headers.get("content-encoding", "identity") != "identity":
        return _NoAnswer("garbage:encoded", ambiguous=True)
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > ANSWER_BYTES:
            return _NoAnswer("garbage:too_long", ambiguous=True)
    return read(response.status_code, bytes(body), response.headers.get("retry-after", ""))
