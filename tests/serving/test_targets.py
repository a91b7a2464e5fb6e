"""The target of a request is what the parser of addresses says it is."""

from __future__ import annotations

from urllib.parse import unquote

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.serving.target import split_target

PRINTED = st.text(alphabet=[chr(each) for each in range(0x21, 0x7F)], max_size=30).map(str.encode)


@given(rest=PRINTED)
def test_a_path_is_split_as_the_parser_splits_it(rest: bytes) -> None:
    target = b"/" + rest
    parsed = httptools.parse_url(target)
    assert split_target(target) == (unquote(parsed.path.decode()), parsed.query or b"")


@pytest.mark.parametrize(
    ("target", "found"),
    [
        (b"/v1/events", ("/v1/events", b"")),
        (b"/a%20b/%C3%A4?q=%20#there", ("/a b/ä", b"q=%20")),
        (b"/a#b?c", ("/a", b"")),
        (b"//a//b", ("//a//b", b"")),
        (b"http://shop.example/a?b", ("/a", b"b")),
        (b"http://shop.example", ("/", b"")),
        (b"*", ("*", b"")),
        (b"/\xc3\xa4", None),
        (b"/a?\xff", None),
        (b"", None),
        (b"?a", None),
    ],
)
def test_what_a_target_is(target: bytes, found: tuple[str, bytes] | None) -> None:
    assert split_target(target) == found
