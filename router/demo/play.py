"""The hour on the wire: every request at its moment, a few at a time, each answer written down."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, Final

import httpx

from router.demo.posts import Post
from router.demo.visit import HOUR

_SENDERS: Final = 8
_TIMEOUT: Final = httpx.Timeout(20.0)
_LAST_WORDS_SECONDS: Final = 1.0


@dataclass(slots=True)
class Received:
    """What came in one form: requests, events, and what became of the events at the door."""

    requests: int = 0
    events: int = 0
    accepted: int = 0
    rejected: int = 0
    refused: int = 0


@dataclass(slots=True)
class Answers:
    """What the daemon answered. `refused` counts events of bodies that were not taken at all."""

    forms: dict[str, Received] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[int, str]] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)

    def add(self, post: Post, answer: httpx.Response) -> None:
        """Write an answer down."""
        form = self.forms.setdefault(f"{post.path}, {post.form}", Received())
        form.requests += 1
        form.events += post.events
        told: dict[str, Any] = answer.json()
        if "accepted" not in told:
            self.refused[answer.status_code, told["error"]["code"]] += 1
            form.refused += post.events
            return
        form.accepted += told["accepted"]
        form.rejected += len(told["rejected"])
        self.outcomes.update(told["outcomes"])
        self.rejected.update(each["code"] for each in told["rejected"])

    def total(self) -> Received:
        """All forms together."""
        sums = Received()
        for each in self.forms.values():
            sums.requests += each.requests
            sums.events += each.events
            sums.accepted += each.accepted
            sums.rejected += each.rejected
            sums.refused += each.refused
        return sums


def play(posts: Sequence[Post], address: str, seconds: float, passing: Callable[[Post], None]) -> Answers:
    """Post an hour of requests to the daemon in `seconds`. `passing` is told of each when it goes out.

    A daemon that cannot be reached ends the hour.
    """
    limits = httpx.Limits(max_connections=_SENDERS, max_keepalive_connections=_SENDERS)
    with httpx.Client(base_url=address, trust_env=False, timeout=_TIMEOUT, limits=limits) as http:
        hour = _Hour(http, iter(posts), time.monotonic(), seconds / HOUR)
        senders = [Thread(target=hour.send, name="sender", daemon=True) for _ in range(_SENDERS)]
        try:
            for each in senders:
                each.start()
            for post in hour.passed():
                passing(post)
        finally:
            hour.over.set()
            for each in filter(Thread.is_alive, senders):
                each.join(_LAST_WORDS_SECONDS)
    return hour.answers


@dataclass(slots=True)
class _Hour:
    """What the senders share: requests that wait, and the second of the hour, which takes `scale` seconds."""

    http: httpx.Client
    waiting: Iterator[Post]
    began: float
    scale: float
    answers: Answers = field(default_factory=Answers)
    over: Event = field(default_factory=Event)
    _gone: SimpleQueue[Post | None] = field(default_factory=SimpleQueue)
    _lock: Lock = field(default_factory=Lock)

    def send(self) -> None:
        """What each sender does: one request after the other, none before its time."""
        try:
            while (post := self._next()) and not self.over.wait(self._until(post)):
                self._gone.put(post)
                if not self._post(post):
                    return
        finally:
            self._gone.put(None)

    def passed(self) -> Iterator[Post]:
        """The requests as they go out, until every sender has ended."""
        ended = 0
        while ended < _SENDERS:
            if (post := self._gone.get()) is None:
                ended += 1
            else:
                yield post

    def _next(self) -> Post | None:
        with self._lock:
            return next(self.waiting, None)

    def _until(self, post: Post) -> float:
        return max(0.0, self.began + post.at * self.scale - time.monotonic())

    def _post(self, post: Post) -> bool:
        try:
            answer = self.http.post(post.path, content=post.body, headers=dict(post.headers))
        except httpx.HTTPError as problem:
            with self._lock:
                self.answers.unanswered[type(problem).__name__] += 1
            return False
        with self._lock:
            self.answers.add(post, answer)
        return True
