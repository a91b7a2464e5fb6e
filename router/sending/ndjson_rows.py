"""One body of JSON a line to rows, in any input format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from router.inputs import RawRequest, decode
from router.inputs.request import Fault
from router.sending.lines import lines_of
from router.sending.rows import TOO_LARGE, Row
from router.settings import Settings


def ndjson_rows(stream: BinaryIO, form: str, settings: Settings, now: Callable[[], int]) -> Iterator[Row]:
    """Every line that is not blank, read in a format of `FORMATS`; the limits of bodies hold for each."""
    for number, line in enumerate(lines_of(stream.readline, settings.limits.batch_bytes), 1):
        if line is None:
            yield Row(number, faults=(TOO_LARGE,), size=settings.limits.batch_bytes)
        elif not line.isspace():
            yield _row(number, line, form, settings, now())


def _row(number: int, line: bytes, form: str, settings: Settings, now: int) -> Row:
    decoded = decode(form, RawRequest(body=line, received_at=now), settings)
    if decoded.problem is not None:
        return Row(number, faults=(Fault(decoded.problem.code, decoded.problem.reason),), size=len(line))
    faults = tuple(Fault(each.code, each.reason) for each in decoded.rejections)
    return Row(number, decoded.arrivals, faults, len(line))
