"""What goes back: the router's own words, or those that a tracker is used to."""

from __future__ import annotations

from dataclasses import replace

from router.inputs import Decoded
from router.inputs.wire import Answering, Reply
from router.web.acceptance import OUTCOMES, Receipt
from router.web.asgi import Answer, Refusal, json_answer, refuse


def as_answer(reply: Reply) -> Answer:
    """A tracker's answer as it is sent."""
    headers = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers)
    if reply.content_type is not None:
        headers = ((b"content-type", reply.content_type.encode("latin-1")), *headers)
    return Answer(reply.status, reply.body, headers)


def refusal_answer(refusal: Refusal, answering: Answering | None) -> Answer:
    """The answer to a request that is not taken, in the words that its sender is used to."""
    reply = answering.refused.get(refusal.status) if answering else None
    if reply is None:
        return refuse(refusal)
    answer = as_answer(reply)
    return replace(answer, headers=(*answer.headers, (b"connection", b"close"))) if refusal.close else answer


def receipt_answer(decoded: Decoded, receipt: Receipt, status: int | None) -> Answer:
    """The router's own answer to a body that could be read; with another status where one is usual."""
    all_rejected = decoded.rejections and not decoded.arrivals
    return json_answer(
        status or (400 if all_rejected else 202),
        {
            "accepted": len(decoded.arrivals),
            "rejected": decoded.rejections,
            "outcomes": {name: receipt.outcomes.get(name, 0) for name in OUTCOMES},
        },
    )
