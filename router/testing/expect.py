"""What a test expects, held against what the rules did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_never

from router.lang import tree as t
from router.lang.outcome import Drop, Send, Skip, Unhandled
from router.lang.trace import Line
from router.lang.values import same
from router.lang.walk import Evaluation, convert
from router.testing.given import expectations
from router.testing.observed import Observed, main_fields, shown, summary, value_at
from router.testing.verdict import Difference, Failure


def judge(test: t.Test, observed: Observed) -> Iterator[Failure]:
    """Everything that is not as expected; a send that nobody expected is, too."""
    judging = _Judging(observed)
    for line in test.lines:
        yield from judging.line(line)
    if not any(isinstance(line, t.ExpectNothing) and not line.to for line in test.lines):
        yield from judging.unexpected(test)


def _wanted(to: tuple[t.Word, ...], destination: str | None) -> bool:
    return not to or any(word.text == destination for word in to)


class _Judging:
    def __init__(self, observed: Observed) -> None:
        self.observed = observed
        self.outcomes = observed.result.outcomes
        self.constants: Evaluation = expectations(observed.program)
        self.expected: set[int] = set()

    def line(self, line: t.Given | t.Expectation | t.Broken) -> Iterator[Failure]:
        match line:
            case t.Given() | t.Broken():
                pass
            case t.ExpectSend():
                yield from self._send(line)
            case t.ExpectDrop():
                yield from self._drop(line)
            case t.ExpectSkip():
                yield from self._skip(line)
            case t.ExpectNothing():
                yield from self._nothing(line)
            case t.ExpectUnhandled():
                if not any(isinstance(each, Unhandled) for each in self.outcomes):
                    yield self._other(line, f"expected no rule for it, got {summary(self.outcomes)}")
            case _:
                assert_never(line)

    def unexpected(self, test: t.Test) -> Iterator[Failure]:
        for index, send in self.observed.sends():
            if index not in self.expected:
                what = f"unexpected: {send.event} to {send.destination}"
                yield Failure(test.name.span.place, what, notes=(*main_fields(send), *_also(test, send)))

    def _other(self, line: t.Node, message: str) -> Failure:
        return Failure(line.span.place, message, notes=self.observed.reasons())

    # -------------------------------------------------------------- outcomes

    def _drop(self, line: t.ExpectDrop) -> Iterator[Failure]:
        drop = next((each for each in self.outcomes if isinstance(each, Drop)), None)
        if drop is None:
            yield self._other(line, f"expected a drop, got {summary(self.outcomes)}")
        elif line.reason is not None and drop.reason != line.reason.text:
            yield self._other(line, f'expected the drop "{line.reason.text}", got "{drop.reason}"')

    def _skip(self, line: t.ExpectSkip) -> Iterator[Failure]:
        skips = [
            each for each in self.outcomes if isinstance(each, Skip) and _wanted(line.to, each.destination)
        ]
        if not skips:
            yield self._other(line, f"expected a skip, got {summary(self.outcomes)}")
        elif line.reason is not None and all(each.reason != line.reason.text for each in skips):
            yield self._other(line, f'expected the skip "{line.reason.text}", got {summary(skips)}')

    def _nothing(self, line: t.ExpectNothing) -> Iterator[Failure]:
        for index, send in self.observed.sends():
            if _wanted(line.to, send.destination):
                self.expected.add(index)
                what = f"expected nothing, got {send.event} to {send.destination}"
                yield Failure(line.span.place, what, notes=main_fields(send))

    # -------------------------------------------------------------- sends

    def _send(self, line: t.ExpectSend) -> Iterator[Failure]:
        found = [
            (index, send)
            for index, send in self.observed.sends()
            if send.event == line.event.text and _wanted(line.to, send.destination)
        ]
        for word in line.to:
            if not any(send.destination == word.text for _, send in found):
                yield self._other(
                    line, f"{line.event.text} was not sent to {word.text}: {summary(self.outcomes)}"
                )
        if not found and not line.to:
            yield self._other(line, f"{line.event.text} was not sent: {summary(self.outcomes)}")
        self.expected.update(index for index, _ in found)
        for index, send in found:
            yield from self._fields(line, index, send)

    def _fields(self, line: t.ExpectSend, index: int, send: Send) -> Iterator[Failure]:
        named: set[str] = set()
        for each in line.lines:
            if isinstance(each, t.ExpectMissing | t.Assign):
                named.add(each.path.text)
                yield from self._field(each, index, send)
        for path, value in _leaves(send.payload) if line.exactly else ():
            if not _is_named(path, named):
                yield self._differs(line, path, None, value, index)

    def _field(self, line: t.Assign | t.ExpectMissing, index: int, send: Send) -> Iterator[Failure]:
        wanted = self._value(line) if isinstance(line, t.Assign) else None
        got = value_at(send.payload, (part.text for part in line.path.parts))
        if not _equal(wanted, got):
            yield self._differs(line, line.path.text, wanted, got, index)

    def _value(self, line: t.Assign) -> Any:
        """As the payload would hold it, so that "12" and 12 are one amount."""
        spec = self.observed.program.environment.target.fields.get(line.path.text)
        wanted = self.constants.value(line.value)
        if spec is None or wanted is None or spec.kind.base == "list":
            return wanted
        return convert(wanted, spec.kind, many=spec.many and isinstance(wanted, list))[0]

    def _differs(self, line: t.Node, path: str, wanted: Any, got: Any, index: int) -> Failure:
        difference = Difference(path, wanted, got, _setter(self.observed.lines(index), path, got))
        return Failure(line.span.place, f"{path}: expected {shown(wanted)}, got {shown(got)}", difference)


def _also(test: t.Test, send: Send) -> Iterator[str]:
    """Advice where the event was expected, at another destination."""
    wanted = {
        word.text
        for line in test.lines
        if isinstance(line, t.ExpectSend) and line.event.text == send.event
        for word in line.to
    }
    if wanted:
        both = ", ".join(sorted({*wanted, send.destination}))
        yield f"a send without `to` goes to every destination of its source; to expect them: to {both}"


def _is_named(path: str, named: set[str]) -> bool:
    return path in named or any(path.startswith(f"{each}.") for each in named)


def _setter(lines: list[Line], path: str, got: Any) -> Line | None:
    """The line whose value stands: the last that gave one, or the last that tried."""
    about = [each for each in lines if each.path == path]
    gave = [each for each in about if each.value is not None]
    return next(reversed(gave if gave and got is not None else about), None)


def _equal(wanted: Any, got: Any) -> bool:
    if isinstance(got, list) and len(got) == 1 and not isinstance(wanted, list):
        got = got[0]
    return (wanted is None and got is None) or (wanted is not None and got is not None and same(wanted, got))


def _leaves(payload: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in payload.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
