"""A service with the CloudEvents SDK: reads an order from stdin, writes errors to stdout.

The SDK makes requests and leaves sending to others, and so does this what its users do: again after 503.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime

import httpx
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent


def main() -> None:
    """Send one event, in the mode that the command line names."""
    order = json.load(sys.stdin)
    event = order["event"]
    data = event.pop("data")
    if "time" in event:
        event["time"] = datetime.fromisoformat(event["time"])
    made = CloudEvent({**event, "datacontenttype": "application/json"}, data)
    message = {"structured": to_structured_event, "binary": to_binary_event}[sys.argv[1]](made)
    headers = {**message.headers, "authorization": f"Bearer {order['key']}"}
    url = order["host"] + "/cloudevents"
    with httpx.Client(trust_env=False, timeout=30) as http:
        while (answer := http.post(url, content=message.body, headers=headers)).status_code == 503:
            time.sleep(int(answer.headers["retry-after"]))
    print(json.dumps({"errors": [] if answer.is_success else [f"{answer.status_code} {answer.text}"]}))


main()
