"""The lines of a send in the order in which they run, with what is certain for its source resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from router.lang import tree as t
from router.lang.environment import Field
from router.lang.kinds import ANY
from router.lang.program import Program

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Put:
    """A value for a field."""

    node: t.Assign
    names: Names
    field: Field


@dataclass(frozen=True, slots=True)
class PutEach:
    """A list of objects for a field; `body` has the lines of one object."""

    node: t.Each
    names: Names
    field: Field
    body: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Branches:
    """The lines behind the first condition that holds."""

    node: t.When
    branches: tuple[tuple[t.Expr, tuple[Line, ...]], ...]
    otherwise: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """At least one of the paths must be assigned when all lines have run."""

    node: t.Require


@dataclass(frozen=True, slots=True)
class Leave:
    """What was assigned at these paths is taken back."""

    node: t.Omit


Line = Put | PutEach | Branches | Need | Leave


class Lines:
    """Resolves mappings for one source: what is included, for which sources, and which fields there are.

    `settled` gives the answer of conditions that are the same for all events, None for the others.
    """

    def __init__(self, program: Program, source: str, settled: Callable[[t.Expr], bool | None]) -> None:
        self.program = program
        self.source = source
        self.settled = settled

    def of_send(self, send: t.SendAction) -> tuple[Line, ...]:
        found = [line for word in send.mappings for line in self._mapping(word.text)]
        return *found, *self._body(send.body)

    def _mapping(self, name: str) -> Iterator[Line]:
        mapping = self.program.mappings[name]
        if not mapping.sources or self._for(mapping.sources):
            yield from self._body(mapping.body)

    def _for(self, sources: Iterable[t.Word]) -> bool:
        return any(word.text == self.source for word in sources)

    def _body(self, body: Iterable[t.Statement]) -> Iterator[Line]:
        for node in body:
            match node:
                case t.Include():
                    for word in node.names:
                        yield from self._mapping(word.text)
                case t.Assign():
                    yield from self._put(node, "")
                case t.Each():
                    yield from self._each(node)
                case t.ForSources() if self._for(node.sources):
                    yield from self._body(node.body)
                case t.When():
                    yield from self._when(node, self._body)
                case t.Require():
                    yield Need(node)
                case t.Omit():
                    yield Leave(node)

    def _when(
        self, node: t.When, write: Callable[[tuple[t.Statement, ...]], Iterable[Line]]
    ) -> Iterator[Line]:
        """The branches that can be taken."""
        branches, otherwise = [], node.otherwise
        for test, body in node.branches:
            answer = self.settled(test)
            if answer:
                otherwise = body
                break
            if answer is None:
                branches.append((test, tuple(write(body))))
        rest = tuple(write(otherwise))
        if branches:
            yield Branches(node, tuple(branches), rest)
        else:
            yield from rest

    def _put(self, node: t.Assign, prefix: str) -> Iterator[Put]:
        field = self._field(prefix + node.path.text)
        if field is not None:
            yield Put(node, node.path.names, field)

    def _field(self, path: str) -> Field | None:
        """The field for this source; None where the target has none, so that the line is left out."""
        field = self.program.environment.target.fields.get(path)
        if field is None:
            return Field(path, ANY, frozenset({self.source}))
        return field if self.source in field.sources else None

    def _each(self, node: t.Each) -> Iterator[PutEach]:
        field = self._field(node.path.text)
        if field is not None:
            yield PutEach(node, node.path.names, field, tuple(self._element(node.body, node.path.text)))

    def _element(self, body: Iterable[t.Statement], path: str) -> Iterator[Line]:
        for node in body:
            match node:
                case t.Assign():
                    yield from self._put(node, f"{path}[].")
                case t.ForSources() if self._for(node.sources):
                    yield from self._element(node.body, path)
                case t.When():
                    yield from self._when(node, lambda inner: self._element(inner, path))


def puts(lines: Iterable[Line]) -> Iterator[Put | PutEach]:
    """Every line that assigns, whatever its conditions."""
    for line in lines:
        match line:
            case Put() | PutEach():
                yield line
            case Branches():
                for _, body in line.branches:
                    yield from puts(body)
                yield from puts(line.otherwise)


def leaves(lines: Iterable[Line]) -> Iterator[Leave]:
    """Every line that takes back, whatever its conditions."""
    for line in lines:
        match line:
            case Leave():
                yield line
            case Branches():
                for _, body in line.branches:
                    yield from leaves(body)
                yield from leaves(line.otherwise)


def has_needs(lines: Iterable[Line]) -> bool:
    """Whether any line requires something."""
    for line in lines:
        match line:
            case Need():
                return True
            case Branches():
                if has_needs(line.otherwise) or any(has_needs(body) for _, body in line.branches):
                    return True
    return False


def expressions(lines: Iterable[Line]) -> Iterator[t.Expr]:
    """What lines compute and ask, whatever its conditions."""
    for line in lines:
        match line:
            case Put():
                yield line.node.value
            case PutEach():
                yield line.node.items
                if line.node.where is not None:
                    yield line.node.where
                yield from expressions(line.body)
            case Branches():
                for test, body in line.branches:
                    yield test
                    yield from expressions(body)
                yield from expressions(line.otherwise)
