"""What is counted. Labels are names of the rule set and codes of ours: few, and never a person or an id."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, get_args

import apsw
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from router import __version__
from router.delivery.condition import State
from router.web.labels import OTHER, Bounded, Children, Distribution, Listed, Tallied
from router.web.rollout_metrics import RolloutMetrics
from router.web.sharing_metrics import SharingMetrics
from router.web.visitor_metrics import VisitorMetrics
from router.web.worker_metrics import WorkerMetrics

_BATCH_SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SHORT_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, *_SECONDS)
_AGES: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400, 172_800, 604_800)


class Metrics:
    """The counters of one daemon, on a registry of their own. `now` is in epoch seconds."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.registry = CollectorRegistry()
        self._now = now
        self._known: frozenset[str] = frozenset()
        self._reason, self._destination, self._path, self._sent_as, self._code = (Bounded() for _ in range(5))
        self._intake()
        self._rule_set()
        self._deliveries()
        self._store()
        self._build()
        self.rollout = RolloutMetrics(self.registry)
        self.visitors = VisitorMetrics(self.registry)
        self.workers = WorkerMetrics(self.registry)
        self.sharing = SharingMetrics(self.registry)

    def _intake(self) -> None:
        self._answers = self._tallied("requests", "requests by status of the answer", "status")
        self._received = self._tallied("events_received", "events that came in", "format")
        self._rejected = self._counter("events_rejected", "events and bodies not taken", "code")
        self._refused = self._counter(
            "requests_refused", "requests that were refused, whatever their senders heard", "format", "code"
        )
        seconds = self._histogram(
            "request_seconds", "time from a request's head to its answer", _SHORT_SECONDS, "format", "status"
        )
        self._answer_seconds = Children(lambda values: seconds.labels(*values))

    def _rule_set(self) -> None:
        labels = ("outcome", "reason", "destination", "event")
        self._outcomes = self._tallied("outcomes", "what became of events", *labels)
        self._consent_unread = self._counter(
            "consent_unread", "events that say something of consent that no setting maps", "format"
        )
        self._left_out = self._counter("fields_left_out", "payload fields left out", "path", "reason")
        self._reload_failed = self._counter("rules_reload_failed", "reloads that kept the old rules")
        self._rules = self._gauge("rules_info", "the rules in force", "version")
        self._rules_at = self._gauge("rules_loaded_timestamp_seconds", "when the rules in force were loaded")
        self._rules_stale = self._gauge("rules_stale", "1 while the last reload has failed")

    def _deliveries(self) -> None:
        self._sent = self._counter("events_sent", "events the destination took", "destination", "event")
        self._retried = self._counter("events_retried", "events to be sent again", "destination", "reason")
        self._dead = self._counter("events_dead", "events set aside", "destination", "reason", "code")
        self._attempts = self._counter(
            "attempts", "requests to a destination by class of the answer", "destination", "class"
        )
        self._order_repeats = self._tallied(
            "order_repeats", "orders that came again under another event id", "destination", "event"
        )
        self._match_events = self._tallied("match_events", "events taken to send, by event source", "source")
        self._match_keys = Listed(
            "tagwright_match_keys", "those of them that have a match key", ("source", "key"),
            registry=self.registry,
        )  # fmt: skip
        self._state = self._gauge(
            "destination_state", "1 for the state that a destination is in, else 0", "destination", "state"
        )
        self._changes = self._counter(
            "destination_changes", "changes of a destination's state, to this one", "destination", "state",
            "reason", "code",
        )  # fmt: skip
        self._concurrency = self._gauge(
            "concurrency_limit", "requests that a destination may have open", "destination"
        )
        self._rate = self._gauge("request_rate_limit", "most requests a second, of all destinations together")
        self._pending = self._gauge("events_pending", "events that wait", "destination")
        self._oldest = self._gauge("events_oldest_seconds", "age of the oldest event that waits")
        self._unaccounted = self._gauge(
            "unaccounted_events", "events offered less all that is known of them; 0 is right", "destination"
        )
        self._sizes = self._histogram("batch_events", "events a request", _BATCH_SIZES, "destination")
        self._seconds = self._histogram("batch_seconds", "time a request took", _SECONDS, "destination")
        self._ages = Distribution(
            "tagwright_delivery_seconds", "time from acceptance to the confirmed send", ("destination",),
            buckets=_AGES, registry=self.registry,
        )  # fmt: skip

    def _store(self) -> None:
        self._rows = self._gauge("spool_rows", "events on disk that wait or are being sent")
        self._rows_limit = self._gauge("spool_rows_limit", "where 503 is answered")
        self._bytes = self._gauge("spool_bytes", "bytes of their payloads")
        self._bytes_limit = self._gauge("spool_bytes_limit", "where 503 is answered")
        self._letters = self._gauge("dead_letters", "dead letters on disk", "reason")
        self._letter_bytes = self._gauge("dead_letters_bytes", "bytes of their payloads")
        self._letter_limit = self._gauge("dead_letters_bytes_limit", "where the oldest are evicted")
        self._evicted = self._counter("dead_letters_evicted", "dead letters that had to go for others")
        self._disk_free = self._gauge("disk_free_bytes", "room on the disk of the data directory")
        self._disk_low = self._gauge("disk_low_bytes", "room below which 503 is answered")
        self._commit_seconds = self._histogram(
            "commit_seconds", "time that a commit to disk took", _SHORT_SECONDS
        )

    def _build(self) -> None:
        info = self._gauge("build_info", "what runs", "version", "python", "sqlite")
        info.labels(__version__, platform.python_version(), apsw.sqlite_lib_version()).set(1)
        ProcessCollector(registry=self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"tagwright_{name}", text, labels, registry=self.registry)

    def _tallied(self, name: str, text: str, *labels: str) -> Tallied:
        return Tallied(f"tagwright_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"tagwright_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"tagwright_{name}", text, labels, buckets=buckets, registry=self.registry)

    def _event(self, name: str | None) -> str:
        if not name:
            return "-"
        return name if name in self._known else OTHER

    def answered(self, status: int) -> None:
        """A request was answered."""
        self._answers.note(str(status))

    def answered_in(self, format: str | None, status: int, seconds: float) -> None:  # noqa: A002
        """An answer took so long; `format` is None where no format has the path."""
        self._answer_seconds[format or "-", f"{status // 100}xx"].observe(seconds)

    def received(self, format: str, count: int) -> None:  # noqa: A002
        """Events came in, taken or not."""
        self._received.note(format, count=count)

    def rejected(self, code: str, count: int = 1) -> None:
        """Events, or a whole body, were not taken."""
        self._rejected.labels(code).inc(count)

    def refused(self, format: str | None, code: str) -> None:  # noqa: A002
        """A request was refused; its sender may have heard otherwise."""
        self._refused.labels(format or "-", code).inc()

    def outcome(
        self,
        outcome: str,
        *,
        reason: str | None = None,
        destination: str | None = None,
        event: str | None = None,
        count: int = 1,
    ) -> None:
        """What became of events at a destination; `event` is the name of the event that came in."""
        self._outcomes.note(
            outcome, self._reason(reason), self._destination(destination), self._event(event), count=count
        )

    def consent_unread(self, format: str) -> None:  # noqa: A002
        """An event says something of consent, and nobody could read it."""
        self._consent_unread.labels(format).inc()

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

    def destinations(self, states: Mapping[str, tuple[str, int]]) -> None:
        """All destinations as they are now: state, and how many events wait for it. Others are forgotten."""
        self._state.clear()
        self._pending.clear()
        for name, (state, count) in states.items():
            destination = self._destination(name)
            self._pending.labels(destination).set(count)
            for each in get_args(State):
                self._state.labels(destination, each).set(each == state)

    def oldest(self, seconds: float) -> None:
        """The event that waits longest was accepted so long ago; 0 when none waits."""
        self._oldest.set(seconds)

    def batch(self, destination: str, size: int, seconds: float) -> None:
        """A request with `size` events took `seconds`."""
        name = self._destination(destination)
        self._sizes.labels(name).observe(size)
        self._seconds.labels(name).observe(seconds)

    def attempted(self, destination: str, answer: str) -> None:
        """A request was answered, or failed; `answer` is the class of that."""
        self._attempts.labels(self._destination(destination), self._reason(answer)).inc()

    def delivered_after(self, destination: str, seconds: Collection[float]) -> None:
        """Events were sent so long after they had been accepted."""
        self._ages.labels(self._destination(destination)).observe_all([max(0.0, each) for each in seconds])

    def matched_by(self, source: str, keys: Iterable[str], count: int = 1) -> None:
        """Events are to be sent that have these match keys."""
        self._match_events.note(source, count=count)
        self._match_keys.note(source, *keys, count=count)

    def order_repeated(self, destination: str, event: str) -> None:
        """An order came that is known under another event id; `event` is the destination's name for it."""
        self._order_repeats.note(self._destination(destination), self._sent_as(event))

    def changed(self, destination: str, state: str, reason: str, code: str) -> None:
        """A destination came into this state."""
        labels = (self._destination(destination), state, self._reason(reason), self._code(code))
        self._changes.labels(*labels).inc()

    def concurrency(self, destination: str, limit: int) -> None:
        """A destination may have so many requests open."""
        self._concurrency.labels(self._destination(destination)).set(limit)

    def rate(self, requests_per_second: float) -> None:
        """The rate in force, of all destinations together."""
        self._rate.set(requests_per_second)

    def unaccounted(self, destination: str, count: int) -> None:
        """So many events of a destination are neither sent nor set aside nor waiting: 0, or a bug of ours."""
        self._unaccounted.labels(self._destination(destination)).set(count)

    def waiting(self, rows: int, rows_limit: int, size: int, size_limit: int) -> None:
        """What waits on disk and what may: events, and bytes of payloads."""
        self._rows.set(rows)
        self._rows_limit.set(rows_limit)
        self._bytes.set(size)
        self._bytes_limit.set(size_limit)

    def dead_letters(self, reasons: Mapping[str, int], size: int, size_limit: int) -> None:
        """Dead letters on disk by reason, and the bytes of all."""
        self._letters.clear()
        for reason, count in reasons.items():
            self._letters.labels(self._reason(reason)).set(count)
        self._letter_bytes.set(size)
        self._letter_limit.set(size_limit)

    def evicted(self, count: int) -> None:
        """Dead letters had to go."""
        self._evicted.inc(count)

    def disk(self, free: int, low: float) -> None:
        """Bytes that are free, and the low water below which nothing is taken."""
        self._disk_free.set(free)
        self._disk_low.set(low)

    def committed(self, seconds: float) -> None:
        """A commit took so long. May be called in any thread."""
        self._commit_seconds.observe(seconds)

    def rules_loaded(self, version: str, events: Collection[str]) -> None:
        """These rules are in force; only the event names they know become labels."""
        self._known = frozenset(events)
        self._rules.clear()
        self._rules.labels(version).set(1)
        self._rules_at.set(self._now())
        self._rules_stale.set(0)

    def rules_reload_failed(self) -> None:
        """A reload had errors, and the old rules stayed."""
        self._reload_failed.inc()
        self._rules_stale.set(1)
