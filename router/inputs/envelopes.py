"""Events with what their batch says of all of them."""

from __future__ import annotations

from typing import Any, Final

import orjson

from router.inputs.batches import Batches, read_batches
from router.inputs.request import BodyProblem, Fault
from router.settings import Limits

# It counts for every event of the batch, so a few kilobytes in could become many megabytes out.
_MOST_SHARED: Final = 64 * 1024
_TOO_MUCH: Final = BodyProblem(
    "body_too_large", f"what a batch says of all its events may have {_MOST_SHARED} bytes"
)

Enveloped = list[tuple[dict[str, Any], Any]]
"""Each event, or the `Fault` in its place, behind the object around its list."""


def read_enveloped(body: bytes, key: str, limits: Limits) -> Enveloped | BodyProblem:
    """The events under `key` of a body's object, or of each object in its list."""
    batches = read_batches(body, key, limits)
    if isinstance(batches, BodyProblem):
        return batches
    return _TOO_MUCH if len(body) > _MOST_SHARED and _shares_too_much(batches) else _flat(batches)


def _shares_too_much(batches: Batches) -> bool:
    return any(
        len(orjson.dumps(each.outer, default=str)) > _MOST_SHARED
        for each in batches
        if not isinstance(each, Fault) and len(each.events) > 1
    )


def _flat(batches: Batches) -> Enveloped:
    found: Enveloped = []
    for each in batches:
        if isinstance(each, Fault):
            found.append(({}, each))
        else:
            found.extend((each.outer, event) for event in each.events)
    return found
