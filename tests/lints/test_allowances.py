"""`# allow CODE: reason`: where it holds, and what makes it hold nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from .inspected import codes

HEAD = "on signup {\n  send Lead {\n    page.url = event.url\n"
TAIL = "  }\n}\n"
EUR = 'properties.currency = "EUR"'


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}    {EUR}  # allow W546: one country\n{TAIL}",
        f"{HEAD}    # allow W546: one country\n    {EUR}\n{TAIL}",
        f"{HEAD}    # allow W546: one country\n\n    # a remark\n    {EUR}\n{TAIL}",
        f"# allow W546: one country\n{HEAD}    {EUR}\n{TAIL}",
        f"{HEAD.replace('{', '{  # allow W546: one country', 1)}    {EUR}\n{TAIL}",
        f"{HEAD}    when event.is_test {{  # allow W546, W501: tests\n"
        f'      {EUR}\n      properties.status = "a" ?? event.id\n    }}\n{TAIL}',
    ],
)
def test_it_holds_for_its_line_the_next_one_or_a_block(text: str, tmp_path: Path) -> None:
    assert codes(text, tmp_path) == []


@pytest.mark.parametrize(
    ("comment", "wanted"),
    [
        ("# allow W546", ["W505", "W546"]),
        ("# allow W546:", ["W505", "W546"]),
        ("# allow W535: no such thing here", ["W506", "W546"]),
        ("# allow W999: nothing", ["W507", "W546"]),
        ("# allow E301: never", ["W507", "W546"]),
        ("# allow me to explain", ["W546"]),
        ('let text = "# allow W546: a text"', ["W502", "W546"]),
    ],
)
def test_what_allows_nothing(comment: str, wanted: list[str], tmp_path: Path) -> None:
    text = f"{comment}\n\n{HEAD}    {EUR}\n{TAIL}"
    assert sorted(codes(text, tmp_path)) == wanted


def test_errors_cannot_be_allowed(tmp_path: Path) -> None:
    text = "# allow E201: it will come\nlet a = event.nothing\n"
    assert codes(text, tmp_path) == ["E201"]


def test_check_knows_allowances_and_does_not_judge_them(tmp_path: Path) -> None:
    line = 'properties.status = "a" ?? event.id  # allow W501: kept for later'
    text = f"{HEAD}    {line}\n{TAIL}# allow W546: x\n"
    assert codes(text, tmp_path, "check") == []
    assert codes(text, tmp_path, "lint") == ["W506"]


def test_it_ends_with_its_block(tmp_path: Path) -> None:
    rule = f"{HEAD}    {EUR}\n{TAIL}"
    text = f"# allow W546: one country\n{rule}{rule.replace('signup', 'other')}"
    assert codes(text, tmp_path) == ["W546"]
