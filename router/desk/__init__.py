"""The operator's desk: dead letters, traces of events, erasure. The same whether a daemon runs or not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from router.delivery.archive import Archive
from router.delivery.clock import Clock
from router.delivery.retry import Policy
from router.delivery.spool import SpoolError
from router.desk.erasure import person_of, rows_of
from router.desk.letters import dead_query, every, shown, shown_payload
from router.desk.replaying import Rework, Wish, replay
from router.desk.tracing import trace_of

_ERASED_AT_ONCE = 500

Asked = Mapping[str, Any]
Answer = dict[str, Any]
Forget = Callable[[Collection[str]], Awaitable[int]]


class Desk:
    """Questions and answers are plain JSON; `{"error": …}` says why something was not done.

    `rework` runs the rules in force over a kept event, where there are any. `troubles` tells, by destination,
    what keeps it from taking events. `forget` removes what is remembered of
    the visitor with one of the hashes.
    """

    def __init__(
        self,
        archive: Archive,
        clock: Clock,
        policy: Policy,
        rework: Rework | None = None,
        troubles: Callable[[], Awaitable[Mapping[str, str]]] | None = None,
        forget: Forget | None = None,
    ) -> None:
        self._archive = archive
        self._clock = clock
        self._policy = policy
        self._rework = rework
        self._troubles = troubles
        self._forget = forget
        self._questions: Mapping[str, Callable[[Asked], Awaitable[Answer]]] = {
            "dead": self._dead,
            "letter": self._letter,
            "replay": self._replay,
            "purge": self._purge,
            "why": self._why,
            "erase": self._erase,
        }

    async def ask(self, question: str, asked: Asked) -> Answer:
        """Answer a question by its name."""
        answer = self._questions.get(question)
        if answer is None:
            return {"error": f"there is no question {question}"}
        try:
            return await answer(asked)
        except SpoolError as problem:
            return {"error": str(problem)}

    async def _dead(self, asked: Asked) -> Answer:
        """`limit` letters that fit, and how many there are in all, by reason and code."""
        query = dead_query(asked, self._clock.now())
        limit, letters = int(asked.get("limit", 50)), list[Answer]()
        groups: dict[tuple[str, str, str], int] = {}
        async for page in every(self._archive, query):
            letters += [shown(letter) for letter in page[: max(0, limit - len(letters))]]
            for letter in page:
                group = (letter.entry.destination, letter.reason, letter.code)
                groups[group] = groups.get(group, 0) + 1
        named = ("destination", "reason", "code")
        return {
            "letters": letters,
            "groups": [
                dict(zip(named, group, strict=True)) | {"count": count} for group, count in groups.items()
            ],
        }

    async def _letter(self, asked: Asked) -> Answer:
        found = await self._archive.dead(1, query=dead_query({"ids": [asked["id"]]}, 0.0))
        if not found:
            return {"error": f"there is no dead letter {asked['id']}"}
        payload = shown_payload(found[0], reveal=bool(asked.get("reveal")))
        return {**shown(found[0]), "payload": payload}

    async def _replay(self, asked: Asked) -> Answer:
        now = self._clock.now()
        anew = bool(asked.get("rerun_rules"))
        if anew and self._rework is None:
            return {"error": "there are no rules to run again"}
        wish = Wish(self._rework if anew else None, bool(asked.get("force")), bool(asked.get("dry_run")))
        return (await replay(self._archive, dead_query(asked, now), wish, self._policy, now)).plain()

    async def _purge(self, asked: Asked) -> Answer:
        now, purged = self._clock.now(), 0
        async for page in every(self._archive, dead_query(asked, now)):
            purged += await self._archive.discard([letter.id for letter in page], now)
        return {"purged": purged}

    async def _why(self, asked: Asked) -> Answer:
        troubles = await self._troubles() if self._troubles else {}
        return {**await trace_of(self._archive, str(asked["event_id"])), "troubles": dict(troubles)}

    async def _erase(self, asked: Asked) -> Answer:
        wanted = {name: asked.get(name) for name in ("email", "phone", "external_id", "country")}
        person = person_of(**wanted)
        if isinstance(person, str):
            return {"error": person}
        if not person:
            return {"error": "nobody was named"}
        rows = await rows_of(self._archive, person)
        erased = 0
        for start in range(0, len(rows), _ERASED_AT_ONCE):
            part = rows[start : start + _ERASED_AT_ONCE]
            erased += await self._archive.erase(part, self._clock.now())
        forgotten = {} if self._forget is None else {"forgotten": await self._forget(person.hashes)}
        return {"erased": erased, **forgotten}
