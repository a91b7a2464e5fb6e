"""Structured logs that hold no token and no personal data."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, Literal, TextIO

import structlog

_HIDDEN = "[hidden]"
_DEEPEST = 4
_SECRET_NAMES = ("token", "authorization", "cookie", "secret", "password", "write_key", "api_key")
_PERSONAL_NAMES = ("email", "phone", "ttclid", "external_id", "user_agent", "client_ip")
_SENSITIVE = (*_SECRET_NAMES, *_PERSONAL_NAMES)
# httpx names each URL at INFO, and httpcore prints request headers, tokens included, at DEBUG.
_QUIET = ("httpx", "httpcore", "asyncio", "hpack")

_EventDict = MutableMapping[str, Any]


class Redaction:
    """Hides known secret values wherever they stand, and whatever is kept under a telling name."""

    def __init__(self) -> None:
        self._secrets: tuple[str, ...] = ()

    def register(self, secrets: Iterable[str]) -> None:
        """Add values that must never be logged. The longest go first: one may hold another."""
        known = {*self._secrets, *(secret for secret in secrets if secret)}
        self._secrets = tuple(sorted(known, key=len, reverse=True))

    def __call__(self, _logger: Any, _method: str, event: _EventDict) -> _EventDict:
        """The processor of the log pipeline."""
        return {key: self._clean(key, value) for key, value in event.items()}

    def _clean(self, key: str, value: Any, level: int = 0) -> Any:
        if _is_sensitive(key) and value is not None:
            return _HIDDEN
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                return self._without_secrets(value)
            case Mapping() if level < _DEEPEST:
                return {str(name): self._clean(str(name), item, level + 1) for name, item in value.items()}
            case list() | tuple() | set() | frozenset() if level < _DEEPEST:
                return [self._clean("", item, level + 1) for item in value]
            case _:
                return self._without_secrets(str(value)) if level < _DEEPEST else _HIDDEN

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return text


def _is_sensitive(key: str) -> bool:
    name = key.lower().replace("-", "_")
    return any(part in name for part in _SENSITIVE)


def outline_exception(_logger: Any, _method: str, event: _EventDict) -> _EventDict:
    """An exception as its type and the places it went through; its message may quote an event."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["at"] = [
            f"{frame.name} {frame.filename}:{frame.lineno}"
            for frame in traceback.extract_tb(error.__traceback__)
        ][-8:]
    return event


def configure_logs(
    *,
    style: Literal["auto", "json", "console"] = "auto",
    level: str = "info",
    stream: TextIO | None = None,
) -> Redaction:
    """Send all logs, the standard library's too, to one stream (stderr).

    The result takes the secrets to hide.
    """
    target = sys.stderr if stream is None else stream
    redaction = Redaction()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        outline_exception,
        redaction,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(_level(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    for_people = style == "console" or (style == "auto" and target.isatty())
    _bridge(target, _level(level), shared, for_people)
    return redaction


def _level(name: str) -> int:
    return logging.getLevelNamesMapping()[name.upper()]


def _bridge(target: TextIO, level: int, shared: list[Any], for_people: bool) -> None:
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=target.isatty())
        if for_people
        else structlog.processors.JSONRenderer()
    )
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[remove, renderer])
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    # Whoever uses a connection is told that it was lost; the driver's words may quote values.
    logging.getLogger("psycopg").setLevel(max(level, logging.ERROR))
