"""What is asked of the database: statements with their values, done in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

Rows = list[tuple[Any, ...]]
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Ask:
    """A statement and its values."""

    sql: bytes
    values: Mapping[str, Any] = field(repr=False)


class Work(Protocol[T_co]):
    """Something to be done in one transaction. It is asked once for every attempt, and read after it."""

    @property
    def weight(self) -> int: ...

    def asks(self) -> Sequence[Ask]: ...

    def read(self, answers: Sequence[Rows]) -> T_co: ...


class Weighed(Protocol):
    """A work, or what is a part of one that does several at once."""

    @property
    def weight(self) -> int: ...


class Together(Protocol):
    """What has gathered, one or several, as one work: what it reads is one answer for each."""

    def __call__(self, works: Sequence[Any]) -> Work[Sequence[Any]]: ...


@dataclass(frozen=True, slots=True)
class InTurn:
    """Works one after the other."""

    works: Sequence[Work[Any]]
    weight: int = 0

    def asks(self) -> Sequence[Ask]:
        return [ask for work in self.works for ask in work.asks()]

    def read(self, answers: Sequence[Rows]) -> Sequence[Any]:
        left = iter(answers)
        return [work.read([next(left) for _ in work.asks()]) for work in self.works]


@dataclass(frozen=True, slots=True)
class EachAsked:
    """Statements one after the other, the rows of each."""

    statements: Sequence[Ask]
    weight: int = 1

    def asks(self) -> Sequence[Ask]:
        return self.statements

    def read(self, answers: Sequence[Rows]) -> Sequence[Rows]:
        return answers
