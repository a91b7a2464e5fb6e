"""JSON as it is, for rule files that declare a shape of their own."""

from __future__ import annotations

from typing import Any

from router.inputs.request import Fault, RawRequest
from router.settings import Settings


def convert_raw(event: dict[str, Any], _request: RawRequest, _settings: Settings) -> dict[str, Any] | Fault:
    """The event untouched."""
    return event
