"""Answers that tests put into the mock's mouth: throttling, failures, silence, nonsense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Scripted:
    """How the next `times` requests are answered, instead of or (with `process`) after taking their events.

    `code` answers as TikTok does, `status` alone as a failing proxy does, `garbage` with HTML and HTTP 200,
    `redirect` with a 307 to an address, `hang` never. `delay` is in seconds; alone it delays the usual
    answer.
    """

    code: int | None = None
    message: str = "scripted"
    status: int | None = None
    times: int = 1
    delay: float = 0.0
    hang: bool = False
    garbage: bool = False
    redirect: str | None = None
    process: bool = False

    @property
    def is_silent(self) -> bool:
        """Whether TikTok's usual kind of answer never comes."""
        failing_proxy = self.status is not None and self.code is None
        return self.hang or self.garbage or self.redirect is not None or failing_proxy

    @property
    def takes_events(self) -> bool:
        """Whether the request is handled as usual before it is answered."""
        return self.process or not (self.is_silent or self.code is not None)


_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "code": int,
    "message": str,
    "status": int,
    "times": int,
    "delay": (int, float),
    "hang": bool,
    "garbage": bool,
    "redirect": str,
    "process": bool,
}


def scripted(raw: Any) -> Scripted | str:
    """An answer from JSON, or what is wrong with it."""
    if not isinstance(raw, dict):
        return "an answer is an object"
    for key, value in raw.items():
        if key not in _TYPES:
            return f"an answer has {', '.join(each.name for each in fields(Scripted))}"
        if not _fits(value, _TYPES[key]):
            return f"`{key}` has the wrong type"
    return _sensible(Scripted(**raw))


def _fits(value: Any, type_: type | tuple[type, ...]) -> bool:
    return isinstance(value, type_) and (type_ is bool or not isinstance(value, bool))


def _sensible(answer: Scripted) -> Scripted | str:
    if answer.times < 1 or answer.delay < 0:
        return "`times` is at least 1, `delay` not negative"
    if answer.status is not None and not 200 <= answer.status <= 599:
        return "`status` is an HTTP status of 200 to 599"
    return answer
