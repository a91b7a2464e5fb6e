"""Every lint word for word, on the example of its page."""

from pathlib import Path
from typing import Any

import pytest

from router.explanations import all_codes, page
from router.lang.draw import draw

from .inspected import inspected

LINTS = sorted(code for code in all_codes() if code.startswith("W") and code not in ("W501", "W503", "W504"))


@pytest.mark.parametrize("code", LINTS)
def test_each_lint_has_its_words(code: str, golden: Any, tmp_path: Path) -> None:
    text = "\n\n".join(
        draw(each) for each in inspected(page(code).wrong.whole, tmp_path) if each.code == code
    )
    golden(text.replace(f"{tmp_path}/", "") + "\n", f"{code}.txt")


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parent / "golden").glob("*.txt")), ids=lambda p: p.stem
)
def test_messages_keep_to_the_house_rules(path: Path) -> None:
    first, *rest = path.read_text(encoding="utf-8").splitlines()
    fact = first.partition("]: ")[2]
    assert len(rest) < 13
    assert not fact.endswith(".")
    assert fact[0] in '`"' or fact[0].islower() or fact.startswith("TikTok ")
