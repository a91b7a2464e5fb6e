"""Query strings of tracking pixels."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from router.inputs.bodies import read_body
from router.inputs.request import BodyProblem, Fault
from router.settings import Limits

_DEEPEST: Final = 8
_NO_DATA: Final = Fault("not_json", "the parameter data is not base64 of a JSON object")


def nested(query: Mapping[str, str]) -> dict[str, Any]:
    """The parameters as an object: `context.page.url=x` is a member of a member of a member.

    A name that goes deeper than eight levels, or through a value, is left out.
    """
    tree: dict[str, Any] = {}
    for name, value in query.items():
        _put(tree, name.split("."), value)
    return tree


def _put(tree: dict[str, Any], path: list[str], value: Any) -> None:
    if len(path) > _DEEPEST or not all(path):
        return
    owner: Any = tree
    for step in path[:-1]:
        owner = owner.setdefault(step, {}) if isinstance(owner, dict) else None
    if isinstance(owner, dict) and not isinstance(owner.get(path[-1]), dict):
        owner[path[-1]] = value


def pixel_event(query: Mapping[str, str], limits: Limits) -> dict[str, Any] | Fault:
    """The event of a pixel: the base64 JSON of the parameter `data`, with the others put into it."""
    event: Any = _decoded(query["data"], limits) if query.get("data") else {}
    if not isinstance(event, dict):
        return _NO_DATA
    for name, value in query.items():
        if name != "data":
            _put(event, name.split("."), value)
    return event


def _decoded(data: str, limits: Limits) -> Any:
    # A `+` that was not escaped arrives as a space.
    text = data.strip().replace(" ", "+").replace("-", "+").replace("_", "/")
    try:
        body = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    events = read_body(body, lines=False, batch_key=None, limits=limits)
    return None if isinstance(events, BodyProblem) or len(events) != 1 else events[0]
