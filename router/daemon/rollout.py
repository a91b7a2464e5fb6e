"""The rules in force, and how others take their place: all or nothing, while events come in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

import structlog

from router.daemon.aside import aside
from router.daemon.candidate import Candidate, Sources, prepare
from router.daemon.deployment import Deployment, NotReady, has_blanks
from router.daemon.plan import Plan
from router.daemon.shadow import Shadow
from router.delivery.clock import Clock
from router.lang.bind import bind
from router.logs import Redaction
from router.settings import EnvironmentVariables, Settings
from router.tiktok.client import Credentials
from router.web.metrics import Metrics

_LOG = structlog.get_logger()
LOOK_SECONDS: Final = 1.0

Cause = Literal["signal", "files"]


async def _nobody(_: Deployment) -> None:
    """Nobody else has to know."""


class Rollout:
    """Holds the deployment in force; it is read anew with each event, so one assignment swaps it.

    `taken` is awaited with each deployment after it has come into force by a reload.
    """

    def __init__(
        self,
        plan: Plan,
        settings: Settings,
        first: Candidate,
        environment: Callable[[], EnvironmentVariables],
        redaction: Redaction,
        metrics: Metrics,
        clock: Clock,
        taken: Callable[[Deployment], Awaitable[None]] = _nobody,
    ) -> None:
        if isinstance(first.live, NotReady) or isinstance(first.shadow, NotReady):
            raise TypeError("rules that are not ready cannot run")
        self.deployment: Deployment = first.live
        self.shadow = (
            Shadow(lambda: self.deployment, first.shadow, metrics.rollout, clock) if first.shadow else None
        )
        self._plan = plan
        self._settings = settings
        self._environment = environment
        self._redaction = redaction
        self._metrics = metrics
        self._clock = clock
        self._taken = taken
        self._sources = first.sources
        self._seen = first.sources
        self._turn = asyncio.Lock()
        self._failed_at: float | None = None
        self._problems: list[str] = []
        self._enforce(first.live)

    # -------------------------------------------------------------- reload

    async def reload(self, cause: Cause = "signal", seen: Sources | None = None) -> bool:
        """Read rules and token files again, and run the tests. On any mistake the old rules stay.

        Checking happens in a thread, so that events are taken meanwhile. `seen` is how the files looked when
        they called for it.
        """
        async with self._turn:
            variables = self._environment()
            found = await self._candidate(variables)
            self._redaction.register(variables.secrets())
            self._sources, self._seen = found.sources, seen or found.sources
            taken = await self._take(found.live, cause)
            self._take_shadow(found.shadow)
            return taken

    async def _candidate(self, variables: EnvironmentVariables) -> Candidate:
        """The seat belt: mistakes of users are values, so what is raised is a mistake of ours."""
        try:
            return await aside(lambda: prepare(self._plan, self._settings, variables), "reload")
        except Exception:
            _LOG.exception("reload_failed")
            broken = NotReady(problems=("an error of the router; please report it",))
            return Candidate(broken, None, self._sources)

    async def _take(self, found: Deployment | NotReady, cause: Cause) -> bool:
        if isinstance(found, NotReady):
            self._failed_at, self._problems = self._clock.now(), found.in_short()
            self._metrics.rules_reload_failed()
            kept = self.deployment.program.version
            _LOG.error("rules_reload_failed", kept=kept, cause=cause, problems=self._problems)
            return False
        self._failed_at, self._problems = None, []
        self._enforce(found)
        await self._taken(found)
        version = found.program.version
        _LOG.info("rules_reloaded", rules=version, cause=cause, remarks=list(found.remarks))
        return True

    def _enforce(self, deployment: Deployment) -> None:
        self._redaction.register(deployment.tokens)
        self.deployment = deployment
        self._metrics.rules_loaded(deployment.program.version, deployment.events)

    def _take_shadow(self, found: Deployment | NotReady | None) -> None:
        """The shadow's mistakes are its own: they keep the old shadow, and hold up nothing else."""
        if self.shadow is None:
            return
        if isinstance(found, Deployment):
            self.shadow.problems = []
            self.shadow.take(found)
        elif found is not None:
            self.shadow.problems = found.in_short()
            self.shadow.again()
            _LOG.error("shadow_reload_failed", problems=self.shadow.problems)

    # -------------------------------------------------------------- files

    async def watch(self) -> None:
        """Reload when a file has changed and then stayed the same for a look: it may be half written.

        Until cancelled. Each content is judged once.
        """
        before: Sources | None = None
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            look = await aside(self._sources.now, "look")
            if look.same(self._sources, self._seen):
                before = None
            elif before is None or not look.same(before):
                before = look
            else:
                before = None
                await self.reload("files", look)

    # -------------------------------------------------------------- tokens

    def credentials(self, destination: str) -> Credentials | None:
        """What a request of this destination carries now."""
        return self.deployment.credentials(destination)

    async def renew(self, destination: str) -> Credentials | None:
        """The same after reading the token again, of this one destination and under the rules in force."""
        asked, variables = self.deployment, self._environment()
        bound = await aside(lambda: bind(asked.program, variables).get(destination), "renew")
        token = bound.token if bound else None
        old = self.deployment.credentials(destination)
        if self.deployment is asked and token and not has_blanks(token) and old and token != old.token:
            self._redaction.register([token])
            self.deployment = asked.with_token(destination, token)
            _LOG.info("credentials_read_again", destination=destination)
        return self.credentials(destination)

    # -------------------------------------------------------------- status

    def status(self) -> dict[str, Any]:
        """The `rules` of `/status`."""
        return {
            "version": self.deployment.program.version,
            "files": list(self.deployment.files),
            "reload_failed_at": self._failed_at,
            "reload_problems": self._problems,
            "remarks": list(self.deployment.remarks),
        }
