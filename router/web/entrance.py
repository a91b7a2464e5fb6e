"""From a request to a body whose sender is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.inputs.body_keys import body_key
from router.inputs.formats import Format, content_type
from router.inputs.matching import Match
from router.settings import Settings
from router.web.access import Caller, Gate, Pass
from router.web.asgi import Head, Receive, Refusal
from router.web.body import Loan, read_body, unpack
from router.web.keys import shown_key
from router.web.peer import client_ip


@dataclass(frozen=True, slots=True)
class Admission:
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

    def caller(self, head: Head, chosen: Format, *, is_server: bool = False) -> Caller:
        """Who asks."""
        settings = self._settings
        address = client_ip(head.peer, head.headers, settings.trusted_proxies, settings.client_ip_header)
        shown = shown_key(head.headers, head.query, chosen.key_parameter, chosen.key_headers)
        return Caller(head.headers, head.peer, address, shown, is_server)

    def admit(self, head: Head, match: Match) -> Admission | Refusal:
        """Everything that can be said before the body is read."""
        caller = self.caller(head, match.format, is_server=match.endpoint.sender == "server")
        later = match.format.key_member is not None and head.method != "GET"
        if later and not caller.key and self._gate.asks(caller):
            return Admission(match, Pass(caller), by_body=True)
        entry = self._gate.open(caller)
        if isinstance(entry, Refusal):
            return entry
        admission = Admission(match, entry)
        return (admission.is_known and _wrong_type(head, match.format)) or admission

    async def body(
        self, admission: Admission, head: Head, receive: Receive, loan: Loan
    ) -> tuple[Admission, bytes | Refusal] | None:
        """The body and who sent it, or why it is not taken; None when the sender has gone."""
        if head.method == "GET":
            return admission, b""
        raw = await read_body(head, receive, self._settings.limits, loan)
        if isinstance(raw, bytes):
            return self._opened(admission, head, raw, loan)
        return None if raw is None else (admission, raw)

    def _opened(
        self, admission: Admission, head: Head, raw: bytes, loan: Loan
    ) -> tuple[Admission, bytes | Refusal]:
        """A signature is verified before anything is unpacked."""
        entry = self._gate.verify(admission.entry, raw)
        if isinstance(entry, Refusal):
            return admission, entry
        admission = replace(admission, entry=entry)
        text = unpack(head, raw, self._settings.limits, loan)
        if isinstance(text, Refusal):
            return admission, text
        known = self._by_body(admission, text) if admission.by_body else admission
        if isinstance(known, Refusal):
            return admission, known
        return known, _wrong_type(head, known.match.format) or text

    def _by_body(self, admission: Admission, text: bytes) -> Admission | Refusal:
        key = body_key(admission.match.format, text, self._settings.limits)
        entry = self._gate.open(replace(admission.entry.caller, key=key))
        return entry if isinstance(entry, Refusal) else Admission(admission.match, entry)


def _wrong_type(head: Head, chosen: Format) -> Refusal | None:
    if head.method == "GET" or chosen.takes(content_type(head.headers.get("content-type", ""))):
        return None
    types = ", ".join(each for each in chosen.content_types if each)
    return Refusal(415, "unknown_content_type", f"Content-Type may be {types}")
