"""Real listeners for the tests: on free ports of this machine, in one event loop of a thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from router.lang.outcome import Arrival
from router.serving import Listener, listen
from router.settings import Address, Settings
from router.web.acceptance import Receipt
from router.web.intake import Intake
from router.web.metrics import Metrics
from router.web.scope import SourceOf, unknown_source

NOW = 1_795_253_223.75


@dataclass
class Recorder:
    """Accepts everything and remembers it; `error` is raised instead when it is set."""

    arrivals: list[Arrival] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    correlations: list[str] = field(default_factory=list)
    error: Exception | None = None

    async def accept(
        self, arrivals: Sequence[Arrival], rejected: Mapping[str, int], correlation: str
    ) -> Receipt:
        if self.error is not None:
            raise self.error
        self.arrivals.extend(arrivals)
        self.rejected.update(rejected)
        self.correlations.append(correlation)
        return Receipt({"send": len(arrivals)})


@dataclass
class Served:
    """A listener and what stands behind it."""

    url: str
    address: Address
    intake: Intake
    recorder: Recorder
    metrics: Metrics

    def connect(self, *sends: bytes) -> socket.socket:
        """A bare connection on which these have been sent."""
        connection = socket.create_connection((self.address.host, self.address.port), timeout=10)
        for each in sends:
            connection.sendall(each)
        return connection

    def talk(self, *sends: bytes) -> bytes:
        """What comes back on a bare connection until the router closes it."""
        with self.connect(*sends) as connection:
            return b"".join(iter(lambda: connection.recv(65_536), b""))


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> float:
        return self.time


class House:
    """Starts listeners, and stops them all at the end."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._listeners: list[Listener] = []

    def listen(self, app: object, settings: Settings | None = None) -> Address:
        used, place = settings or Settings(), Address("127.0.0.1", 0)
        starting = listen(app, place, used.limits, trusted=used.trusted_proxies)  # type: ignore[arg-type] # any app
        listener = asyncio.run_coroutine_threadsafe(starting, self._loop).result(10)
        self._listeners.append(listener)
        return listener.address

    def intake(
        self,
        settings: Settings | None = None,
        clock: Callable[[], float] | None = None,
        source_of: SourceOf = unknown_source,
    ) -> Served:
        used, recorder, metrics = settings or Settings(), Recorder(), Metrics()
        intake = Intake(recorder, used, metrics, clock or Clock(), source_of)
        address = self.listen(intake, used)
        return Served(f"http://{address}", address, intake, recorder, metrics)

    def stop(self) -> None:
        async def stop_all() -> None:
            await asyncio.gather(*(each.stop(1) for each in self._listeners))

        asyncio.run_coroutine_threadsafe(stop_all(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    made = House()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def _open_intake(house: House) -> Served:
    return house.intake()


@pytest.fixture
def served(_open_intake: Served) -> Served:
    """An intake with default settings, as new."""
    _open_intake.recorder.arrivals.clear()
    _open_intake.recorder.rejected.clear()
    _open_intake.recorder.correlations.clear()
    _open_intake.recorder.error = None
    return _open_intake
