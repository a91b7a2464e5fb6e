"""What the mock remembers, and what it answers: tokens, counted events, requests, scripted answers."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from threading import RLock
from typing import Any, Final

from router.tiktok.judge import judge_request, parse
from router.tiktok.mock_ledger import Envelope, Ledger
from router.tiktok.mock_script import Scripted

Rights = Mapping[str, Collection[str] | None]
_REQUESTS_KEPT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """A code and message of TikTok, and the HTTP status they come with."""

    code: int
    message: str
    status: int = 200


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came, its token as a digest; `at` in epoch seconds."""

    at: float
    token: str
    body: bytes
    answer: Answer | None
    scripted: bool

    def shown(self) -> dict[str, Any]:
        """As JSON for people and tests; `body` is null where it was none."""
        told = asdict(self.answer) if self.answer else {"code": None, "message": None, "status": None}
        value, _ = parse(self.body)
        shown = {"at": self.at, "token": self.token, "bytes": len(self.body), "scripted": self.scripted}
        return shown | told | {"body": value}


OK: Final = Answer(0, "OK")


class MockState:
    """TikTok's side of the Events API, without the network.

    `tokens` maps each valid token to the event source ids that it may write, None for all; without `tokens`
    every token will do. `clock` gives epoch seconds. Calls may come from several threads.
    """

    def __init__(self, tokens: Rights | None, clock: Callable[[], float]) -> None:
        self._rights: dict[str, Collection[str] | None] | None = (
            None if tokens is None else {digest(each): ids for each, ids in tokens.items()}
        )
        self._revoked: set[str] = set()
        self._clock = clock
        self._lock = RLock()
        self.reset()

    def reset(self) -> None:
        """Forget events, requests and scripted answers; tokens and revocations stay."""
        with self._lock:
            self._ledger = Ledger()
            self._requests: deque[Request] = deque(maxlen=_REQUESTS_KEPT)
            self._script: deque[Scripted] = deque()
            self._fates: Counter[str] = Counter()
            self._codes: Counter[str] = Counter()

    def revoke(self, token: str) -> None:
        """From now on this token gets 40105."""
        with self._lock:
            self._revoked.add(digest(token))

    def admit(self, token: str) -> None:
        """From now on this token may write to every event source."""
        with self._lock:
            if self._rights is not None:
                self._rights[digest(token)] = None

    def is_valid(self, token: str) -> bool:
        """Whether the token is known and not revoked."""
        with self._lock:
            known = self._rights is None or digest(token) in self._rights
            return bool(token) and known and digest(token) not in self._revoked

    def script(self, answers: Iterable[Scripted]) -> None:
        """Answer the next requests so."""
        with self._lock:
            self._script.extend(answers)

    def next_scripted(self) -> Scripted | None:
        """The scripted answer that the request at hand gets."""
        with self._lock:
            if not self._script:
                return None
            answer = self._script[0]
            if answer.times > 1:
                self._script[0] = replace(answer, times=answer.times - 1)
            else:
                self._script.popleft()
            return answer

    def track(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Take a request to `event/track/` as TikTok would: all of its events, or none."""
        value, broken = parse(body)
        with self._lock:
            refusal = self._refuse_token(headers) or refuse_content_type(headers)
            if refusal is None:
                refusal = Answer(40002, str(broken)) if broken else self._refuse(headers, value)
            if refusal is None:
                self._count(value)
            return refusal or OK

    def note(self, headers: Mapping[str, str], body: bytes, answer: Answer | None, scripted: bool) -> None:
        """Remember a request and what it was told; `answer` is None where that was nothing of TikTok's."""
        request = Request(
            self._clock(), digest(headers.get("access-token", "").strip()), body, answer, scripted
        )
        with self._lock:
            self._codes[str(answer.code) if answer else "none"] += 1
            self._requests.append(request)

    def counted(self) -> list[dict[str, Any]]:
        """What TikTok would have counted, first first."""
        with self._lock:
            return [each.shown() for each in self._ledger.counted]

    def requests(self) -> list[dict[str, Any]]:
        """The last 1000 requests, tokens as digests."""
        with self._lock:
            kept = list(self._requests)
        return [each.shown() for each in kept]

    def stats(self) -> dict[str, Any]:
        """Totals since the start or the last reset."""
        with self._lock:
            events = Counter(each.payload["event"] for each in self._ledger.counted)
            return {
                "requests": sum(self._codes.values()),
                "codes": dict(sorted(self._codes.items())),
                "counted": self._fates["counted"],
                "merged": self._fates["merged"],
                "dropped": self._fates["dropped"],
                "events": dict(sorted(events.items())),
            }

    def _refuse_token(self, headers: Mapping[str, str]) -> Answer | None:
        token = headers.get("access-token", "").strip()
        if not token:
            return Answer(40104, "Access token is empty")
        if not self.is_valid(token):
            return Answer(40105, "Access token is incorrect or has been revoked")
        return None

    def _refuse(self, headers: Mapping[str, str], value: Any) -> Answer | None:
        source_id = value.get("event_source_id") if isinstance(value, dict) else None
        if isinstance(source_id, str) and not self._may_write(headers["access-token"].strip(), source_id):
            return Answer(40001, f"No permission to operate event source {source_id}")
        return next(
            (Answer(40002, str(each)) for each in judge_request(value) if each.severity == "error"), None
        )

    def _may_write(self, token: str, source_id: str) -> bool:
        allowed = None if self._rights is None else self._rights[digest(token)]
        return allowed is None or source_id in allowed

    def _count(self, value: Mapping[str, Any]) -> None:
        envelope = Envelope(value["event_source"], value["event_source_id"], value.get("test_event_code"))
        for member in value["data"]:
            self._fates[self._ledger.take(envelope, member, self._clock())] += 1


def digest(token: str) -> str:
    """A token as it may be shown."""
    return "sha256:" + hashlib.sha256(token.encode()).hexdigest()[:12] if token else ""


def refuse_content_type(headers: Mapping[str, str]) -> Answer | None:
    """TikTok takes JSON and wants to be told so (DOC-REF, H)."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        return None
    return Answer(40002, "Content-Type must be application/json")
