"""Where operators and monitors look: health, readiness, metrics, status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from router.web.asgi import Answer, Receive, Refusal, Scope, Send, json_answer, refuse, send_answer

_LOG = structlog.get_logger()


class Admin:
    """The ASGI application of the admin listener.

    `not_ready` gives why the daemon cannot take events now, None when it can; `status` what `/status` shows.
    `measure` brings gauges up to date before they are read.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        not_ready: Callable[[], str | None],
        status: Callable[[], Awaitable[Mapping[str, Any]]],
        measure: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._registry = registry
        self._not_ready = not_ready
        self._status = status
        self._measure = measure
        self._pages: Mapping[str, Callable[[], Awaitable[Answer]]] = {
            "/healthz": self._health_page,
            "/readyz": self._ready_page,
            "/metrics": self._metrics_page,
            "/status": self._status_page,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send_answer(send, await self._answer(scope["method"], scope["path"]))

    async def _answer(self, method: str, path: str) -> Answer:
        page = self._pages.get(path)
        if page is None:
            return refuse(Refusal(404, "not_found", "there are " + ", ".join(self._pages)))
        if method not in ("GET", "HEAD"):
            allow = ((b"allow", b"GET, HEAD"),)
            return refuse(Refusal(405, "not_allowed", "pages are read with GET", headers=allow))
        try:
            return await page()
        except Exception:
            _LOG.exception("admin_page_failed", path=path)
            return refuse(Refusal(500, "internal", "an error of the router"))

    async def _health_page(self) -> Answer:
        return json_answer(200, {"status": "ok"})

    async def _status_page(self) -> Answer:
        return json_answer(200, await self._status())

    async def _ready_page(self) -> Answer:
        reason = self._not_ready()
        return (
            json_answer(503, {"ready": False, "reason": reason})
            if reason
            else json_answer(200, {"ready": True})
        )

    async def _metrics_page(self) -> Answer:
        if self._measure is not None:
            await self._measure()
        return Answer(
            200, generate_latest(self._registry), ((b"content-type", CONTENT_TYPE_LATEST.encode()),)
        )
