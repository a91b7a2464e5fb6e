"""`python -m tests.postgres.sizes`: bytes and processor time of an event, for docs/operations/scale.md.

Bytes do not depend on how busy the machine is, processor time hardly does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import sys
from dataclasses import dataclass

from delivery_samples import NOW, delivered, entry
from postgres_server import Server, fresh_url

from router.delivery.bounds import Bounds
from router.delivery.postgres.address import address_of
from router.delivery.postgres.spool import PostgresSpool

_WIDE = Bounds(rows=10**8, payload_bytes=10**11, queue=10**6)
_FIRST = 10**8
_BODY, _BATCH = 100, 50


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes in all: of tables with their indexes, and of the log."""

    waiting: int
    claims: int
    said: int
    log: int

    def since(self, before: Sizes) -> Sizes:
        return Sizes(
            self.waiting - before.waiting, self.claims - before.claims, self.said - before.said,
            self.log - before.log,
        )  # fmt: skip


def sizes(server: Server, schema: str) -> Sizes:
    def of(*tables: str) -> str:
        return " + ".join(f"pg_total_relation_size('{schema}.{name}')" for name in tables)

    asked = f"SELECT {of('delivery', 'body')}, {of('dedup')}, {of('settlement')}"
    with server.session() as session:
        row = session.execute(
            f"{asked}, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::int8".encode()
        ).fetchone()
    assert row is not None
    return Sizes(*row)


async def measured(server: Server, events: int, payload: bytes, checkpoint: int) -> None:
    spool = await PostgresSpool.open(address_of(fresh_url(server)), bounds=_WIDE)
    schema = spool.layout.schema
    at, began = [sizes(server, schema)], _seconds(resource.RUSAGE_SELF)
    for first in range(_FIRST, _FIRST + events, _BODY):
        await spool.put([entry(first + each, payload=payload) for each in range(_BODY)])
        if checkpoint and (first - _FIRST) % checkpoint == 0:
            _checkpoint(server)
    at.append(sizes(server, schema))
    done = 0
    while rows := (await spool.claim("shop", _BATCH, NOW)).rows:
        await spool.settle(delivered(*(row.id for row in rows)), NOW)
        done += len(rows)
        if checkpoint and done % checkpoint == 0:
            _checkpoint(server)
    at.append(sizes(server, schema))
    await spool.close()
    took = _seconds(resource.RUSAGE_SELF) - began
    stored, sent = at[1].since(at[0]), at[2].since(at[1])
    waits = stored.waiting / events - len(payload)
    claim = stored.claims / events
    print(f"an event that waits: its payload of {len(payload)} and {waits:.0f} bytes, its claim {claim:.0f}")
    print(f"a claim, once the event was sent: {(stored.claims + sent.claims) / events:.0f} bytes")
    print(f"what a batch of {_BATCH} ended with: {sent.said / events * _BATCH:.0f} bytes")
    print(f"the log: {stored.log / events:.0f} bytes to store an event, {sent.log / events:.0f} to send it")
    print(f"processor time: {took / events * 1e6:.0f} us of the router")


def _seconds(whose: int) -> float:
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def _checkpoint(server: Server) -> None:
    with server.session() as session:
        session.execute("CHECKPOINT")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.postgres.sizes", description=__doc__)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--payload", type=int, default=1_000, help="bytes")
    parser.add_argument("--checkpoint", type=int, default=0, help="after each so many events; 0: none")
    asked = parser.parse_args()
    # A checkpoint of the server's own would add whole pages to the log at some moment.
    server = Server(fsync="off", max_wal_size="8GB", checkpoint_timeout="1d").create()
    began = _seconds(resource.RUSAGE_CHILDREN)
    server.start()
    try:
        payload = os.urandom(asked.payload // 2).hex().encode()
        asyncio.run(measured(server, asked.events, payload, asked.checkpoint))
    finally:
        server.remove()
    took = _seconds(resource.RUSAGE_CHILDREN) - began
    print(f"                {took / asked.events * 1e6:.0f} us of the server")
    return 0


if __name__ == "__main__":
    sys.exit(main())
