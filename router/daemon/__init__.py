"""The daemon, event by event:

arrivals      = decode(format, request)              inputs, called by web.intake
result        = route(program, arrival)              lang: every outcome of one event
finished      = finish(send, event, now, settings)   tiktok.payload: the bytes, made once
new           = await spool.put(entries)             delivery: entry and dedup claim, one transaction
202                                                  only now
verdicts      = await client.send(batch)             delivery.worker, in lanes
await spool.settle(steps)                            sent, due again, or a dead letter
"""

from router.daemon.deployment import Deployment, NotReady, deploy
from router.daemon.service import Service, run_service

__all__ = ["Deployment", "NotReady", "Service", "deploy", "run_service"]
