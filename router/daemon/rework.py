"""A dead letter's event through the rules in force, once more."""

from __future__ import annotations

from collections.abc import Callable

from router.daemon.deployment import Deployment
from router.delivery.entry import DeadLetter, Entry, dedup_key
from router.lang.outcome import Arrival, Drop, Result, Send, Skip
from router.lang.route import route
from router.tiktok.payload import finish


class Rework:
    """Makes the entry anew, under the same event id: it is the same event still."""

    def __init__(self, deployment: Callable[[], Deployment]) -> None:
        self._deployment = deployment

    def __call__(self, arrival: Arrival, letter: DeadLetter) -> Entry | str:
        """The entry as these rules make it; or why it cannot take the letter's place."""
        deployment = self._deployment()
        result = route(deployment.program, arrival, inactive=deployment.inactive)
        sends = [each for each in result.outcomes if isinstance(each, Send) and _same_way(each, letter)]
        for send in sends:
            done = finish(send, arrival.event, arrival.now, deployment.program.settings)
            key = dedup_key(send.source, letter.entry.source_id, done.key_event, done.dedup_id)
            if key == letter.entry.key:
                return letter.entry._replace(
                    payload=done.payload,
                    event_time=done.event_time,
                    rules_version=deployment.program.version,
                )
        return "the rules now send another event or event id" if sends else _why_not(result, letter)


def _same_way(send: Send, letter: DeadLetter) -> bool:
    return (send.destination, send.source) == (letter.entry.destination, letter.entry.source)


def _why_not(result: Result, letter: DeadLetter) -> str:
    for outcome in result.outcomes:
        if isinstance(outcome, Drop):
            return f"the rules now drop it: {outcome.reason}"
        if isinstance(outcome, Skip) and outcome.destination in (letter.entry.destination, None):
            return f"the rules now skip it: {outcome.reason}"
    return "the rules do not send it there now"
