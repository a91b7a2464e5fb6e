"""kill -9 in the middle of puts: what was acknowledged is there, and a repeat is a repeat."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from delivery_samples import NOW, entry

from router.delivery.sqlite import SqliteSpool

CHILD = """
import asyncio, sys
from pathlib import Path
from delivery_samples import NOW, entry
from router.delivery.sqlite import SqliteSpool

async def putting(spool, client):
    for number in range(client, 10**9, 16):
        await spool.put([entry(number)])
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()

async def main():
    spool = await SqliteSpool.open(Path(sys.argv[1]))
    await spool.recover()
    await asyncio.gather(*(putting(spool, client) for client in range(16)))

asyncio.run(main())
"""


def crash(directory: Path, after: int) -> set[int]:
    """The numbers that a child acknowledged before it was killed, at least `after` of them."""
    command = [sys.executable, "-c", CHILD, str(directory)]
    paths = ":".join(["tests/delivery", "."])
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root, env={"PYTHONPATH": paths}) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(after)]
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
    assert child.returncode == -signal.SIGKILL
    return {int(line) for line in lines if line.endswith(b"\n")}


async def reopened(directory: Path, acknowledged: set[int]) -> None:
    spool = await SqliteSpool.open(directory)
    try:
        await spool.recover()
        stored = (await spool.stats()).rows
        assert await spool.put([entry(number) for number in sorted(acknowledged)]) == [False] * len(
            acknowledged
        )
        payloads: set[bytes] = set()
        while rows := (await spool.claim("shop", 1000, NOW)).rows:
            payloads |= {row.entry.payload for row in rows}
        assert len(payloads) == stored, "nothing is there twice"
        assert payloads >= {entry(number).payload for number in acknowledged}
    finally:
        await spool.close()


@pytest.mark.parametrize("after", [1, 37, 400])
def test_no_acknowledged_entry_is_lost_or_taken_twice(tmp_path: Path, after: int) -> None:
    acknowledged = crash(tmp_path / "data", after)
    acknowledged |= crash(tmp_path / "data", after)
    asyncio.run(reopened(tmp_path / "data", acknowledged))
