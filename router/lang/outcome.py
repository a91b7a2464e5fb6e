"""What goes into the rules and what comes out: one arrival in, an outcome per destination out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Arrival:
    """One event as it reached the router: decoded JSON, and what came with it.

    `now` is the receive time in epoch seconds, the only clock a rule can see. `headers` has lower-case
    names. Nothing changes it; it is not frozen because one is made for every event, which would take four
    times as long.
    """

    event: dict[str, Any]
    now: int
    cookies: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a rule file, for people."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Send:
    """This event goes to this destination; the payload holds what the rules assigned, as nested objects.

    `event` is the destination's event name as the rule wrote it.
    """

    destination: str
    source: str
    event: str
    payload: dict[str, Any]
    at: Place


NOT_FOR_SOURCE = "not_for_source"
ROW_CONDITION = "row_condition"
SAMPLED_OUT = "sampled_out"
NO_SEND = "no_send"
NO_DESTINATION = "no_destination"
DESTINATION_INACTIVE = "destination_inactive"
MISSING_REQUIRED = "missing_required"
BAD_EVENT_NAME = "bad_event_name"
REQUIRES = "requires"
DROPPED = "dropped"
BUILT_IN_REASONS = frozenset({
    NOT_FOR_SOURCE, ROW_CONDITION, SAMPLED_OUT, NO_SEND, NO_DESTINATION, DESTINATION_INACTIVE,
    MISSING_REQUIRED, BAD_EVENT_NAME, REQUIRES, DROPPED,
})  # fmt: skip
"""Reasons of the language itself; the rules' own stand behind `reason`."""


@dataclass(frozen=True, slots=True)
class Skip:
    """The rules meant to send, and a condition said no. `destination` is None where none was in question.

    `detail` names what was missing, for people; `reason` is what is counted.
    """

    destination: str | None
    reason: str
    at: Place | None
    event: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Drop:
    """A rule ended the event."""

    reason: str
    at: Place


@dataclass(frozen=True, slots=True)
class Unhandled:
    """No rule speaks of this event."""


Outcome = Send | Skip | Drop | Unhandled


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """A value that did not fit and was left out: an event path or payload field, and why."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Result:
    """All outcomes of one event, with what was left out on the way, in alphabetical order."""

    event_name: str | None
    source: str | None
    outcomes: tuple[Outcome, ...]
    notes: tuple[Note, ...] = ()
