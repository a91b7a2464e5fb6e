"""What goes back: the router's own words, or those that a tracker is used to."""

from __future__ import annotations

from functools import lru_cache

from router.inputs import Decoded, Rejection
from router.inputs.wire import Answering, Reply
from router.serving import Answer, Refusal, json_answer, refuse
from router.web.acceptance import OUTCOMES, Receipt


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
    return answer._replace(headers=(*answer.headers, (b"connection", b"close"))) if refusal.close else answer


def receipt_answer(decoded: Decoded, receipt: Receipt, status: int | None) -> Answer:
    """The router's own answer to a body that could be read; with another status where one is usual."""
    outcomes = tuple([receipt.outcomes.get(name, 0) for name in OUTCOMES])
    if not decoded.rejections:
        return _all_taken(status or 202, len(decoded.arrivals), outcomes)
    usual = 202 if decoded.arrivals else 400
    return _receipt(status or usual, len(decoded.arrivals), decoded.rejections, outcomes)


@lru_cache(maxsize=1024)
def _all_taken(status: int, accepted: int, outcomes: tuple[int, ...]) -> Answer:
    """Most answers are one of few."""
    return _receipt(status, accepted, (), outcomes)


def _receipt(
    status: int, accepted: int, rejected: tuple[Rejection, ...], outcomes: tuple[int, ...]
) -> Answer:
    counts = dict(zip(OUTCOMES, outcomes, strict=True))
    return json_answer(status, {"accepted": accepted, "rejected": rejected, "outcomes": counts})
