"""Reading a body within its limits of size and memory."""

from __future__ import annotations

import zlib
from secrets import randbelow
from types import TracebackType
from typing import Final

from router.serving import Refusal, Request
from router.settings import Limits

_GZIP: Final = 31
_ENCODINGS: Final = ("", "identity", "gzip", "x-gzip")
# Even the smallest body may become a page long, whatever the ratio.
_ALWAYS_BYTES: Final = 4096
# A gzip file may have members, and each of them costs a copy of the rest.
_MOST_MEMBERS: Final = 16
_UNREAD_BYTES: Final = 65_536


class Memory:
    """The bytes of bodies that may be in memory at once."""

    def __init__(self, limit: int) -> None:
        self._free = limit

    def take(self, size: int) -> bool:
        if size > self._free:
            return False
        self._free -= size
        return True

    def give_back(self, size: int) -> None:
        self._free += size


class Loan:
    """What one request has taken of the memory; given back when the `with` block ends."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._taken = 0

    def __enter__(self) -> Loan:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._memory.give_back(self._taken)

    def take(self, size: int) -> bool:
        taken = self._memory.take(size)
        self._taken += size if taken else 0
        return taken


def leaves_much(request: Request) -> bool:
    """Whether an unread body is better cut off than waited for."""
    declared = request.headers.get("content-length", "")
    return "transfer-encoding" in request.headers or (declared.isdecimal() and int(declared) > _UNREAD_BYTES)


def soon() -> int:
    """Seconds after which a refused sender should come back, spread so that not all come at once."""
    return 5 + randbelow(11)


async def read_body(request: Request, limits: Limits, loan: Loan) -> bytes | Refusal | None:
    """The body as it came; None when the sender has gone."""
    declared = request.headers.get("content-length", "")
    if _encoding(request) not in _ENCODINGS:
        return Refusal(415, "unknown_encoding", "Content-Encoding may be gzip or identity", close=True)
    if declared.isdecimal() and _hopeless(int(declared), request, limits):
        return _too_large(limits, close=True)
    return await _receive_all(request, limits, loan)


def unpack(request: Request, body: bytes, limits: Limits, loan: Loan) -> bytes | Refusal:
    """The body decompressed."""
    return _gunzip(body, limits, loan) if "gzip" in _encoding(request) else body


def _encoding(request: Request) -> str:
    said = request.headers.get("content-encoding")
    return said.strip().lower() if said else ""


def _hopeless(declared: int, request: Request, limits: Limits) -> bool:
    """Whether not to read at all; what is a little too large is read, so that the sender sees the answer."""
    too_large = declared > limits.batch_bytes
    return too_large and (declared > 2 * limits.batch_bytes or "expect" in request.headers)


def read_at_once(request: Request, limits: Limits, loan: Loan) -> bytes | None:
    """The body as it came, where all of it is here and nothing speaks against it; else `read_body` tells."""
    size = request.at_hand
    if size is None or size > limits.batch_bytes or _encoding(request) not in _ENCODINGS:
        return None
    return request.take() if loan.take(size) else None


async def _receive_all(request: Request, limits: Limits, loan: Loan) -> bytes | Refusal | None:
    parts: list[bytes] = []
    size = 0
    while True:
        came = await request.part()
        if came is None:
            return None
        part, more = came
        size += len(part)
        if size > 2 * limits.batch_bytes:
            return _too_large(limits, close=True)
        if size > limits.batch_bytes:
            parts.clear()
        elif loan.take(len(part)):
            parts.append(part)
        else:
            return _busy(close=more)
        if not more:
            return _too_large(limits) if size > limits.batch_bytes else b"".join(parts)


def _gunzip(body: bytes, limits: Limits, loan: Loan) -> bytes | Refusal:
    """Never more than one byte beyond the limit is decompressed."""
    most = min(limits.batch_bytes, max(len(body) * limits.gzip_ratio, _ALWAYS_BYTES))
    parts: list[bytes] = []
    size, rest = 0, body
    for _ in range(_MOST_MEMBERS):
        machine = zlib.decompressobj(_GZIP)
        try:
            part = machine.decompress(rest, most - size + 1)
        except zlib.error:
            return _bad_gzip()
        size += len(part)
        if size > most:
            return _too_large(limits)
        if not machine.eof:
            return _bad_gzip()
        parts.append(part)
        rest = machine.unused_data
        if not rest:
            return b"".join(parts) if loan.take(size) else _busy()
    return _bad_gzip()


def _too_large(limits: Limits, *, close: bool = False) -> Refusal:
    reason = f"a body may have {limits.batch_bytes} bytes, and {limits.gzip_ratio} times its gzip size"
    return Refusal(413, "body_too_large", reason, close=close)


def _bad_gzip() -> Refusal:
    return Refusal(400, "bad_gzip", "the body is not whole gzip")


def _busy(*, close: bool = False) -> Refusal:
    return Refusal(503, "busy", "too many bodies are being read", retry_after=soon(), close=close)
