"""The desk of a running daemon, over a socket in its data directory that only its user can open."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import structlog

from router.desk import Answer, Asked, Desk
from router.serving import Answer as HttpAnswer
from router.serving import Refusal, Request, json_answer, refuse

SOCKET = "control.sock"
CHANGING = frozenset({"replay", "purge", "erase"})
_LOG = structlog.get_logger()
_MOST_BYTES = 1024 * 1024
_SECONDS = 600.0


class ControlApp:
    """The application: a POST asks the question that its path names."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, request: Request) -> HttpAnswer:
        asked = _asked(await request.body(_MOST_BYTES) or b"")
        if asked is None:
            return refuse(Refusal(400, "not_json", "questions are asked with a JSON object"))
        question = request.path.strip("/")
        answer = await self._desk.ask(question, asked)
        _note(question, asked, answer)
        return json_answer(200, answer)


def _note(question: str, asked: Asked, answer: Answer) -> None:
    """A line in the log for what changed something; it never says whom or what was asked for."""
    if question in CHANGING and not asked.get("dry_run"):
        told = {
            name: answer[name]
            for name in ("counts", "purged", "erased", "forgotten", "error")
            if name in answer
        }
        _LOG.info("operator", asked=question, **told)


def _asked(body: bytes) -> Asked | None:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def bind_control(directory: Path) -> socket.socket:
    """A private listening socket in the data directory, in the place of one that a killed daemon left."""
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _short(directory) as place:
            Path(place).unlink(missing_ok=True)
            before = os.umask(0o177)
            try:
                bound.bind(place)
            finally:
                os.umask(before)
    except BaseException:
        bound.close()
        raise
    bound.setblocking(False)
    return bound


def ask_daemon(directory: Path, question: str, asked: Asked) -> Answer | None:
    """The answer of the daemon that runs on this directory; None when none does.

    Raises `httpx.HTTPError` when it does not answer.
    """
    with (
        _short(directory) as place,
        httpx.Client(transport=httpx.HTTPTransport(uds=place), timeout=_SECONDS, trust_env=False) as client,
    ):
        try:
            found: Any = client.post(f"http://daemon/{question}", content=orjson.dumps(asked)).json()
        except httpx.ConnectError:
            return None
    return found if isinstance(found, dict) else {"error": "the daemon gave no answer"}


@contextlib.contextmanager
def _short(directory: Path) -> Iterator[str]:
    """A path of the socket that is short enough: addresses of sockets have 107 bytes, directories may not."""
    plain = str(directory / SOCKET)
    if len(os.fsencode(plain)) < 100:
        yield plain
        return
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{SOCKET}"
    finally:
        os.close(handle)
