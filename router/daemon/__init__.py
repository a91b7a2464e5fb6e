"""The daemon, event by event:

arrivals      = decode(format, request)              inputs, called by web.intake
planned       = plan.run(arrival, inactive)          lang.compiled: every outcome, and each payload's bytes
new           = await spool.put(entries)             delivery: entry and dedup claim, one transaction
202                                                  only now
verdicts      = await client.send(batch)             delivery.worker, in lanes
await spool.settle(steps)                            sent, due again, or a dead letter
"""

from router.daemon.candidate import Candidate, prepare
from router.daemon.deployment import Deployment, NotReady
from router.daemon.plan import Plan
from router.daemon.process import end_when_asked, keep_memory_private, run_loop, run_service
from router.daemon.service import Service

__all__ = [
    "Candidate",
    "Deployment",
    "NotReady",
    "Plan",
    "Service",
    "end_when_asked",
    "keep_memory_private",
    "prepare",
    "run_loop",
    "run_service",
]
