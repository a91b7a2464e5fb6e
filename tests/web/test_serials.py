"""Ids of our own for requests: no two alike, in a process and in those that it forks."""

from __future__ import annotations

import re
import subprocess
import sys

from router.web.serials import own_id

IN_A_CHILD = """
import os
from router.web.serials import own_id
print(own_id(), flush=True)
if os.fork():
    os.wait()
print(own_id(), flush=True)
"""


def test_no_two_are_alike() -> None:
    found = [own_id() for _ in range(1000)]
    assert len(set(found)) == 1000
    assert all(re.fullmatch("[0-9a-f]{16}", each) for each in found)


def test_a_child_does_not_go_on_where_its_parent_does() -> None:
    told = subprocess.run([sys.executable, "-c", IN_A_CHILD], capture_output=True, text=True, check=True)
    assert len(set(told.stdout.split())) == 3
