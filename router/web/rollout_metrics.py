"""What is counted while rules are tried out: the shadow's differences, and what a dry run is judged to be."""

from __future__ import annotations

from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge

from router.web.labels import Bounded

Compared = Literal["same", "different", "dropped", "failed"]
"""`dropped` events were not compared, because too many waited for it."""


class RolloutMetrics:
    """On the registry of the daemon's other metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._destination, self._code = Bounded(), Bounded()
        self._events = Counter(
            "tagwright_shadow_events", "events offered to the shadow rules", ("result",), registry=registry
        )
        self._differences = Counter(
            "tagwright_shadow_differences", "what the shadow rules would do otherwise",
            ("event", "destination", "kind", "what"), registry=registry,
        )  # fmt: skip
        self._shadow = Gauge(
            "tagwright_shadow_rules_info", "the rules in the shadow", ("version",), registry=registry
        )
        self._dry_run = Gauge("tagwright_dry_run", "1 while nothing is sent", registry=registry)
        self._findings = Counter(
            "tagwright_dry_run_findings", "what the judge says of payloads that are not sent",
            ("destination", "severity", "code"), registry=registry,
        )  # fmt: skip

    def compared(self, result: Compared, count: int = 1) -> None:
        """Events went through the shadow rules, or were spared that."""
        self._events.labels(result).inc(count)

    def differs(self, event: str, destination: str, kind: str, what: str) -> None:
        """The shadow rules would have done something else. The caller bounds how many labels there are."""
        self._differences.labels(event, destination, kind, what).inc()

    def shadow_loaded(self, version: str) -> None:
        """These rules run in the shadow."""
        self._shadow.clear()
        self._shadow.labels(version).set(1)

    def dry_run(self) -> None:
        """Nothing is sent."""
        self._dry_run.set(1)

    def finding(self, destination: str, severity: str, code: str) -> None:
        """The judge said something of one payload."""
        self._findings.labels(self._destination(destination), severity, self._code(code)).inc()
