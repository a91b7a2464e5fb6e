"""The desk of a data directory: the running daemon's, or one opened here while none runs."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import httpx

from router.delivery.clock import Clock, SystemClock
from router.delivery.postgres.address import address_of, need_driver
from router.delivery.postgres.clock import DatabaseClock
from router.delivery.retry import Policy
from router.delivery.sealed import sealed_with
from router.delivery.sealing import Seal
from router.delivery.spool import Spool, SpoolUnusable
from router.delivery.sqlite import FILE, SqliteSpool
from router.desk import Answer, Asked, Desk
from router.desk.control import SOCKET, ask_daemon
from router.desk.replaying import Rework
from router.settings import DatabaseUrl
from router.visitors import forget_kept


def ask(
    directory: Path,
    question: str,
    asked: Asked,
    *,
    seal: Seal | None = None,
    policy: Policy | None = None,
    rework: Rework | None = None,
    database: DatabaseUrl | None = None,
) -> Answer:
    """Ask the daemon of this directory, which uses its own rules, policy and keys; or, while none runs, look
    into its spool, which is in the `database` if there is one.

    Raises `SpoolUnusable` with what is wrong and what to do.
    """
    answer = _asked_daemon(directory, question, asked)
    if answer is not None:
        return answer
    if database is None and not (directory / FILE).is_file():
        raise SpoolUnusable(
            f"there is no spool in {directory}\n"
            "  fix: name the daemon's data directory with --data, or its settings with --config"
        )
    return asyncio.run(_ask_here(directory, question, asked, seal, policy or Policy(), rework, database))


def _asked_daemon(directory: Path, question: str, asked: Asked) -> Answer | None:
    if not (directory / SOCKET).exists():
        return None
    try:
        return ask_daemon(directory, question, asked)
    except (httpx.HTTPError, OSError) as problem:
        raise SpoolUnusable(f"the daemon of {directory} does not answer: {type(problem).__name__}") from None


async def _ask_here(
    directory: Path,
    question: str,
    asked: Asked,
    seal: Seal | None,
    policy: Policy,
    rework: Rework | None,
    database: DatabaseUrl | None,
) -> Answer:
    clock: Clock = SystemClock()
    spool: Spool
    if database is None:
        spool = await SqliteSpool.open(directory)
    else:
        spool, clock = await _visited(database)
    try:
        archive = (await sealed_with(spool, seal)).archive
        desk = Desk(archive, clock, policy, rework, forget=partial(forget_kept, directory))
        return await desk.ask(question, asked)
    finally:
        await spool.close()


async def _visited(database: DatabaseUrl) -> tuple[Spool, Clock]:
    """The spool of routers that go on meanwhile, and their clock."""
    need_driver()
    from router.delivery.postgres.spool import PostgresSpool

    clock = DatabaseClock()
    return await PostgresSpool.visit(address_of(database.url), clock), clock
