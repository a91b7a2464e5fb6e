"""Routers, servers and their faults: several of each, as processes; see README.md."""

import sys
from pathlib import Path

# How tests start a server, and what an entry of theirs looks like, is written down once.
_DELIVERY = str(Path(__file__).parents[1] / "delivery")
if _DELIVERY not in sys.path:
    sys.path.append(_DELIVERY)
