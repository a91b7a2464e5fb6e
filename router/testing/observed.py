"""What the rules did with a test's event, in words: outcomes, and the conditions behind them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, assert_never

from router.lang import outcome as o
from router.lang import tree as t
from router.lang.outcome import Drop, Outcome, Result, Send, Skip, Unhandled
from router.lang.program import Program
from router.lang.trace import Line, Trace

_MAIN = (
    "event_id", "properties.value", "properties.currency", "properties.order_id",
    "properties.content_ids", "page.url",
)  # fmt: skip
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Observed:
    """A result with its trace; without one nothing can say where things come from."""

    program: Program
    result: Result
    trace: Trace | None

    def sends(self) -> list[tuple[int, Send]]:
        """Every send with its place among the outcomes."""
        return [(index, each) for index, each in enumerate(self.result.outcomes) if isinstance(each, Send)]

    def lines(self, index: int) -> list[Line]:
        """The mapping lines that ran for an outcome."""
        send = self._action(index)
        return [] if self.trace is None or send is None else self.trace.lines.get(send, [])

    def reasons(self) -> tuple[str, ...]:
        """Where the outcomes that are no sends come from, with their conditions as written."""
        found = (self._reason(index, each) for index, each in enumerate(self.result.outcomes))
        return tuple(dict.fromkeys(each for each in found if each))

    def _action(self, index: int) -> t.SendAction | None:
        sends = self.trace.sends if self.trace is not None else []
        return sends[index] if index < len(sends) else None

    def _reason(self, index: int, outcome: Outcome) -> str:
        match outcome:
            case Skip(at=at) if at is not None:
                return f"{at}  {written}" if (written := self._condition(index, outcome)) else ""
            case Drop():
                dropped = (each for each in self._fired() if each.span.place == outcome.at)
                return f"{outcome.at}  {one_line(text.span.text)}" if (text := next(dropped, None)) else ""
            case Unhandled():
                return f"the event is {shown(self.result.event_name)}, its source {shown(self.result.source)}"
            case _:
                return ""

    def _fired(self) -> Iterator[t.Node]:
        fired = self.trace.fired if self.trace is not None else ()
        return (each for each in fired if isinstance(each, t.DropRule | t.DropAction))

    def _condition(self, index: int, skip: Skip) -> str:
        send = self._action(index)
        if skip.reason == o.ROW_CONDITION and send is not None and send.when is not None:
            return f"when {one_line(send.when.span.text)}"
        if skip.reason == o.SAMPLED_OUT and send is not None and send.sample is not None:
            return one_line(send.sample.span.text)
        held = self.trace.held if self.trace is not None else {}
        refused = [node for node, answers in held.items() if False in answers]
        gates = [
            gate
            for each in self.program.destinations.values()
            for gate in each.gates
            if gate.condition in refused
        ]
        found: Iterable[t.Node] = (*gates, *(node for node in refused if isinstance(node, t.Require)))
        return next((one_line(node.span.text) for node in found if node.span.place == skip.at), "")


def summary(outcomes: Iterable[Outcome]) -> str:
    """The outcomes on one line."""
    return "; ".join(map(_outcome, outcomes)) or o.NO_SEND


def _outcome(outcome: Outcome) -> str:
    match outcome:
        case Send():
            return f"{outcome.event} to {outcome.destination}"
        case Skip():
            where = f" to {outcome.destination}" if outcome.destination else ""
            detail = f" ({outcome.detail})" if outcome.detail else ""
            return f'skip{where} "{outcome.reason}"{detail}'
        case Drop():
            return f'drop "{outcome.reason}"'
        case Unhandled():
            return "no rule for it"
        case _:
            assert_never(outcome)


def main_fields(send: Send) -> tuple[str, ...]:
    """What tells one send from another: its line, then the fields people know it by."""
    found = ((path, value_at(send.payload, path.split("."))) for path in _MAIN)
    lines = [f"{path} = {shown(value)}" for path, value in found if value is not None]
    return (f"sent by {send.at}", *lines)


def value_at(payload: dict[str, Any], parts: Iterable[str]) -> Any:
    """What stands in a payload at a path, None where nothing does."""
    found: Any = payload
    for part in parts:
        found = found.get(part) if isinstance(found, dict) else None
    return found


def shown(value: Any) -> str:
    """A value as JSON; None is nothing."""
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)


def one_line(text: str) -> str:
    """A piece of a rule file on one line, cut where it is long."""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
