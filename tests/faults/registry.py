"""Every suite by its name."""

from __future__ import annotations

from collections.abc import Mapping

from . import backlog, clients, clocks, crashes, network, privacy, rot, stops, storage
from .suite import Suite

_MODULES = (crashes, storage, rot, stops, network, clocks, clients, backlog, privacy)
SUITES: Mapping[str, Suite] = {each.name: each for module in _MODULES for each in module.SUITES}
