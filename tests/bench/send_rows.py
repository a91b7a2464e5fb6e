"""How fast `tagwright send` is, and what it needs: `python tests/bench/send_rows.py 1000000`.

Makes a CSV file of so many rows, sends it to a TikTok of this machine, and prints rows a second and the
largest memory of the command.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import router
from router.tiktok.mock import MockTikTok

RULES = Path(__file__).parents[1] / "sending" / "warehouse.rules"


def write_rows(path: Path, number: int) -> None:
    """Purchases of the last hour, each of somebody else."""
    now = int(time.time())
    with path.open("w", encoding="utf-8") as file:
        file.write("event_name,event_id,event_time,email,value,currency,consent\n")
        for each in range(number):
            at, person = now - each % 3600, f"person{each}@shop.example"
            file.write(f"purchase,e{each},{at},{person},{each % 100}.10,EUR,true\n")


def measure(number: int) -> None:
    """Send so many rows and print what it took."""
    with TemporaryDirectory() as folder, MockTikTok() as tiktok:
        write_rows(Path(folder) / "rows.csv", number)
        environment = {
            **os.environ, "PYTHONPATH": str(Path(router.__file__).parents[1]),
            "TIKTOK_PIXEL": "CPIXEL0000000000001", "TIKTOK_TOKEN": "token-of-the-bench",
            "TAGWRIGHT_TIKTOK_BASE_URL": tiktok.base_url,
        }  # fmt: skip
        command = [sys.executable, "-m", "router.cli", "send", "--rules", str(RULES), "--batch", "1000"]
        began = time.monotonic()
        subprocess.run([*command, "rows.csv"], cwd=folder, env=environment, check=True)
        seconds = time.monotonic() - began
        counted = tiktok.stats()["counted"]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"{counted:,} of {number:,} rows counted in {seconds:.0f} s")
    print(f"{number / seconds:,.0f} rows a second, {peak} MiB")


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
