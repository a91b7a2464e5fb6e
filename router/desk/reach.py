"""The desk of a data directory: the running daemon's, or one opened here while none runs."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import httpx

from router.delivery.clock import SystemClock
from router.delivery.retry import Policy
from router.delivery.sealed import sealed_with
from router.delivery.sealing import Seal
from router.delivery.spool import SpoolUnusable
from router.delivery.sqlite import FILE, SqliteSpool
from router.desk import Answer, Asked, Desk
from router.desk.control import ask_daemon
from router.desk.replaying import Rework
from router.visitors import forget_kept


def ask(
    directory: Path,
    question: str,
    asked: Asked,
    *,
    seal: Seal | None = None,
    policy: Policy | None = None,
    rework: Rework | None = None,
) -> Answer:
    """Ask whoever has the spool of this directory. A daemon uses its own rules, policy and keys.

    Raises `SpoolUnusable` with what is wrong and what to do.
    """
    if not (directory / FILE).is_file():
        raise SpoolUnusable(
            f"there is no spool in {directory}\n"
            "  fix: name the daemon's data directory with --data, or its settings with --config"
        )
    try:
        answer = ask_daemon(directory, question, asked)
    except (httpx.HTTPError, OSError) as problem:
        raise SpoolUnusable(f"the daemon of {directory} does not answer: {type(problem).__name__}") from None
    if answer is not None:
        return answer
    return asyncio.run(_ask_here(directory, question, asked, seal, policy or Policy(), rework))


async def _ask_here(
    directory: Path, question: str, asked: Asked, seal: Seal | None, policy: Policy, rework: Rework | None
) -> Answer:
    spool = await SqliteSpool.open(directory)
    try:
        archive = (await sealed_with(spool, seal)).archive
        desk = Desk(archive, SystemClock(), policy, rework, forget=partial(forget_kept, directory))
        return await desk.ask(question, asked)
    finally:
        await spool.close()
