"""The spool of a daemon as its settings say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from router.daemon.tuning import bounds_of, reserve_of
from router.delivery.sealed import sealed_with
from router.delivery.sealing import Seal, SealProblem, read_seal
from router.delivery.spool import Spool, SpoolUnusable
from router.delivery.sqlite import SqliteSpool
from router.delivery.writer import unheard
from router.settings import Store


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
