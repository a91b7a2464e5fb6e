"""What workers count, added up with what the keeper counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from prometheus_client import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from router.daemon.acceptor import RuleAcceptor
from router.web.metrics import Metrics

_ADDED: Final = ("counter", "histogram")
_Key = tuple[str, str, tuple[tuple[str, str], ...]]
"""Family, sample and labels."""
K = TypeVar("K")
N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one or several processes have counted since their start."""

    samples: Mapping[_Key, float] = field(default_factory=dict)
    outcomes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    consent_unread: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            _sum(self.samples, other.samples),
            _sum(self.outcomes, other.outcomes),
            _sum(self.consent_unread, other.consent_unread),
        )


def figures_of(metrics: Metrics, acceptor: RuleAcceptor | None = None) -> Figures:
    """All that this process has counted."""
    samples = {
        (family.name, *_named(sample)): sample.value
        for family in metrics.registry.collect()
        if family.type in _ADDED
        for sample in family.samples
        if not sample.name.endswith("_created")
    }
    if acceptor is None:
        return Figures(samples)
    return Figures(samples, dict(acceptor.outcomes), dict(acceptor.consents.unread))


def _named(sample: Sample) -> tuple[str, tuple[tuple[str, str], ...]]:
    # Buckets stay apart by their bound, which is a label like any other.
    return sample.name, tuple(sample.labels.items())


def _sum(one: Mapping[K, N], other: Mapping[K, N]) -> dict[K, N]:
    total = dict(one)
    for key, count in other.items():
        total[key] = total.get(key, 0) + count
    return total


@dataclass(frozen=True, slots=True)
class Combined(Collector):
    """A registry together with what workers counted."""

    registry: Collector
    workers: Figures

    def collect(self) -> Iterator[Metric]:
        more: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], float]] = {}
        for (family, name, labels), value in self.workers.samples.items():
            more.setdefault(family, {})[name, labels] = value
        for metric in self.registry.collect():
            yield _added(metric, more.get(metric.name, {})) if metric.type in _ADDED else metric


def _added(metric: Metric, more: dict[tuple[str, tuple[tuple[str, str], ...]], float]) -> Metric:
    combined = Metric(metric.name, metric.documentation, metric.type, metric.unit)
    for sample in metric.samples:
        value = sample.value + more.pop(_named(sample), 0)
        combined.add_sample(sample.name, sample.labels, value)
    for (name, labels), value in more.items():
        combined.add_sample(name, dict(labels), value)
    return combined
