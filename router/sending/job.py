"""One run of `tagwright send`: a source, the rules, a store of its own, and the deliverer."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from router.daemon.acceptor import RuleAcceptor
from router.daemon.candidate import Candidate
from router.daemon.deployment import Deployment
from router.daemon.dry_run import JudgingSender, real_directory
from router.daemon.observing import MeteredDelivery
from router.daemon.plan import Plan
from router.daemon.rollout import Rollout
from router.daemon.storing import open_spool
from router.daemon.tuning import lanes_of, policy_of
from router.delivery.account import Account, Books
from router.delivery.clock import Clock, SystemClock
from router.delivery.spool import Spool
from router.delivery.surroundings import LaneSettings
from router.delivery.worker import Deliverer
from router.logs import Redaction
from router.sending.feeding import Bookmark, Feeder, NoRoom, Progress, RowAcceptor, cursor_of
from router.sending.report import Ending, Report, decisions_between, left_out
from router.sending.rows import Source, SourceBroken, Unit
from router.settings import EnvironmentVariables, Settings
from router.tiktok.client import TikTokClient, make_http_client
from router.web.metrics import Metrics

_LOOK_SECONDS: Final = 0.05
_SHOW_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Wish:
    """What a run was asked for: at most `limit` rows, at most `rate` events a second, all rows again."""

    limit: int | None = None
    rate: float | None = None
    from_start: bool = False


@dataclass(frozen=True, slots=True)
class Glimpse:
    """How a run stands, for whoever looks on. `trouble` is why nothing gets through, if so."""

    earlier: int
    rows: int
    size: int
    sent: int
    dead: int
    waiting: int
    trouble: str = ""


Shown = Callable[[Glimpse], None]


class Lookout(MeteredDelivery):
    """An observer that also calls `held`, with destination, reason and code, when one takes nothing more."""

    def __init__(
        self, metrics: Metrics, now: Callable[[], float], held: Callable[[str, str, str], None]
    ) -> None:
        super().__init__(metrics, now)
        self._held = held

    def changed(self, destination: str, state: str, reason: str, code: str) -> None:
        super().changed(destination, state, reason, code)
        if state == "held":
            self._held(destination, reason, code)


@dataclass(frozen=True, slots=True)
class _Parts:
    spool: Spool
    deliverer: Deliverer
    acceptor: RowAcceptor


class Sending:
    """`run` once; `stop` ends it early. `first` are the rules, checked and bound."""

    def __init__(
        self,
        settings: Settings,
        plan: Plan,
        first: Candidate,
        environment: Callable[[], EnvironmentVariables],
        redaction: Redaction,
        wish: Wish,
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings
        self._wish = wish
        self._clock = clock or SystemClock()
        self._metrics = Metrics(self._clock.now)
        self._observer = Lookout(self._metrics, self._clock.now, self._destination_held)
        self._rollout = Rollout(plan, settings, first, environment, redaction, self._metrics, self._clock)
        self._judging = JudgingSender(self._metrics.rollout, self._clock) if plan.dry_run else None
        self._halt = asyncio.Event()
        self._ending: Ending = "done"
        self._why = ""

    @property
    def deployment(self) -> Deployment:
        return self._rollout.deployment

    def stop(self) -> None:
        """Take no more rows, let open requests finish, and leave the rest for the next run."""
        self._end("stopped", "")

    async def run(self, source: Source, shown: Shown | None = None) -> Report:
        """Everything from the first row to the last delivery; closes the source.

        Raises `SpoolUnusable` and `SpoolBroken`.
        """
        feeder = Feeder(source, self._clock, self._halt, self._wish.limit)
        try:
            return await self._run(source.unit, feeder, shown)
        finally:
            if not feeder.reading:
                source.close()

    async def _run(self, unit: Unit, feeder: Feeder, shown: Shown | None) -> Report:
        began = self._clock.monotonic()
        async with self._opened() as parts:
            before = await parts.spool.archive.books()
            showing = asyncio.create_task(self._show(feeder, parts.spool, shown)) if shown else None
            parts.deliverer.configure(self.deployment.active)
            try:
                await self._work(feeder, parts)
            finally:
                if showing:
                    showing.cancel()
            await parts.deliverer.drain(self._settings.delivery.drain_seconds)
            after = await parts.spool.archive.books()
        return self._report(unit, feeder.progress, before, after, self._clock.monotonic() - began)

    def _report(self, unit: Unit, progress: Progress, before: Books, after: Books, seconds: float) -> Report:
        observer = self._observer
        return Report(
            ending=self._ending,
            why=self._why,
            unit=unit,
            earlier=progress.earlier,
            rows=progress.rows,
            rejected=progress.rejected,
            decisions=decisions_between(before, after),
            sent=observer.sent_by_event.total(),
            dead=_by_reason(observer.dead),
            waiting={name: count for name, count in after.waiting.items() if count},
            left_out=left_out(self._metrics),
            seconds=seconds,
            findings=tuple(self._judging.status()["findings"]) if self._judging else None,
        )

    # -------------------------------------------------------------- the parts

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[_Parts]:
        folder = Path(tempfile.mkdtemp(prefix="tagwright-dry-run-")) if self._judging else None
        http = make_http_client()
        try:
            spool = await self._spool(folder)
            try:
                await spool.recover()
                yield self._parts(spool, http)
            finally:
                await spool.close()
        finally:
            await http.aclose()
            if folder:
                shutil.rmtree(folder, ignore_errors=True)

    async def _spool(self, dry: Path | None) -> Spool:
        """A dry run leaves nothing behind: what it judged is to be judged again, and sent in earnest."""
        store = self._settings.store
        if dry is None:
            return await open_spool(real_directory(self._settings.data), store, self._metrics.committed)
        roomy = replace(
            store, free_bytes=0, free_percent=0.0, ballast_bytes=0, seal_key=None, keep_events=False
        )
        return await open_spool(dry, roomy)

    def _parts(self, spool: Spool, http: Any) -> _Parts:
        sender = self._judging or TikTokClient(
            http, self._settings.tiktok.base_url, self._rollout.credentials,
            renew=self._rollout.renew, clock=self._clock,
        )  # fmt: skip
        lanes = paced(lanes_of(self._settings.delivery), self._wish.rate)
        deliverer = Deliverer(
            spool, sender, clock=self._clock, observer=self._observer,
            policy=policy_of(self._settings), settings=lanes,
        )  # fmt: skip
        bookmark = Bookmark(spool)
        acceptor = RuleAcceptor(
            lambda: self.deployment, bookmark, self._metrics, self._settings, self._clock.now
        )
        return _Parts(spool, deliverer, RowAcceptor(bookmark, acceptor))

    # -------------------------------------------------------------- the work

    async def _work(self, feeder: Feeder, parts: _Parts) -> None:
        breaking = asyncio.create_task(self._watch_the_disk(parts.deliverer))
        try:
            earlier = await self._cursor(feeder.source.fingerprint, parts)
            await feeder.feed(earlier, parts.acceptor, parts.spool)
        except SourceBroken as problem:
            self._ending, self._why = "unreadable", str(problem)
        except NoRoom as problem:
            self._end("no_room", str(problem))
        finally:
            await self._deliver_the_rest(parts.spool)
            breaking.cancel()

    async def _cursor(self, fingerprint: str | None, parts: _Parts) -> int:
        """How many rows earlier runs have taken, and from now on the books go on from there."""
        if fingerprint is None:
            return 0
        cursor = parts.acceptor.bookmark.cursor = cursor_of(fingerprint)
        taken = (await parts.spool.archive.books()).postings.get(cursor, 0)
        if taken and self._wish.from_start:
            await parts.spool.put([], Account({cursor: -taken}))
            return 0
        return taken

    async def _deliver_the_rest(self, spool: Spool) -> None:
        """Until nothing waits for a destination that the rules have."""
        active = frozenset(self.deployment.active)
        while not self._halt.is_set():
            stats = await spool.stats()
            if not active & (stats.pending.keys() | stats.leased.keys()):
                return
            await self._clock.sleep(_LOOK_SECONDS)

    async def _watch_the_disk(self, deliverer: Deliverer) -> None:
        await deliverer.broken.wait()
        self._end("no_room", "the disk failed")

    def _destination_held(self, destination: str, reason: str, code: str) -> None:
        self._end("held", f"{destination}: {reason}" + (f", code {code}" if code else ""))

    def _end(self, ending: Ending, why: str) -> None:
        """The first reason counts."""
        if self._ending == "done":
            self._ending, self._why = ending, why
        self._halt.set()

    async def _show(self, feeder: Feeder, spool: Spool, shown: Shown) -> None:
        while True:
            progress, observer = feeder.progress, self._observer
            troubles = (f"{name}: {trouble.reason}" for name, trouble in observer.troubles.items())
            shown(
                Glimpse(
                    progress.earlier, progress.rows, progress.size, observer.sent_by_event.total(),
                    observer.dead.total(), (await spool.stats()).rows, next(troubles, ""),
                )
            )  # fmt: skip
            await self._clock.sleep(_SHOW_SECONDS)


def paced(lanes: LaneSettings, rate: float | None) -> LaneSettings:
    """Lanes that never send more than `rate` events a second: fewer requests, and smaller ones if need be."""
    if rate is None:
        return lanes
    batch = max(1, min(lanes.batch_max, int(rate)))
    return replace(lanes, batch_max=batch, requests_per_second=min(lanes.requests_per_second, rate / batch))


def _by_reason(dead: Counter[tuple[str, str]]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for (_, reason), count in dead.items():
        counts[reason] += count
    return dict(counts.most_common())
