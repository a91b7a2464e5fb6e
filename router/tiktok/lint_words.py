"""W5xx of TikTok: rules that are right by the language, and lose or falsify something at TikTok."""

from __future__ import annotations
