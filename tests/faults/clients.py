"""Clients as they should not be: slow, silent, huge, malformed; the others must not feel them."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from .chance import repeatable
from .samples import Sample
from .suite import Suite
from .trial import Report, Trial

_POST = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
_LIMITS = {"head_seconds": 1.0, "body_seconds": 2.0, "keep_alive_seconds": 2}


@dataclass(frozen=True, slots=True)
class Nuisance:
    """Bytes at once, then a byte at a time; the connection must be closed, or answered, in the end."""

    name: str
    first: bytes = b""
    dribble: bytes = b""


def _deep(depth: int) -> bytes:
    return b'{"event_name":"purchase","x":' + b'{"a":' * depth + b"1" + b"}" * (depth + 1)


def _body(body: bytes, *headers: str) -> bytes:
    lines = "".join(f"{each}\r\n" for each in headers)
    return _POST + f"Content-Length: {len(body)}\r\n{lines}\r\n".encode() + body


NUISANCES = (
    Nuisance("idle"),
    Nuisance("half a head", _POST),
    Nuisance("a head by the byte", b"", _POST * 20),
    Nuisance("a body by the byte", _POST + b"Content-Length: 100000\r\n\r\n", b" " * 100_000),
    Nuisance("half a body", _POST + b"Content-Length: 1000\r\n\r\n{"),
    Nuisance("a huge head", _POST + b"X-Filler: " + b"x" * 100_000 + b"\r\n\r\n"),
    Nuisance("a huge body", _POST + b"Content-Length: 999999999\r\n\r\n" + b" " * 100_000),
    Nuisance("deep nesting", _body(_deep(5000))),
    Nuisance("a gzip bomb", _body(gzip.compress(bytes(50_000_000)), "Content-Encoding: gzip")),
    Nuisance("many small values", _body(b"[" + b"{}," * 300_000 + b"{}]")),
    Nuisance(
        "two lengths",
        _POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    ),
    Nuisance("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)),
    Nuisance("noise", repeatable(5).randbytes(2000)),
)  # fmt: skip


def slow_clients(trial: Trial, _: str) -> Report:
    """Hundreds of them beside usual clients, who must all be served."""
    trial.settings["limits"] = dict(_LIMITS)
    daemon = trial.start()
    trial.rested(daemon)
    load = trial.oracle.load(trial.seed)
    each = trial.times(20)
    left = trial.oracle.call(_annoy(lambda: trial.oracle.where, each))
    if left:
        trial.complain("expected", f"these were neither answered nor closed: {left}")
    if not _pipelined(trial):
        trial.complain("expected", "requests in one piece are all answered")
    refused = dict(trial.oracle.obligations.refusals)
    if refused:
        trial.complain("expected", f"usual clients are served, and were answered {refused}")
    slow = sorted(load.load.times)[len(load.load.times) * 99 // 100]
    trial.notes.append(f"{each * len(NUISANCES)} nuisances; 99 of 100 served in {slow:.3f} s")
    return trial.conclude(daemon, load)


async def _annoy(where: Callable[[], tuple[str, int] | None], times: int) -> list[str]:
    """The names of nuisances whose connection was still open after all limits."""
    tasks = [_one(each, where) for each in NUISANCES for _ in range(times)]
    names = [each.name for each in NUISANCES for _ in range(times)]
    closed = await asyncio.gather(*tasks)
    return sorted({name for name, done in zip(names, closed, strict=True) if not done})


async def _one(nuisance: Nuisance, where: Callable[[], tuple[str, int] | None]) -> bool:
    address = where()
    assert address is not None
    reader, writer = await asyncio.open_connection(*address)
    dribbling = asyncio.create_task(_dribble(writer, nuisance))
    try:
        async with asyncio.timeout(15):
            # An answer is as good as an end: nothing is held for this client any more.
            await reader.read(1)
        return True
    except TimeoutError:
        return False
    except OSError:
        return True
    finally:
        dribbling.cancel()
        writer.transport.abort()


async def _dribble(writer: asyncio.StreamWriter, nuisance: Nuisance) -> None:
    with contextlib.suppress(OSError):
        writer.write(nuisance.first)
        for at in range(len(nuisance.dribble)):
            await asyncio.sleep(0.2)
            writer.write(nuisance.dribble[at : at + 1])


def _pipelined(trial: Trial) -> bool:
    """Ten requests in one piece; whether each was answered 202."""
    events = [Sample(f"pipelined-{trial.seed}-{number}", int(time.time())) for number in range(10)]
    trial.oracle.obligations.posting(events)
    answers = trial.oracle.call(_together(trial.oracle.where, events))
    if answers == len(events):
        trial.oracle.obligations.answered(events, {}, set())
    return answers == len(events)


async def _together(where: tuple[str, int] | None, events: list[Sample]) -> int:
    assert where is not None
    reader, writer = await asyncio.open_connection(*where)
    try:
        writer.write(b"".join(_body(json.dumps(each.event()).encode()) for each in events))
        seen = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                while seen.count(b" 202 ") < len(events) and (part := await reader.read(65_536)):
                    seen += part
        return seen.count(b" 202 ")
    finally:
        writer.transport.abort()


SUITES = (Suite("slow-clients", "slow, silent, huge and malformed clients", ("all",), slow_clients, 2),)
