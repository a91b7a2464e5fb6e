"""Real listeners for the tests: uvicorn on free ports of this machine, in one event loop of a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from router.lang.outcome import Arrival
from router.settings import Address, Limits, Settings
from router.web.intake import Intake, Receipt
from router.web.metrics import Metrics
from router.web.server import Listener, listen

NOW = 1_795_253_223.75


@dataclass
class Recorder:
    """Accepts everything and remembers it; `error` is raised instead when it is set."""

    arrivals: list[Arrival] = field(default_factory=list)
    error: Exception | None = None

    async def accept(self, arrivals: Sequence[Arrival]) -> Receipt:
        if self.error is not None:
            raise self.error
        self.arrivals.extend(arrivals)
        return Receipt({"send": len(arrivals)})


@dataclass
class Served:
    """A listener and what stands behind it."""

    url: str
    address: Address
    intake: Intake
    recorder: Recorder
    metrics: Metrics


class House:
    """Starts listeners, and stops them all at the end."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._listeners: list[Listener] = []

    def listen(self, app: object, limits: Limits | None = None) -> Address:
        starting = listen(app, Address("127.0.0.1", 0), limits or Limits())  # type: ignore[arg-type] # any app
        listener = asyncio.run_coroutine_threadsafe(starting, self._loop).result(10)
        self._listeners.append(listener)
        return listener.address

    def intake(self, settings: Settings | None = None) -> Served:
        used, recorder, metrics = settings or Settings(), Recorder(), Metrics()
        intake = Intake(recorder, used, metrics, clock=lambda: NOW)
        address = self.listen(intake, used.limits)
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
    _open_intake.recorder.error = None
    return _open_intake
