"""A shop's server with Segment's library for Python: reads an order from stdin, writes errors to stdout."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from segment.analytics.client import Client


def main() -> None:
    """Track one event, and wait until it is gone."""
    order = json.load(sys.stdin)
    event: dict[str, Any] = order["event"]
    errors: list[str] = []
    client = Client(order["key"], host=order["host"], on_error=lambda error, _: errors.append(str(error)))
    client.track(
        user_id=event["userId"],
        anonymous_id=event["anonymousId"],
        event=event["event"],
        properties=event["properties"],
        context=event["context"],
        timestamp=datetime.fromisoformat(event["timestamp"]),
        message_id=event["messageId"],
    )
    client.flush()
    client.join()
    print(json.dumps({"errors": errors}))


main()
