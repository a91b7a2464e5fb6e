"""How real clients are driven: what they are told, what they report, and what stands before the daemon."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from daemons import HERE as END_TO_END
from daemons import Shop
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

HERE = Path(__file__).parent
KEY = "write-key-of-the-shop"
ID = "pur-4ce42dac-04b6-6a7e7eb76b8f"
_PASSED_ON = ("authorization", "content-type", "content-encoding", "user-agent")
_BUSY = b'{"error":{"code":"busy","reason":"too much waits"}}'


@dataclass
class Front:
    """Passes requests on to a daemon, after it has answered so many of them as a busy daemon does."""

    daemon: str
    server: HTTPServer
    failures: int = 0
    statuses: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server.expect_request("/v1/batch", method="POST").respond_with_handler(self._answer)
        self.server.expect_request("/cloudevents", method="POST").respond_with_handler(self._answer)

    @property
    def url(self) -> str:
        return self.server.url_for("").rstrip("/")

    def _answer(self, request: Request) -> Response:
        answer = self._busy() if len(self.statuses) < self.failures else self._passed_on(request)
        self.statuses.append(answer.status_code)
        return answer

    def _busy(self) -> Response:
        return Response(_BUSY, 503, {"content-type": "application/json", "retry-after": "1"})

    def _passed_on(self, request: Request) -> Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() in _PASSED_ON}
        headers |= {name: value for name, value in request.headers.items() if name.lower().startswith("ce-")}
        with httpx.Client(trust_env=False, timeout=30) as http:
            answer = http.post(self.daemon + request.path, content=request.get_data(), headers=headers)
        kind = answer.headers.get("content-type", "text/plain")
        return Response(answer.content, answer.status_code, {"content-type": kind})


def purchase(name: str, event_id: str) -> Any:
    """The canonical purchase in a format's own words, with an id of its own, happening now."""
    text = (HERE.parent / "inputs" / "purchases" / f"{name}.json").read_text("utf-8")
    now = datetime.now(UTC)
    text = text.replace("2026-11-21T09:27:03.7", f"{now:%Y-%m-%dT%H:%M:%S}.7").replace(ID, event_id)
    return json.loads(text.replace("1795253223740", str(int(now.timestamp() * 1000))))


def drive(command: Sequence[str], front: Front, event: Any, key: str = KEY) -> list[str]:
    """Have a client post the event; the errors that its library reported."""
    order = json.dumps({"host": front.url, "key": key, "event": event})
    plain = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run(
        command, input=order, env=plain, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    errors: list[str] = json.loads(done.stdout.splitlines()[-1])["errors"]
    return errors


def assert_arrived(shop: Shop, event_id: str, began: float) -> None:
    """TikTok has the purchase, once, as it should be."""
    counted = shop.delivered(event_id)
    payload = counted["payload"]
    assert began - 2 <= payload["event_time"] <= time.time() + 2
    (expected,) = json.loads((END_TO_END / "purchase_request.json").read_bytes())["data"]
    assert payload == {**expected, "event_id": event_id, "event_time": payload["event_time"]}
    assert counted["copies"] == 1
