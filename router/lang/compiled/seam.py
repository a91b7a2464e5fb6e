"""What a target offers so that payloads are finished in the same pass; the language knows no target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from router.lang.outcome import Arrival, Result, Send

LeftOut = list[tuple[str, str]]


class Refusal(Protocol):
    """Why a text cannot be sent."""

    @property
    def reason(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Fitting:
    """How a text is brought into the target's form: a text, empty for none, or why it cannot be sent.

    Texts that begin with one of `starts`, or are among `known`, fit as they are, and are never kept back;
    also those of `at_most` so many characters that are not among `never`.
    """

    fit: Callable[[str], str | Refusal]
    starts: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()
    at_most: int = 0
    never: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Receiving:
    """What becomes of a value at one place of a payload.

    `clean` takes any value and gives what is sent, or None and a line in `left_out`. Fields are sent in the
    order of `rank`; those without one come behind, as they were assigned.
    """

    path: str
    rank: int | None
    clean: Callable[[Any, LeftOut], Any]
    fitting: Fitting | None


class Finisher(Protocol):
    """Finishes payloads for one program. `finish` does all of it, `close` what is left at the end."""

    @property
    def nothing(self) -> frozenset[str]:
        """Texts that are never sent, in any field."""
        ...

    @property
    def lead(self) -> tuple[str, ...]:
        """The fields that stand first and that `close` itself settles."""
        ...

    def receiving(self, names: tuple[str, ...], depth: int) -> Receiving:
        """The place of these names in a payload, so many levels below it."""
        ...

    def head(self, event: str) -> Any:
        """What every payload of an event name begins with."""
        ...

    def close(self, head: Any, payload: dict[str, Any], left_out: LeftOut, arrival: Arrival) -> Any:
        """The finished payload. It begins with the lead as rules assigned it, and all else in order.

        None when something in it needs the long way: `finish` does it then.
        """
        ...

    def finish(self, send: Send, arrival: Arrival) -> Any:
        """A send of the walker, finished."""
        ...


class Planned(NamedTuple):
    """All outcomes of one event, and a finished payload for each `Send` among them, in their order.

    A tuple, because it is made for every event and a frozen dataclass costs five times as much to make. The
    payloads of its sends are empty: they are finished already.
    """

    result: Result
    finished: tuple[Any, ...]
