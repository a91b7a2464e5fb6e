"""From a request to a body whose sender is known."""

from __future__ import annotations

from typing import NamedTuple

from router.inputs.body_keys import body_key
from router.inputs.formats import Format, content_type
from router.inputs.matching import Match
from router.serving import Refusal, Request
from router.serving.peer import client_ip
from router.settings import Settings
from router.web.access import Caller, Gate, Pass
from router.web.body import Loan, read_at_once, read_body, unpack
from router.web.keys import shown_key


class Admission(NamedTuple):
    """Who may come in, and to where. With `by_body` the body has yet to show the key."""

    match: Match
    entry: Pass
    by_body: bool = False

    @property
    def is_known(self) -> bool:
        """Whether it is sure who sent the request."""
        return self.entry.signed is None and not self.by_body


class Entrance:
    """Lets requests in by their heads, and by their bodies where the key stands in the body."""

    def __init__(self, gate: Gate, settings: Settings) -> None:
        self._gate = gate
        self._settings = settings

    def caller(self, request: Request, chosen: Format, *, is_server: bool = False) -> Caller:
        """Who asks."""
        settings = self._settings
        address = client_ip(
            request.peer, request.headers, settings.trusted_proxies, settings.client_ip_header
        )
        shown = shown_key(request.headers, request.query, chosen.key_parameter, chosen.key_headers)
        return Caller(request.headers, request.peer, address, shown, is_server)

    def admit(self, request: Request, match: Match) -> Admission | Refusal:
        """Everything that can be said before the body is read."""
        caller = self.caller(request, match.format, is_server=match.endpoint.sender == "server")
        later = match.format.key_member is not None and request.method != "GET"
        if later and not caller.key and self._gate.asks(caller):
            return Admission(match, Pass(caller), by_body=True)
        entry = self._gate.open(caller)
        if isinstance(entry, Refusal):
            return entry
        admission = Admission(match, entry)
        return (admission.is_known and _wrong_type(request, match.format)) or admission

    async def body(
        self, admission: Admission, request: Request, loan: Loan
    ) -> tuple[Admission, bytes | Refusal] | None:
        """The body and who sent it, or why it is not taken; None when the sender has gone."""
        if request.method == "GET":
            return admission, b""
        limits = self._settings.limits
        raw: bytes | Refusal | None = read_at_once(request, limits, loan)
        if raw is None:
            raw = await read_body(request, limits, loan)
        if isinstance(raw, bytes):
            return self._opened(admission, request, raw, loan)
        return None if raw is None else (admission, raw)

    def _opened(
        self, admission: Admission, request: Request, raw: bytes, loan: Loan
    ) -> tuple[Admission, bytes | Refusal]:
        if admission.is_known:
            return admission, unpack(request, raw, self._settings.limits, loan)
        return self._proven(admission, request, raw, loan)

    def _proven(
        self, admission: Admission, request: Request, raw: bytes, loan: Loan
    ) -> tuple[Admission, bytes | Refusal]:
        """A signature is verified before anything is unpacked."""
        entry = self._gate.verify(admission.entry, raw)
        if isinstance(entry, Refusal):
            return admission, entry
        admission = admission._replace(entry=entry)
        text = unpack(request, raw, self._settings.limits, loan)
        if isinstance(text, Refusal):
            return admission, text
        known = self._by_body(admission, text) if admission.by_body else admission
        if isinstance(known, Refusal):
            return admission, known
        return known, _wrong_type(request, known.match.format) or text

    def _by_body(self, admission: Admission, text: bytes) -> Admission | Refusal:
        key = body_key(admission.match.format, text, self._settings.limits)
        entry = self._gate.open(admission.entry.caller._replace(key=key))
        return entry if isinstance(entry, Refusal) else Admission(admission.match, entry)


def _wrong_type(request: Request, chosen: Format) -> Refusal | None:
    if request.method == "GET" or chosen.takes(content_type(request.headers.get("content-type", ""))):
        return None
    types = ", ".join(each for each in chosen.content_types if each)
    return Refusal(415, "unknown_content_type", f"Content-Type may be {types}")
