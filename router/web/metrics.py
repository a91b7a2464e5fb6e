"""What is counted. Labels are names of the rule set and codes of ours: few, and never a person or an id."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_MOST_VALUES: Final = 500
_OTHER: Final = "other"
_BATCH_SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class _Bounded:
    """The values of one label: after so many, each new one is `other`."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def __call__(self, value: str | None) -> str:
        if not value:
            return "-"
        if value not in self._seen:
            if len(self._seen) >= _MOST_VALUES:
                return _OTHER
            self._seen.add(value)
        return value


class _Children(dict[Any, Counter]):
    """The counters of one label's values, found faster than `labels` finds them: every request needs two."""

    def __init__(self, make: Callable[[Any], Counter]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, value: Any) -> Counter:
        self[value] = self._make(value)
        return self[value]


class Metrics:
    """The counters of one daemon, on a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._known: frozenset[str] = frozenset()
        self._reason, self._destination, self._path, self._sent_as, self._code = (
            _Bounded() for _ in range(5)
        )
        self._intake()
        self._rule_set()
        self._deliveries()

    def _intake(self) -> None:
        answers = self._counter("requests", "requests by status of the answer", "status")
        self._answers = _Children(lambda status: answers.labels(str(status)))
        received = self._counter("events_received", "events that came in", "format")
        self._formats = _Children(received.labels)
        self._rejected = self._counter("events_rejected", "events and bodies not taken", "code")

    def _rule_set(self) -> None:
        labels = ("outcome", "reason", "destination", "event")
        self._outcomes = self._counter("outcomes", "what became of events", *labels)
        self._left_out = self._counter("fields_left_out", "payload fields left out", "path", "reason")
        self._reload_failed = self._counter("rules_reload_failed", "reloads that kept the old rules")
        self._rules = self._gauge("rules_info", "the rules in force", "version")

    def _deliveries(self) -> None:
        self._sent = self._counter("events_sent", "events the destination took", "destination", "event")
        self._retried = self._counter("events_retried", "events to be sent again", "destination", "reason")
        self._dead = self._counter("events_dead", "events set aside", "destination", "reason", "code")
        self._held = self._gauge("destination_held", "1 while a destination is held", "destination")
        self._pending = self._gauge("events_pending", "events that wait", "destination")
        self._oldest = self._gauge("events_oldest_seconds", "age of the oldest event that waits")
        self._sizes = self._histogram("batch_events", "events a request", _BATCH_SIZES)
        self._seconds = self._histogram("batch_seconds", "time a request took", _SECONDS)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"tagwright_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"tagwright_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"tagwright_{name}", text, ("destination",), buckets=buckets, registry=self.registry)

    def _event(self, name: str | None) -> str:
        if not name:
            return "-"
        return name if name in self._known else _OTHER

    def answered(self, status: int) -> None:
        """A request was answered."""
        self._answers[status].inc()

    def received(self, format: str, count: int) -> None:  # noqa: A002
        """Events came in, taken or not."""
        self._formats[format].inc(count)

    def rejected(self, code: str) -> None:
        """An event, or a whole body, was not taken."""
        self._rejected.labels(code).inc()

    def outcome(
        self,
        outcome: str,
        *,
        reason: str | None = None,
        destination: str | None = None,
        event: str | None = None,
    ) -> None:
        """What became of an event at a destination; `event` is the name of the event that came in."""
        self._outcomes.labels(
            outcome, self._reason(reason), self._destination(destination), self._event(event)
        ).inc()

    def field_left_out(self, path: str, reason: str) -> None:
        """A field of a payload was left out."""
        self._left_out.labels(self._path(path), self._reason(reason)).inc()

    def sent(self, destination: str, event: str, count: int = 1) -> None:
        """The destination took events; `event` is its own name for them."""
        self._sent.labels(self._destination(destination), self._sent_as(event)).inc(count)

    def retried(self, destination: str, reason: str, count: int = 1) -> None:
        """Events are going to be sent again."""
        self._retried.labels(self._destination(destination), self._reason(reason)).inc(count)

    def dead(self, destination: str, reason: str, code: str = "", count: int = 1) -> None:
        """Events were set aside as dead letters; `code` is what the destination answered, if it did."""
        labels = (self._destination(destination), self._reason(reason), self._code(code))
        self._dead.labels(*labels).inc(count)

    def held(self, destination: str, *, is_held: bool) -> None:
        """A destination was held or released."""
        self._held.labels(self._destination(destination)).set(1 if is_held else 0)

    def pending(self, destination: str, count: int) -> None:
        """So many events wait for a destination."""
        self._pending.labels(self._destination(destination)).set(count)

    def oldest(self, seconds: float) -> None:
        """The event that waits longest was accepted so long ago; 0 when none waits."""
        self._oldest.set(seconds)

    def batch(self, destination: str, size: int, seconds: float) -> None:
        """A request with `size` events took `seconds`."""
        name = self._destination(destination)
        self._sizes.labels(name).observe(size)
        self._seconds.labels(name).observe(seconds)

    def rules_loaded(self, version: str, events: Collection[str]) -> None:
        """These rules are in force; only the event names they know become labels."""
        self._known = frozenset(events)
        self._rules.clear()
        self._rules.labels(version).set(1)

    def rules_reload_failed(self) -> None:
        """A reload had errors, and the old rules stayed."""
        self._reload_failed.inc()
