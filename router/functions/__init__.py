"""The functions of the rule language."""

from __future__ import annotations

from router.functions import digest, identity, lists, numeric, text, times, web
from router.lang.library import Function, registry

__all__ = ["STANDARD"]

STANDARD: dict[str, Function] = registry(
    *text.TEXT.values(),
    *numeric.NUMERIC.values(),
    *lists.LISTS.values(),
    *times.TIMES.values(),
    *web.WEB.values(),
    *digest.DIGEST.values(),
    *identity.IDENTITY.values(),
)
