"""Where operators and monitors look: health, readiness, metrics, status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from router.serving import Answer, Refusal, Request, json_answer, refuse

_LOG = structlog.get_logger()


class Admin:
    """The application of the admin listener.

    `measured` gives all metrics as they are now, `not_ready` why the daemon cannot take events now, None when
    it can, and `status` what `/status` shows.
    """

    def __init__(
        self,
        measured: Callable[[], Awaitable[Collector]],
        not_ready: Callable[[], str | None],
        status: Callable[[], Awaitable[Mapping[str, Any]]],
    ) -> None:
        self._measured = measured
        self._not_ready = not_ready
        self._status = status
        self._pages: Mapping[str, Callable[[], Awaitable[Answer]]] = {
            "/healthz": self._health_page,
            "/readyz": self._ready_page,
            "/metrics": self._metrics_page,
            "/status": self._status_page,
        }

    async def __call__(self, request: Request) -> Answer:
        page = self._pages.get(request.path)
        if page is None:
            return refuse(Refusal(404, "not_found", "there are " + ", ".join(self._pages)))
        if request.method not in ("GET", "HEAD"):
            allow = ((b"allow", b"GET, HEAD"),)
            return refuse(Refusal(405, "not_allowed", "pages are read with GET", headers=allow))
        try:
            return await page()
        except Exception:
            _LOG.exception("admin_page_failed", path=request.path)
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
        text = generate_latest(await self._measured())
        return Answer(200, text, ((b"content-type", CONTENT_TYPE_LATEST.encode()),))
