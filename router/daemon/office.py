"""The operator's desk of a daemon, behind its socket in the data directory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from router.daemon import advice
from router.daemon.deployment import Deployment
from router.daemon.rework import Rework
from router.daemon.tuning import policy_of
from router.delivery.clock import Clock
from router.delivery.spool import Spool
from router.delivery.worker import Deliverer, DestinationStatus
from router.desk import Desk
from router.desk.control import SOCKET, ControlApp, bind_control
from router.serving import Listener, serve_on
from router.settings import Settings
from router.visitors import VisitorMemory

_LOG = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Office:
    """A desk that answers, and its door."""

    listener: Listener
    door: Path

    async def close(self) -> None:
        await self.listener.stop(0.5)
        # On a disk that has failed nothing can be removed either.
        with contextlib.suppress(OSError):
            self.door.unlink()


async def open_office(
    directory: Path,
    spool: Spool,
    deliverer: Deliverer,
    deployment: Callable[[], Deployment],
    settings: Settings,
    clock: Clock,
    visitors: VisitorMemory | None = None,
) -> Office | None:
    """Answer commands until it is stopped; None where the system has no such sockets there."""

    async def troubles() -> dict[str, str]:
        said = ((each, advice.for_state(each.state, each.reason)) for each in await deliverer.status())
        return {each.destination: _told(each, todo) for each, todo in said if todo is not None}

    forget = visitors.forget if visitors else None
    desk = Desk(spool.archive, clock, policy_of(settings), Rework(deployment), troubles, forget)
    try:
        bound = bind_control(directory)
    except OSError as problem:
        # Network file systems know no sockets: everything but the commands works without.
        _LOG.warning("no_control_socket", problem=problem.strerror)
        return None
    listener = await serve_on(ControlApp(desk), bound, settings.limits)
    return Office(listener, directory / SOCKET)


def _told(status: DestinationStatus, todo: str) -> str:
    why = f"{status.reason} {status.code}".strip()
    return f"{status.destination} is {status.state} ({why}): {todo}"
