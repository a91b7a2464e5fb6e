"""Two rule sets on the same events: what TikTok would get more, less, or otherwise."""

from __future__ import annotations

from router.compare.destinations import Setting, settings_changed
from router.compare.events import Change, Compared, Kind, compare
from router.compare.summary import Group, Summary

__all__ = ["Change", "Compared", "Group", "Kind", "Setting", "Summary", "compare", "settings_changed"]
