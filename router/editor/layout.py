"""A rule file in the canonical layout, for `format document`."""

from __future__ import annotations

from router.assets import asset
from router.lang.format import Formatted, format_rules
from router.lang.source import Source


def laid_out(source: Source) -> str | None:
    """The formatted text; None where the file does not parse, whose mistakes the editor shows already."""
    found = format_rules(source, asset("grammar/rules.lark").read_text("utf-8"))
    return found.text if isinstance(found, Formatted) else None
