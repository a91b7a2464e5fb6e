"""What the hostile TikTok says, and when: answers, and the moods that choose among them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from .chance import repeatable
from .samples import POISON

Ending = Literal["whole", "cut", "reset", "hang", "deaf", "kill"]
"""After the answer: keep the connection, close it, reset it, say nothing more, do not even read, or end the
daemon instead of answering."""


@dataclass(frozen=True, slots=True)
class Request:
    """What TikTok got: the ids in their order, and what is wrong with the bytes, if anything is."""

    number: int
    ids: tuple[str, ...]
    fault: str | None = None
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """`taken`: TikTok has the events now. `doubt`: the answer does not tell the sender. Times in seconds."""

    name: str
    raw: bytes = b""
    taken: bool = False
    doubt: bool = False
    wait: float = 0.0
    dribble: float = 0.0
    ending: Ending = "whole"


Mood = Callable[[Request], Answer]


def said(
    name: str, body: bytes, *, status: int = 200, headers: Sequence[str] = (), length: int | None = None,
    taken: bool = False, doubt: bool = False,
) -> Answer:  # fmt: skip
    """An HTTP answer; `length` may lie."""
    size = len(body) if length is None else length
    head = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {size}", *headers]
    return Answer(name, "\r\n".join([*head, "", ""]).encode() + body, taken, doubt)


def coded(
    name: str, code: int | str, message: str = "scripted", *, status: int = 200, headers: Sequence[str] = (),
    taken: bool = False, doubt: bool = False,
) -> Answer:  # fmt: skip
    """An answer as TikTok gives it."""
    body = json.dumps({"code": code, "message": message, "request_id": "20260101000000"}).encode()
    return said(name, body, status=status, headers=headers, taken=taken, doubt=doubt)


_HTML = b"<html><body><h1>It works!</h1></body></html>"
OK = coded("ok", 0, "OK", taken=True)
SERVER = coded("server 50000", 50000, status=500, doubt=True)
SERVER_200 = coded("server 51000 with HTTP 200", 51000, doubt=True)
BROKEN_GATEWAY = said("taken, then 502", _HTML, status=502, taken=True, doubt=True)
GARBAGE = said("html with HTTP 200", _HTML, doubt=True)
EMPTY = said("empty with HTTP 200", b"", taken=True, doubt=True)
LIST = said("a list", b"[]", doubt=True)
NO_CODE = said("no code", b'{"message":"OK"}', taken=True, doubt=True)
TEXT_CODE = coded("the code as text", "0", taken=True, doubt=True)
PARTIAL = coded("partial 20001", 20001, taken=True, doubt=True)
HUGE = said("2 MiB", b'{"code":0,"message":"' + b"x" * 2**21 + b'"}', taken=True, doubt=True)
CREATED = said("a redirect", b"", status=302, headers=["Location: http://127.0.0.1:9/"], doubt=True)
ENCODED = said("gzip that is none", b'{"code":0}', headers=["Content-Encoding: gzip"], taken=True, doubt=True)
SHORT = replace(said("cut short", b'{"code":0,', length=500, taken=True, doubt=True), ending="cut")
LONG = replace(
    said("longer than it says", b'{"code":0,"message":"OK"}', length=10, taken=True, doubt=True), ending="cut"
)
CHUNKS = Answer(
    "lying chunks", b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{}\r\n", taken=True,
    doubt=True, ending="cut",
)  # fmt: skip
NOT_HTTP = Answer("no HTTP at all", b"SSH-2.0-OpenSSH_9.2\r\n", taken=True, doubt=True, ending="cut")
RESET = Answer("reset", b"HTTP/1.1 200 X\r\nContent-Le", taken=True, doubt=True, ending="reset")
CUT = Answer("cut", taken=True, doubt=True, ending="cut")
HANG = Answer("taken, then hang", taken=True, doubt=True, ending="hang")
DEAF = Answer("deaf", doubt=True, ending="deaf")
KILL = Answer("daemon killed in flight", taken=True, doubt=True, ending="kill")
GOODBYE = replace(OK, name="ok, then closed", ending="cut")
SLOW_HEAD = replace(OK, name="slow to answer", wait=1.0)
SLOW_BODY = replace(OK, name="a byte at a time", dribble=0.01)
THROTTLE = coded("throttle 40100", 40100, "Too many requests", headers=["Retry-After: 1"])
REVOKED = coded("token revoked 40105", 40105, "Access token is revoked", status=401)
UNKNOWN = coded("unknown code 47321", 47321, doubt=True)
WRONG_PIXEL = coded("wrong pixel 40002", 40002, "event_source_id: invalid pixel code")

AMBIGUOUS = (
    SERVER, SERVER_200, BROKEN_GATEWAY, GARBAGE, EMPTY, LIST, NO_CODE, TEXT_CODE, PARTIAL, HUGE, CREATED,
    ENCODED, SHORT, LONG, CHUNKS, NOT_HTTP, RESET, CUT,
)  # fmt: skip
"""Every answer that leaves open what became of the events, but those that take their time."""

THROTTLES = tuple(
    coded(f"throttle, HTTP {status}, Retry-After {after!r}", 40100, "Too many requests", status=status,
          headers=[f"Retry-After: {after}"] if after else [])
    for status in (200, 401, 429)
    for after in ("1", "Wed, 21 Oct 2015 07:28:00 GMT", "soon", "")
)  # fmt: skip


def honest(_: Request) -> Answer:
    """All is well."""
    return OK


def always(answer: Answer) -> Mood:
    return lambda _: answer


def in_turn(answers: Iterable[Answer], then: Mood = honest) -> Mood:
    """One after the other, then something else."""
    left = iter(answers)

    def mood(request: Request) -> Answer:
        return next(left, None) or then(request)

    return mood


_GRUMPY = ((SERVER, 0.03), (THROTTLE, 0.005), (GARBAGE, 0.01), (BROKEN_GATEWAY, 0.01), (CUT, 0.01))


def grumpy(seed: int, kill: float = 0.0, otherwise: Mood = honest) -> Mood:
    """Mostly well; now and then each of the usual troubles, and with `kill` the daemon's end in flight."""
    rng = repeatable(seed)
    answers = [answer for answer, _ in _GRUMPY] + [KILL]
    weights = [weight for _, weight in _GRUMPY] + [kill]

    def mood(request: Request) -> Answer:
        if rng.random() >= sum(weights):
            return otherwise(request)
        return rng.choices(answers, weights)[0]

    return mood


def strict(request: Request, *, named: bool = True) -> Answer:
    """Refuses a whole request for one bad event, and names its index or not, as TikTok does (M)."""
    bad = [index for index, each in enumerate(request.ids) if POISON in each]
    if not bad:
        return OK
    where = f"data.{bad[0]}.properties: " if named else ""
    return coded("payload 40002", 40002, f"{where}clear.person.{bad[0]}@example.com is not a currency")


def silent_strict(request: Request) -> Answer:
    """Refuses and does not say which."""
    return strict(request, named=False)
