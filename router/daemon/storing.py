"""The spool of a daemon as its settings say: in its data directory, or in a database of several routers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from router.daemon.tuning import bounds_of, reserve_of
from router.delivery.clock import Clock, SystemClock
from router.delivery.company import Alone, Company
from router.delivery.ownership import IN_DATABASE, OwnedDirectory
from router.delivery.postgres.address import address_of, need_driver
from router.delivery.postgres.clock import DatabaseClock
from router.delivery.room import Reserve
from router.delivery.sealed import sealed_with
from router.delivery.sealing import Seal, SealProblem, read_seal
from router.delivery.spool import Spool, SpoolUnusable
from router.delivery.sqlite import FILE, SqliteSpool
from router.delivery.writer import unheard
from router.settings import DatabaseUrl, Settings, Store

if TYPE_CHECKING:
    from router.delivery.postgres.spool import PostgresSpool


class SharingFigures(TypedDict):
    """Routers that use the spool; rows that this one took over, outcomes of its own that came too late."""

    up: bool
    routers: int
    taken_over: int
    late: int


@dataclass(frozen=True, slots=True)
class Storage:
    """A spool that is open, and what there is to know of it beside its content.

    `reserve` is what is kept free on the disk of the data directory, where the spool is there.
    """

    spool: Spool
    reserve: Reserve
    company: Company = field(default_factory=Alone)
    database: PostgresSpool | None = None
    directory: OwnedDirectory | None = None
    """What this process has to itself beside a spool in a database."""

    @property
    def trouble(self) -> str | None:
        """Why nothing can be stored at the moment."""
        reached = self.database is None or self.database.reach.away_seconds is None
        return None if reached else "the database does not answer"

    @property
    def routers(self) -> int:
        """How many use the spool."""
        return 1 if self.database is None else self.database.company.nodes

    def status(self) -> dict[str, Any]:
        """What `/status` shows of it."""
        database = self.database
        away = None if database is None else database.reach.away_seconds
        return {
            "kind": "sqlite" if database is None else "postgresql",
            "place": None if database is None else database.shown,
            "routers": self.routers,
            "away_seconds": None if away is None else round(away),
            "risks": [] if database is None else list(database.risks),
        }

    def figures(self) -> SharingFigures:
        """What the metrics show of it."""
        database = self.database
        return {
            "up": self.trouble is None,
            "routers": self.routers,
            "taken_over": database.pulse.taken_over if database else 0,
            "late": database.leases.late if database else 0,
        }

    async def close(self) -> None:
        """Finish what waits, and let the directory go."""
        try:
            await self.spool.close()
        finally:
            if self.directory is not None:
                self.directory.release()


def clock_of(settings: Settings, *, dry_run: bool = False) -> Clock:
    """Routers of one database go by its clock."""
    return SystemClock() if settings.spool is None or dry_run else DatabaseClock()


async def open_storage(
    directory: Path,
    settings: Settings,
    committed: Callable[[float], None],
    clock: Clock,
    *,
    dry_run: bool = False,
) -> Storage:
    """Open or make the spool, in the directory if it is a dry run's. Raises `SpoolUnusable`.

    `committed` is called, in whatever thread, with the seconds of each commit.
    """
    if settings.spool is None or dry_run:
        spool = await open_spool(directory, settings.store, committed)
        return Storage(spool, reserve_of(settings.store))
    owned = OwnedDirectory(directory)
    try:
        return await _open_shared(owned, settings.spool, settings.store, committed, clock)
    except BaseException:
        owned.release()
        raise


async def open_spool(directory: Path, store: Store, committed: Callable[[float], None] = unheard) -> Spool:
    """Open or make the spool of a directory, its payloads sealed if so set. Raises `SpoolUnusable`.

    `committed` is called, in another thread, with the seconds of each commit.
    """
    seal = _seal(store)
    spool = await SqliteSpool.open(
        directory,
        bounds=bounds_of(store),
        hot_keys=store.dedup_cache,
        reserve=reserve_of(store),
        committed=committed,
    )
    try:
        return await sealed_with(spool, seal)
    except BaseException:
        await spool.close()
        raise


async def _open_shared(
    directory: OwnedDirectory,
    database: DatabaseUrl,
    store: Store,
    committed: Callable[[float], None],
    clock: Clock,
) -> Storage:
    need_driver()
    from router.delivery.postgres.spool import PostgresSpool

    seal, address = _seal(store), address_of(database.url)
    _refuse_two_spools(directory.path, str(address))
    shared = await PostgresSpool.open(
        address,
        bounds=bounds_of(store),
        committed=committed,
        clock=clock if isinstance(clock, DatabaseClock) else None,
        was_there=directory.known() == IN_DATABASE,
    )
    try:
        spool = await sealed_with(shared, seal)
        directory.remember(IN_DATABASE)
    except BaseException:
        await shared.close()
        raise
    return Storage(spool, Reserve(0, 0.0, 0), shared.company, shared, directory)


def _refuse_two_spools(directory: Path, address: str) -> None:
    if (directory / FILE).exists():
        raise SpoolUnusable(
            f"{directory} has a spool of its own, and nobody would send what waits in it\n"
            f"  fix: tagwright spool copy {directory} {address}, or choose another data directory"
        )


def _seal(store: Store) -> Seal | None:
    if store.keep_events and store.seal_key is None:
        raise SpoolUnusable(
            "store.keep_events is on, and events are kept sealed or not at all\n"
            "  fix: set store.seal_key to a file of keys, or switch store.keep_events off"
        )
    try:
        return None if store.seal_key is None else read_seal(store.seal_key)
    except SealProblem as problem:
        raise SpoolUnusable(f"store.seal_key: {problem}") from None
