"""Lints that know TikTok: what its events mean, and what its matching and counting do with them."""

from __future__ import annotations

from router.lang.lint import Lint

LINTS: tuple[Lint, ...] = ()
