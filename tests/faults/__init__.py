"""Fault suites: the real daemon, a hostile TikTok and a judge; see README.md."""

import sys
from pathlib import Path

# How tests start daemons and ask them is written down once, in the folder beside this one.
_DAEMONS = str(Path(__file__).parents[1] / "end_to_end")
if _DAEMONS not in sys.path:
    sys.path.append(_DAEMONS)
