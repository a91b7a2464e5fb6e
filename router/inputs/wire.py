"""What a wire format is: where it arrives, how it is read, and what its senders expect to hear."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import orjson

from router.inputs.reading import Reader
from router.inputs.request import Decoded, RawRequest

JSON: Final = ("application/json", "text/plain", "")
JSON_OR_FORM: Final = (*JSON, "application/x-www-form-urlencoded")
"""RudderStack's library for Node posts compressed JSON under the type of a form."""
ANY_TYPE: Final = ("*",)
WRITE_KEY: Final = "write_key"
"""The query parameter with the write key, for trackers that set no headers and have no name of their own."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it goes out. Without `content_type` it has no body."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


def json_reply(status: int, answer: object) -> Reply:
    """An answer in JSON."""
    return Reply(status, orjson.dumps(answer), "application/json")


GIF: Final = Reply(
    200,
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00"
    b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;",
    "image/gif",
    (("cache-control", "no-store"),),
)
"""One transparent pixel."""
NO_CONTENT: Final = Reply(204)


@dataclass(frozen=True, slots=True)
class Answering:
    """What a tracker expects to hear. Rejections are counted whatever it hears.

    `taken` answers a body that could be read, `rejected` one of which no event was taken (None: as `taken`).
    Without `taken` both hear the router's own receipt, with the status `own_status`.
    `report` makes the answer from what was found and goes before both; it may leave it to them with None.
    `refused` stands in for the router's own refusal with that status: of a body that cannot be read, of an
    unknown key. What it does not name stays the router's own; 429 and 503 make trackers try again.
    """

    taken: Reply | None
    rejected: Reply | None = None
    refused: Mapping[int, Reply] = field(default_factory=dict)
    report: Callable[[RawRequest, Decoded], Reply | None] | None = None
    own_status: int | None = None

    def answer(self, request: RawRequest, decoded: Decoded) -> Reply | None:
        """The answer to a request whose events are safe; None where the router's own words are heard."""
        reply = self.report(request, decoded) if self.report else None
        if reply is not None or decoded.problem is not None:
            return reply
        none_taken = decoded.rejections and not decoded.arrivals
        return self.rejected if none_taken and self.rejected else self.taken


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path that takes events. Without `answering` the sender hears the router's own receipt.

    `header` names a request header that must be there: it tells two formats with one path apart. Events of a
    `server` endpoint speak of other people's devices, whatever the write key leaves open. What comes to a
    `dry` one is decoded and answered, and nothing is done with it. A `webhook` agrees to be one when a broker
    asks, as CloudEvents has it.
    """

    path: str
    methods: tuple[str, ...] = ("POST",)
    answering: Answering | None = None
    header: str | None = None
    sender: Literal["auto", "server"] = "auto"
    dry: bool = False
    webhook: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """What a tracker fetches before it sends, or instead.

    `{write_key}` in the path stands for one segment. `render` gets the write key as it was shown (in the path
    or else as events show it; empty if there was none) and the request's host. A page with `needs_key` is for
    those who show a valid one, if there are any keys; `unknown_key` is what others hear.
    """

    path: str
    render: Callable[[str, str], Reply]
    needs_key: bool = False
    unknown_key: Reply = Reply(404)


@dataclass(frozen=True, slots=True)
class Format:
    """A wire format: where it arrives, which content types it has, and how a request becomes events.

    `read` gives the standard events of a request (`one_by_one` makes one for formats whose events stand for
    themselves). The write key may be in the query parameter `key_parameter`, in a header of `key_headers`, or
    under `key_member` of the body's object. `sent_headers` are those of its tracker that a browser asks for
    before it posts.
    """

    name: str
    read: Reader
    endpoints: tuple[Endpoint, ...] = ()
    content_types: tuple[str, ...] = JSON
    key_parameter: str | None = None
    key_headers: tuple[str, ...] = ()
    key_member: str | None = None
    sent_headers: tuple[str, ...] = ()
    pages: tuple[Page, ...] = ()

    def takes(self, content_type: str) -> bool:
        """Whether a body of this type, without its parameters, is read."""
        return self.content_types == ANY_TYPE or content_type in self.content_types
