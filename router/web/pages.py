"""Where no event goes: pages that trackers fetch, questions of browsers and brokers, unknown paths."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from router.inputs.matching import PageMatch, find_page, is_webhook, methods_of
from router.serving import Answer, Refusal, Request, refuse
from router.web.access import Gate
from router.web.body import leaves_much
from router.web.cors import Cors
from router.web.entrance import Entrance
from router.web.replies import as_answer
from router.web.visit import Told

_BROKER: Final = re.compile(r"[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?")


class Pages:
    """Answers everything that brings no events."""

    def __init__(self, entrance: Entrance, gate: Gate, cors: Cors) -> None:
        self._entrance = entrance
        self._gate = gate
        self._cors = cors

    def answer(self, request: Request) -> Told:
        """The answer to a request that no endpoint takes."""
        methods = methods_of(request.path)
        if not methods:
            return _refused(request, Refusal(404, "not_found", "there is nothing at this path"))
        if request.method == "OPTIONS":
            return Told(self._options(request, (*methods, "OPTIONS")))
        page = find_page(request.path) if request.method == "GET" else None
        if page is not None:
            return self._page(request, page)
        allowed = ", ".join((*methods, "OPTIONS"))
        headers = ((b"allow", allowed.encode()),)
        return _refused(request, Refusal(405, "not_allowed", f"this path takes {allowed}", headers=headers))

    def _page(self, request: Request, found: PageMatch) -> Told:
        """Whoever guesses at keys by asking for pages is slowed down as if by posting."""
        caller = self._entrance.caller(request, found.format)
        caller = caller._replace(key=found.write_key or caller.key)
        if found.page.needs_key:
            doubt = self._gate.doubt(caller)
            if doubt is not None:
                answer = refuse(doubt) if doubt.status == 429 else as_answer(found.page.unknown_key)
                return Told(answer, code=doubt.code)
        return Told(as_answer(found.page.render(caller.key or "", request.headers.get("host", ""))))

    def _options(self, request: Request, methods: Sequence[str]) -> Answer:
        broker = request.headers.get("webhook-request-origin", "")
        if is_webhook(request.path) and _BROKER.fullmatch(broker):
            return _agreed(broker, methods)
        return self._cors.preflight(request.headers.get("origin"), methods)


def _refused(request: Request, refusal: Refusal) -> Told:
    return Told(refuse(replace(refusal, close=leaves_much(request))), code=refusal.code)


def _agreed(broker: str, methods: Sequence[str]) -> Answer:
    """A broker asks before it sends (CloudEvents' HTTP 1.1 web hooks): it may, as often as it likes.

    That gives nothing away: what it sends has to show a key all the same.
    """
    headers = (
        (b"allow", ", ".join(methods).encode()),
        (b"webhook-allowed-origin", broker.encode("latin-1")),
        (b"webhook-allowed-rate", b"*"),
    )
    return Answer(200, b"", headers)
