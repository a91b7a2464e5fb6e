"""Events and bodies that cannot be right, each with what is wrong about it."""

from __future__ import annotations

import gzip
from typing import Final

EVENTS: Final = (
    ("no event name", b'{"id":"broken-1","value":12.5,"consent":{"advertising":true}}'),
    ("name is a number", b'{"event_name":42,"consent":{"advertising":true}}'),
    ("not a number", b'{"event_name":"purchase","value":NaN,"consent":{"advertising":true}}'),
    ("lone surrogate", b'{"event_name":"search","search_term":"\\ud83d","consent":{"advertising":true}}'),
    ("not an object", b'"purchase"'),
    ("nested too deep", b'{"event_name":"purchase","properties":' + b"[" * 40 + b"]" * 40 + b"}"),
)
"""Members of batches that are rejected; their neighbours are not."""

ODD_TYPES: Final = (
    b'{"event_name":"purchase","id":%d,"value":"a lot","currency":["EUR"],"items":"boots",'
    b'"user":{"email":7,"phone":{}},"context":{"event_timestamp":%d,"page":{"url":"not a url"}},'
    b'"consent":{"advertising":true}}'
)
"""Taken all the same: what does not fit is left out. Takes a number for the id and a time."""

BODIES: Final[tuple[tuple[str, bytes, dict[str, str]], ...]] = (
    ("malformed JSON", b'{"event_name": "purchase", "value": 12', {}),
    (
        "cut-off gzip",
        gzip.compress(b'{"event_name":"purchase"}' * 9, mtime=0)[:-9],
        {"content-encoding": "gzip"},
    ),
    ("XML", b"<event>purchase</event>", {"content-type": "application/xml"}),
    ("empty body", b"", {}),
)
"""Whole bodies that are refused, with the headers that make them so."""
