"""Works of one statement, or of the same statement in every bucket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.delivery.postgres.layout import Layout
from router.delivery.postgres.work import Ask, Rows


@dataclass(frozen=True, slots=True)
class Read:
    """One statement, its rows."""

    layout: Layout
    name: str
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    weight: int = 1

    def asks(self) -> Sequence[Ask]:
        return [Ask(self.layout.sql[self.name], {"every": self.layout.every, **self.values})]

    def read(self, answers: Sequence[Rows]) -> Rows:
        return answers[0]


@dataclass(frozen=True, slots=True)
class InBuckets:
    """The statement in some buckets, the first first: a list of rows for each."""

    layout: Layout
    name: str
    values: Mapping[int, Mapping[str, Any]] = field(repr=False)
    weight: int = 1

    def asks(self) -> Sequence[Ask]:
        return [
            Ask(self.layout.sql[self.name], {"bucket": bucket, **values})
            for bucket, values in self.values.items()
        ]

    def read(self, answers: Sequence[Rows]) -> list[Rows]:
        return list(answers)


def everywhere(layout: Layout, name: str, **values: Any) -> InBuckets:
    return InBuckets(layout, name, dict.fromkeys(layout.every, values))


def total(answers: Sequence[Rows]) -> int:
    """The sum of what statements counted."""
    return sum(int(rows[0][0]) for rows in answers if rows)
