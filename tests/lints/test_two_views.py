"""W548: when a page view and a product view count alike, and when they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from .inspected import codes

SECOND = (
    '\ndestination other {\n  type   = "tiktok"\n  source = "web"\n'
    '  pixel  = env("OTHER_PIXEL")\n  token  = secret("TIKTOK_TOKEN")\n}\n'
)


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ("send ViewContent", "send ViewContent", ["W548"]),
        ("send ViewContent", 'send "Viewed"', []),
        ("send ViewContent", "send Search", []),
        ("send ViewContent to shop", "send ViewContent to other", []),
        ("send ViewContent to shop", "send ViewContent to shop, other", ["W548"]),
        ("send ViewContent to shop", "send ViewContent", ["W548"]),
        ('send ViewContent when event.event_name in ["view_item"]', "send ViewContent", []),
        ('send ViewContent when event.event_name in ["page_view"]', "send ViewContent", ["W548"]),
        ("send ViewContent when event.channel in names", "send ViewContent", ["W548"]),
        ("send ViewContent when event.event_name in names", "send ViewContent", []),
        ("send ViewContent when event.is_test", "send ViewContent", ["W548"]),
    ],
)
def test_two_views(first: str, second: str, wanted: list[str], tmp_path: Path) -> None:
    text = f'let names = ["view_item"]\non page_view {{ {first} }}\non view_item {{ {second} }}\n{SECOND}'
    assert [each for each in codes(text, tmp_path) if each == "W548"] == wanted
