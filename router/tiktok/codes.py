"""What TikTok's answer codes mean for delivery: the body's code first, then the HTTP status."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Meaning(StrEnum):
    """Classes of answers. Payload: an event is wrong; config: the destination is; server: outcome unknown."""

    OK = "ok"
    PARTIAL = "partial"
    PAYLOAD = "payload"
    AUTH = "auth"
    PERMISSION = "permission"
    CONFIG = "config"
    THROTTLE = "throttle"
    SERVER = "server"
    GARBAGE = "garbage"
    UNKNOWN = "unknown"


_RETRY_CLASSES: Mapping[str, Meaning] = {
    "ok": Meaning.OK,
    "ok-duplicate": Meaning.OK,
    "partial": Meaning.PARTIAL,
    "payload": Meaning.PAYLOAD,
    "auth": Meaning.AUTH,
    "permission": Meaning.PERMISSION,
    "config": Meaning.CONFIG,
    "throttle": Meaning.THROTTLE,
    "retry": Meaning.SERVER,
    "other": Meaning.UNKNOWN,
}


def classify(status: int, code: int | None, *, is_json: bool) -> Meaning:
    """The meaning of an answer; `code` is None where the body has none (or none that is an integer).

    TikTok sends failures with HTTP 200 and the throttle 40100 with HTTP 401, so the code decides where there
    is one (H: DOC-ERR, DOC-RATE). A redirect is never an answer of the API.
    """
    if 300 <= status < 400:
        return Meaning.GARBAGE
    if code is None:
        return _by_status(status, is_json)
    meaning = by_code(code)
    # Success that HTTP contradicts says nothing of what became of the events.
    return Meaning.SERVER if meaning is Meaning.OK and not 200 <= status < 300 else meaning


def by_code(code: int) -> Meaning:
    """By the catalogue's list of codes, then by its ranges."""
    listed, ranges = _tables()
    if code in listed:
        return listed[code]
    meaning = ranges.get(code // 100, ranges.get(code // 1000, Meaning.UNKNOWN))
    # Nobody has documented the code: dead letters need better grounds than its neighbours.
    return Meaning.UNKNOWN if meaning is Meaning.PAYLOAD else meaning


def _by_status(status: int, is_json: bool) -> Meaning:
    if status == 429:
        return Meaning.THROTTLE
    if status >= 500:
        return Meaning.SERVER
    if status == 401:
        return Meaning.AUTH
    if status == 403:
        return Meaning.PERMISSION
    return Meaning.PAYLOAD if is_json and status in {400, 413, 422} else Meaning.GARBAGE


@cache
def _tables() -> tuple[dict[int, Meaning], dict[int, Meaning]]:
    """Meanings by code, and by the leading digits of a range such as `401xx` or `51xxx`."""
    catalogue = json.loads(files("router.tiktok").joinpath("catalogue.json").read_bytes())
    listed = {each["code"]: _RETRY_CLASSES[each["retry_class"]] for each in catalogue["error_codes"]}
    ranges = catalogue["retry_policy"]["default_by_range"]
    return listed, {int(name.rstrip("x")): _RETRY_CLASSES[kind] for name, kind in ranges.items()}
