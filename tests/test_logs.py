"""Logs hold no token and no personal data."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from router.logs import Redaction, configure_logs

TOKEN = "8f1c-token-value"


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    loggers = [logging.getLogger(name) for name in ("httpx", "httpcore")]
    levels = [each.level for each in loggers]
    yield
    root.handlers = handlers
    root.setLevel(level)
    for each, before in zip(loggers, levels, strict=True):
        each.setLevel(before)
    structlog.reset_defaults()


def written(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_known_secrets_and_telling_names_are_hidden() -> None:
    stream = io.StringIO()
    configure_logs(stream=stream).register([TOKEN, TOKEN[:6], ""])
    log = structlog.get_logger()
    log.info(
        f"sent with {TOKEN}", count=3, Access_Token="x", nested={"user": [{"email": "a@b.example"}, TOKEN]}
    )
    log.info("headers", headers={"Cookie": "c", "X": {TOKEN}}, phone_number="+1", deep=[[[[[["d"]]]]]])
    logging.getLogger("some.library").warning("token %s", TOKEN)
    first, second, third = written(stream)
    assert first["event"] == "sent with [hidden]"
    assert (first["count"], first["level"]) == (3, "info")
    assert first["Access_Token"] == "[hidden]"
    assert first["nested"] == {"user": [{"email": "[hidden]"}, "[hidden]"]}
    assert second["headers"] == {"Cookie": "[hidden]", "X": ["[hidden]"]}
    assert third["event"] == "token [hidden]"
    for secret in (TOKEN, "a@b.example", "+1"):
        assert secret not in stream.getvalue()


def test_an_exception_is_its_type_and_its_places() -> None:
    stream = io.StringIO()
    configure_logs(stream=stream)
    try:
        int("anna@example.com")
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.getLogger("other").exception("failed too")
    for line in written(stream):
        assert line["error"] == "ValueError"
        assert any("test_logs.py" in place for place in line["at"])
    assert "anna" not in stream.getvalue()


def test_chatty_libraries_are_quiet_even_when_we_debug() -> None:
    stream = io.StringIO()
    configure_logs(stream=stream, level="debug")
    logging.getLogger("httpx").info("HTTP Request: POST …")
    logging.getLogger("httpcore").debug("headers …")
    logging.getLogger("httpcore.http11").debug("headers …")
    structlog.get_logger().debug("ours")
    assert [line["event"] for line in written(stream)] == ["ours"]


def test_levels_and_lines_for_people() -> None:
    stream = io.StringIO()
    configure_logs(stream=stream, style="console", level="warning")
    structlog.get_logger().info("no")
    structlog.get_logger().warning("yes", email="a@b.example")
    assert "yes" in stream.getvalue()
    assert "no " not in stream.getvalue()
    assert "a@b.example" not in stream.getvalue()


def test_the_longest_secret_is_hidden_first() -> None:
    redaction = Redaction()
    redaction.register(["abc", "abcdef"])
    assert redaction(None, "info", {"event": "abcdef abc"}) == {"event": "[hidden] [hidden]"}
