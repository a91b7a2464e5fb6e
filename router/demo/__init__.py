"""An hour of a shop in a few seconds: TikTok's stand-in, a real daemon, made-up visitors, honest accounts."""

from __future__ import annotations

from router.demo.run import Options, run_demo

__all__ = ["Options", "run_demo"]
