"""Files and standard input as lines, however long they are or whatever is in them."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import AnyStr, BinaryIO, Final, TextIO

from router.sending.rows import SourceBroken, SourceUnusable

_GZIP: Final = b"\x1f\x8b"
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def opened(path: Path) -> BinaryIO:
    """A file to read. Raises `SourceUnusable`."""
    try:
        return path.open("rb")
    except OSError as problem:
        raise SourceUnusable(f"{path}: {problem.strerror}") from None


def unpacked(stream: BinaryIO) -> tuple[io.BufferedReader, bool]:
    """The stream without its gzip, and whether it had one."""
    peeking = _peeking(stream)
    if not _first(peeking).startswith(_GZIP):
        return peeking, False
    return io.BufferedReader(gzip.GzipFile(fileobj=peeking, mode="rb"), 1 << 18), True


def _peeking(stream: BinaryIO) -> io.BufferedReader:
    return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream)  # type: ignore[arg-type]  # a binary stream is what BufferedReader reads


def as_text(stream: io.BufferedReader, encoding: str | None) -> TextIO:
    """The stream decoded: as its byte order mark says, else in `encoding`, else as UTF-8.

    Bytes that are none become half surrogate pairs, so that they cost only their row. Raises
    `SourceUnusable` for an unknown encoding.
    """
    first = _first(stream)
    marked = next((name for mark, name in _MARKS if first.startswith(mark)), None)
    try:
        return io.TextIOWrapper(stream, marked or encoding or "utf-8", errors="surrogateescape", newline="")
    except LookupError:
        raise SourceUnusable(f"there is no encoding {encoding}") from None


def _first(stream: io.BufferedReader) -> bytes:
    try:
        return stream.peek(4)[:4]
    except _TROUBLE as problem:
        raise SourceUnusable(f"the source cannot be read: {_words(problem)}") from None


def lines_of(readline: Callable[[int], AnyStr], most: int) -> Iterator[AnyStr | None]:
    """Lines with their ends; None for one of more than `most` characters. Raises `SourceBroken`."""
    try:
        while line := readline(most + 1):
            if len(line) <= most or _ends(line):
                yield line
            else:
                while line and not _ends(line):
                    line = readline(most)
                yield None
    except _TROUBLE as problem:
        raise SourceBroken(_words(problem)) from None


def _ends(line: str | bytes) -> bool:
    return line.endswith(("\n", "\r")) if isinstance(line, str) else line.endswith(b"\n")


def _words(problem: Exception) -> str:
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror
    return _TOLD.get(type(problem), type(problem).__name__)


_TROUBLE: Final = (OSError, EOFError, zlib.error, UnicodeError)
_TOLD: Final[dict[type, str]] = {
    EOFError: "the gzip file ends too early",
    zlib.error: "the gzip file is damaged",
    gzip.BadGzipFile: "the gzip file is damaged",
    UnicodeDecodeError: "it is not in the encoding that was named",
    UnicodeError: "it is not in the encoding that was named",
}
