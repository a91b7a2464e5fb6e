"""Spans of time and moments as options of commands take them."""

from __future__ import annotations

import re
import time
from typing import Final

import click

from router.lang.instants import to_epoch_seconds

_SPAN: Final = re.compile(r"(\d{1,6})\s*([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def span_seconds(text: str) -> int | None:
    """The seconds of a span such as `24h`; None for what is none."""
    found = _SPAN.fullmatch(text.strip())
    if text.strip() == "0":
        return 0
    return int(found[1]) * _SECONDS[found[2]] if found else None


class SpanType(click.ParamType[int]):
    """A span of time: `45s`, `30m`, `24h`, `90d`; in seconds."""

    name = "span"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        seconds = value if isinstance(value, int) else span_seconds(value)
        return self.fail("write for example 24h or 90d", param, ctx) if seconds is None else seconds


class MomentType(click.ParamType[int]):
    """A moment, or a span from now: `2027-01-01`, `90d`; in epoch seconds."""

    name = "time"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        span = span_seconds(value)
        moment = to_epoch_seconds(value) if span is None else int(time.time()) + span
        if moment is None:
            return self.fail('write for example 90d or "2027-01-01T10:00:00Z"', param, ctx)
        return moment


SPAN: Final = SpanType()
MOMENT: Final = MomentType()


def as_moment(seconds: int | None) -> str:
    """A moment for people, in UTC; `-` for none."""
    return "-" if seconds is None else time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))


def as_span(seconds: int) -> str:
    """A span for people, in the largest unit that fits."""
    for unit in ("d", "h", "m"):
        if seconds >= _SECONDS[unit]:
            return f"{seconds // _SECONDS[unit]} {unit}"
    return f"{max(0, seconds)} s"
