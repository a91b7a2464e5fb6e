"""What rules, TikTok's catalogue and the functions say to people who do not read code."""

from router.handbook.blocks import Document
from router.handbook.markdown import markdown
from router.handbook.page import page
from router.handbook.ruleset import describe

__all__ = ["Document", "describe", "markdown", "page"]
