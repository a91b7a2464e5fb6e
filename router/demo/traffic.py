"""A believable hour of a shop's traffic: the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, cycle, islice
from random import Random
from typing import Final

from router.demo import broken
from router.demo.journeys import JOURNEYS, Journey
from router.demo.people import browser, person
from router.demo.posts import STANDARD, Post, posts
from router.demo.visit import HOUR, Happening, Visit

RETRY: Final = "retry"
_ARRIVALS_UNTIL: Final = HOUR - 600
_SHARE_OF_VISITS: Final = 0.93
_BROKEN_EVERY: Final = 120
_RETRY_EVERY: Final = 25


def traffic(events: int, seed: int, now: int) -> list[Post]:
    """The requests of the hour that ends at the epoch second `now`, in their order, about `events` in all.

    Every kind of visitor and of mistake comes at least once, however few the events.
    """
    # The dice are to be the same for each seed, and guard nothing.
    dice = Random(seed)  # noqa: S311
    happenings = list(_visits(dice, round(events * _SHARE_OF_VISITS), now - HOUR))
    happenings += _mistakes(dice, len(happenings), now)
    made = posts(dice, happenings)
    sent = [*made, *_retries(dice, made), *_refused(dice, len(made))]
    return sorted(sent, key=lambda post: post.at)


def _visits(dice: Random, events: int, opening: int) -> Iterator[Happening]:
    """One visitor of each kind, then whoever comes, until there are events enough."""
    weights = [each.weight for each in JOURNEYS]
    crowd = iter(lambda: dice.choices(JOURNEYS, weights)[0], None)
    told = 0
    for number, journey in enumerate(chain(JOURNEYS, crowd), 1):
        visit = list(_visit(dice, journey, opening))
        told += len(visit)
        yield from visit
        if told >= events and number >= len(JOURNEYS):
            return


def _visit(dice: Random, journey: Journey, opening: int) -> Iterator[Happening]:
    start = dice.uniform(0, _ARRIVALS_UNTIL)
    return journey.tell(Visit(dice, opening, start, journey.kind, person(dice), browser(dice)))


def _mistakes(dice: Random, events: int, now: int) -> Iterator[Happening]:
    """Broken events among the good ones of the shop's server."""
    rejected = islice(cycle(broken.EVENTS), max(len(broken.EVENTS), events // _BROKEN_EVERY))
    for kind, text in rejected:
        yield Happening(dice.uniform(0, HOUR), kind, "server", text)
    for number in range(max(1, events // 500)):
        odd = broken.ODD_TYPES % (9_000_000 + number, now - dice.randrange(HOUR))
        yield Happening(dice.uniform(0, HOUR), "odd types", "server", odd)


def _refused(dice: Random, requests: int) -> Iterator[Post]:
    """Bodies that cannot be read at all."""
    for kind, body, headers in islice(cycle(broken.BODIES), max(len(broken.BODIES), requests // 150)):
        sent = {"content-type": "application/json", **headers}
        yield Post(dice.uniform(0, HOUR), STANDARD, "unreadable", body, sent, 1, frozenset({kind}))


def _retries(dice: Random, made: list[Post]) -> Iterator[Post]:
    """Senders that did not wait for the answer, or did not believe it: the same request once more."""
    for post in dice.sample(made, max(1, len(made) // _RETRY_EVERY)):
        yield replace(post, at=post.at + dice.uniform(1, 30), kinds=post.kinds | {RETRY})
