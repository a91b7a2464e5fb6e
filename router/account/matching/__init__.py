"""How many of the events that are sent carry what TikTok matches people by. Not TikTok's score."""

from router.account.matching.counting import Report, Row, of_recorded
from router.account.matching.keys import KEYS, Key
from router.account.matching.measured import NotMeasured, of_metrics

__all__ = ["KEYS", "Key", "NotMeasured", "Report", "Row", "of_metrics", "of_recorded"]
