"""Where events come in: a request is answered once its events are safe."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

import structlog

from router.inputs import Decoded, RawRequest, decode, parse_cookies
from router.inputs.matching import Match, find_endpoint
from router.lang.outcome import Arrival
from router.serving import Answer, Refusal, Request, refuse
from router.settings import Settings
from router.tracing import NO_TRACES, Tracer
from router.web.acceptance import Acceptor, Busy, Receipt
from router.web.access import Gate, Pass
from router.web.body import Loan, Memory, leaves_much, soon
from router.web.cors import Cors
from router.web.entrance import Admission, Entrance
from router.web.keys import KeyRing
from router.web.metrics import Metrics
from router.web.pages import Pages
from router.web.replies import as_answer, receipt_answer, refusal_answer
from router.web.scope import SourceOf, unknown_source, within
from router.web.traffic import Traffic, span_name
from router.web.visit import Told, Visit, correlation_of

_STATUS_OF_PROBLEM: Final = {
    "not_json": 400,
    "body_too_large": 413,
    "too_many_events": 413,
    "too_many_values": 413,
}
_INTERNAL: Final = Refusal(500, "internal", "an error of the router; nothing of this request was taken")
_NO_EVENTS: Final = Refusal(400, "no_events", "there is no event in the body")
# Of a sender that is let in: a body was there, and is counted as an event that could not be taken.
_BROUGHT_SOMETHING: Final = frozenset({400, 413, 415})
_NONE: Final[Mapping[str, int]] = {}
_NOTHING: Final = Receipt(_NONE)
_LOG = structlog.get_logger()


class Intake:
    """The application of the listener. Set `draining` to take nothing more.

    `source_of` tells the event source of an event, for keys that are bound to some of them.
    """

    def __init__(
        self,
        acceptor: Acceptor,
        settings: Settings,
        metrics: Metrics,
        clock: Callable[[], float] = time.time,
        source_of: SourceOf = unknown_source,
        monotonic: Callable[[], float] = time.monotonic,
        tracer: Tracer = NO_TRACES,
    ) -> None:
        self.draining = False
        self._acceptor = acceptor
        self._settings = settings
        self._metrics = metrics
        self._monotonic = monotonic
        self._clock = clock
        self._source_of = source_of
        self._tracer = tracer
        self._traffic = Traffic(metrics, lines=settings.logs.traffic, spans=tracer is not NO_TRACES)
        self._keys = KeyRing(settings.write_keys, settings.data, clock)
        self._cors = Cors(settings.cors_origins, self._keys.origins)
        gate = Gate(self._keys, self._cors, settings, clock)
        self._entrance = Entrance(gate, settings)
        self._pages = Pages(self._entrance, gate, self._cors)
        self._memory = Memory(settings.limits.in_flight_bytes)

    def reload_keys(self) -> None:
        """Read the file of write keys now; it is taken up by itself as well."""
        self._keys.reload()

    async def __call__(self, request: Request) -> Answer | None:
        began, headers = self._monotonic(), request.headers
        match = find_endpoint(request.method, request.path, headers)
        visit = Visit(request, match, correlation_of(headers))
        with self._tracer.serve(span_name(visit), visit.correlation, headers) as span:
            told = await self._answer_any(visit)
            if told is None:
                return None
            self._traffic.answered(visit, told, self._monotonic() - began, span)
        named = (b"x-request-id", visit.correlation.encode())
        answer, more = told.answer, self._cors.headers(headers.get("origin"))
        return Answer(answer.status, answer.body, (*answer.headers, named, *more))

    async def _answer_any(self, visit: Visit) -> Told | None:
        try:
            if visit.match is None:
                return self._pages.answer(visit.request)
            return await self._answer(visit, visit.match)
        except Busy as busy:
            return Told(refuse(Refusal(503, "busy", busy.reason, busy.retry_after)), code="busy")
        except Exception:
            path = visit.match.endpoint.path if visit.match else None
            _LOG.exception("request_failed", path=path, request=visit.correlation)
            return Told(refuse(_INTERNAL), code=_INTERNAL.code)

    async def _answer(self, visit: Visit, match: Match) -> Told | None:
        """What came of a request that brings events; None when its sender has gone."""
        request = visit.request
        admission = self._admit(request, match)
        if isinstance(admission, Refusal):
            return await self._refuse(visit, match, replace(admission, close=leaves_much(request)))
        with Loan(self._memory) as loan:
            came = await self._entrance.body(admission, request, loan)
            if came is None:
                return None
            admission, body = came
            if isinstance(body, Refusal):
                return await self._refuse(visit, match, body, is_known=admission.is_known)
            return await self._take(visit, admission, body)

    def _admit(self, request: Request, match: Match) -> Admission | Refusal:
        if self.draining:
            return Refusal(503, "draining", "the router is stopping", retry_after=soon())
        return self._entrance.admit(request, match)

    async def _refuse(self, visit: Visit, match: Match, refusal: Refusal, *, is_known: bool = True) -> Told:
        """A request of which nothing is decoded; what strangers send is not counted in the books."""
        counts = is_known and refusal.status in _BROUGHT_SOMETHING and not match.endpoint.dry
        rejected = {refusal.code: 1} if counts else {}
        with suppress(Busy):
            await self._record(visit, match, (), rejected)
        return Told(refusal_answer(refusal, match.endpoint.answering), 0, rejected, refusal.code)

    async def _take(self, visit: Visit, admission: Admission, body: bytes) -> Told:
        match, entry = admission.match, admission.entry
        raw = self._raw(entry, visit.request, body)
        decoded = decode(match.format.name, raw, self._settings)
        decoded = within(entry.grant, decoded, self._source_of)
        rejected = _codes(decoded)
        if match.endpoint.dry:
            return _told(match, raw, decoded, _NOTHING, rejected)
        receipt = await self._record(visit, match, decoded.arrivals, rejected)
        return _told(match, raw, decoded, receipt, rejected)

    async def _record(
        self, visit: Visit, match: Match, arrivals: Sequence[Arrival], rejected: Mapping[str, int]
    ) -> Receipt:
        """Have events stored and all of them counted, in the books and then in the metrics."""
        if not (arrivals or rejected):
            return _NOTHING
        with self._tracer.step("accept"):
            receipt = await self._acceptor.accept(arrivals, rejected, visit.correlation)
        self._metrics.received(match.format.name, len(arrivals) + sum(rejected.values()))
        for code, count in rejected.items():
            self._metrics.rejected(code, count)
        return receipt

    def _raw(self, entry: Pass, request: Request, body: bytes) -> RawRequest:
        grant = entry.grant
        return RawRequest(
            body,
            self._clock(),
            request.headers,
            request.query,
            parse_cookies(request.headers.get("cookie")),
            entry.caller.address,
            grant.name if grant else None,
            from_visitor=entry.from_visitor,
            names_device=grant is None or grant.sender != "browser",
            path=request.path,
            method=request.method,
        )


def _told(
    match: Match, raw: RawRequest, decoded: Decoded, receipt: Receipt, rejected: Mapping[str, int]
) -> Told:
    """The answer in the words of the sender's tracker, else in the router's own."""
    answering = match.endpoint.answering
    reply = answering.answer(raw, decoded) if answering else None
    refusal = _refusal(decoded)
    if reply is not None:
        answer = as_answer(reply)
    elif refusal is not None:
        answer = refusal_answer(refusal, answering)
    else:
        answer = receipt_answer(decoded, receipt, answering.own_status if answering else None)
    taken = 0 if match.endpoint.dry else len(decoded.arrivals)
    return Told(answer, taken, rejected, refusal.code if refusal else "")


def _refusal(decoded: Decoded) -> Refusal | None:
    """Why nothing at all could be read of a body."""
    problem = decoded.problem
    if problem is not None:
        return Refusal(_STATUS_OF_PROBLEM[problem.code], problem.code, problem.reason)
    return None if decoded.arrivals or decoded.rejections else _NO_EVENTS


def _codes(decoded: Decoded) -> Mapping[str, int]:
    """How many events were rejected, by code; a body that cannot be read is one of them."""
    if decoded.problem is not None:
        return {decoded.problem.code: 1}
    return Counter(each.code for each in decoded.rejections) if decoded.rejections else _NONE
