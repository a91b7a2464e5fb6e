"""Messages point at what their reader can change, and suggest what stands nearest."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.lang.diagnostics import Diagnostic, Help
from router.rulebook import load

RULE = "on purchase for web {\n  send CompletePayment to tiktok_web\n}\n"


def problems(path: Path, text: str) -> tuple[Diagnostic, ...]:
    path.write_text(f'language 1\nuse "standard.rules"\n{text}')
    return load([path]).problems


def offered(problem: Diagnostic) -> list[str]:
    return [each.fix.replacement for each in problem.remarks if isinstance(each, Help) and each.fix]


@pytest.mark.parametrize("name", ["a.rules", "z.rules"])
def test_of_two_rules_the_one_in_the_file_that_uses_the_other_is_the_second(
    tmp_path: Path, name: str
) -> None:
    (found,) = problems(tmp_path / name, RULE)
    assert (found.code, found.mark.span.source.name, found.mark.span.line) == (
        "E401",
        f"{tmp_path}/{name}",
        3,
    )
    assert offered(found) == ["override "]


def test_files_that_use_each_other_are_told_apart_by_name(tmp_path: Path) -> None:
    (tmp_path / "b.rules").write_text(f'language 1\nuse "a.rules"\n{RULE}')
    found = problems(tmp_path / "a.rules", f'use "b.rules"\noverride {RULE}override {RULE}')
    assert [each.code for each in found if each.code == "E401"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("page.url", "event.context.page.url"),
        ("context.url", "event.context.page.url"),
        ("order.id", "event.id"),
        ("user.order.id", "event.user.id"),
        ("traits.email", "event.user.email"),
    ],
)
def test_of_several_fields_of_a_name_the_nearest_is_suggested(
    tmp_path: Path, written: str, meant: str
) -> None:
    found = problems(tmp_path / "mine.rules", f"let mine = event.{written}\n")
    assert [offered(each) for each in found if each.code == "E201"] == [[meant]]
