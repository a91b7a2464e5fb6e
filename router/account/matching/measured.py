"""Match keys as a running daemon counts them: by event source, over everything sent since its start."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import httpx
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from router.account.matching.counting import Report, Row
from router.account.matching.keys import KEYS, Key
from router.settings import Address

_SECONDS: Final = 5.0
_EVENTS: Final = "tagwright_match_events_total"
_KEYS: Final = "tagwright_match_keys_total"
_OUTCOMES: Final = "tagwright_outcomes_total"
_LEFT_OUT: Final = "tagwright_fields_left_out_total"


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """No daemon told its figures; `why` is the kind of failure."""

    why: str


def of_metrics(address: Address) -> Report | NotMeasured:
    """Ask a daemon at its admin address."""
    found = samples(address)
    return found if isinstance(found, NotMeasured) else report_of(found)


def samples(address: Address) -> list[Sample] | NotMeasured:
    """Everything that a daemon counts."""
    try:
        answer = httpx.get(f"http://{address}/metrics", timeout=_SECONDS, trust_env=False)
        answer.raise_for_status()
        families = list(text_string_to_metric_families(answer.text))
    except (httpx.HTTPError, ValueError) as problem:
        return NotMeasured(type(problem).__name__)
    found = [sample for family in families for sample in family.samples]
    ours = any(each.name.startswith("tagwright_") for each in found)
    return found if ours else NotMeasured("another server")


def report_of(found: list[Sample]) -> Report:
    """The report that a daemon's samples make."""
    events = {each.labels["source"]: int(each.value) for each in found if each.name == _EVENTS}
    report = Report([_row(source, count, found) for source, count in sorted(events.items())])
    for each in found:
        if each.name == _OUTCOMES and each.labels["outcome"] not in ("send", "duplicate") and each.value:
            reason = each.labels["reason"]
            report.not_sent[each.labels["outcome"] if reason == "-" else reason] += int(each.value)
        elif each.name == _LEFT_OUT and _is_personal(each.labels["path"]) and each.value:
            report.left_out[each.labels["path"], each.labels["reason"].replace("_", " ")] += int(each.value)
    return report


def _row(source: str, events: int, found: list[Sample]) -> Row:
    """Of two fields together a daemon only knows how often there was each."""
    counts = Counter[str]()
    for each in found:
        if each.name == _KEYS and each.labels["source"] == source:
            counts[each.labels["key"]] += int(each.value)
    keys = Counter({key.name: _least(key, counts) for key in KEYS})
    several = frozenset(key.name for key in KEYS if len(key.fields) > 1)
    return Row(None, source, events, keys, at_most=several)


def _least(key: Key, counts: Counter[str]) -> int:
    return min(counts[name] for name in key.fields)


def _is_personal(path: str) -> bool:
    fields = {f"user.{name}" for key in KEYS for name in key.fields}
    return path.partition("[")[0] in fields or path.startswith("event.user.")
