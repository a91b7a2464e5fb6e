"""Routers on one database, and their faults: real daemons, real servers and a judge; see README.md."""

import sys
from pathlib import Path

# How tests start a server and a daemon, and what an entry of theirs looks like, is written down once.
for _place in (str(Path(__file__).parents[1] / name) for name in ("delivery", "end_to_end")):
    if _place not in sys.path:
        sys.path.append(_place)
