"""Whatever is typed, no feature fails, and every answer stands inside the text."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.editor.actions import quick_fixes
from router.editor.completion import complete
from router.editor.diagnostics import problems_by_file, wording
from router.editor.hover import hover
from router.editor.lenses import lenses
from router.editor.navigation import definition, references, rename
from router.editor.positions import plain, to_offset, to_position
from router.editor.ruleset import RuleSet
from router.editor.signatures import signature
from router.editor.symbols import outline
from router.editor.workspace import Workspace
from router.lang.source import Source, Span

from .texts import SHOP

ALONE = SHOP.replace('use "shared/money.rules"\n', "").replace("include base, money", "include base")
PIECES = st.sampled_from([
    "{", "}", "(", ")", "[", "]", '"', '"""', "#", "\n", "|", ".", ",", "=", "??", "-", "use ", "mapping ",
    "when ", "include ", "send ", "each x in ", "event.", "event.items[].", 'event."a b"', "\x00", "\x01",
    "\ufeff", "“", "🎁",
])  # fmt: skip
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 40), PIECES | st.text(max_size=6)), min_size=1, max_size=6
)


def edited(text: str, edits: list[tuple[float, int, str]]) -> str:
    """Pieces cut out and put in, somewhere."""
    for where, cut, piece in edits:
        at = int(where * len(text))
        text = text[:at] + piece + text[at + cut :]
    return plain(text)


def read(text: str) -> tuple[RuleSet, Source]:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace()
        path = Path(folder).resolve() / "typed.rules"
        workspace.put(path, text)
        rules = workspace.rule_set(path)
    file = rules.file(path)
    assert file is not None
    return rules, file.span.source


def assert_inside(span: Span) -> None:
    assert 0 <= span.start <= span.end <= len(span.source.text)


@settings(suppress_health_check=list(HealthCheck))
@given(EDITS, st.floats(0, 1))
def test_no_text_breaks_a_feature(edits: list[tuple[float, int, str]], where: float) -> None:
    rules, source = read(edited(ALONE, edits))
    offset = int(where * len(source.text))
    for problems in problems_by_file([rules]).values():
        for problem in problems:
            assert wording(problem)
            assert_inside(problem.mark.span)
    for each in complete(rules, source.text, offset, ["a.rules"]):
        assert 0 <= each.start <= offset
    shown = hover(rules, source, offset)
    if shown:
        assert_inside(shown[1])
        assert shown[1].start <= offset <= shown[1].end
    for span in [*definition(rules, source, offset), *references(rules, source, offset)]:
        assert_inside(span)
    rename([rules], source, offset, "renamed")
    signature(rules, source.text, offset)
    for fix in quick_fixes(rules.problems, 0, len(source.text)):
        assert_inside(fix.fix.span)
    file = next(each for each in rules.files if each.span.source is source)
    for symbol in outline(file):
        assert symbol.name
        assert symbol.whole.start <= symbol.name_at.start <= symbol.name_at.end <= symbol.whole.end
    for lens in lenses(file):
        assert_inside(lens.at)


@given(
    st.text(st.sampled_from("ab\n🎁é\u0301\t"), max_size=30), st.sampled_from(["utf-8", "utf-16", "utf-32"])
)
def test_positions_and_offsets_are_each_others_inverse(text: str, encoding: str) -> None:
    source = Source("x", text)
    for offset in range(len(text) + 1):
        line, column = to_position(source, offset, encoding)  # type: ignore[arg-type]  # a literal by its values
        assert to_offset(source, line, column, encoding) == offset  # type: ignore[arg-type]  # a literal by its values


@given(st.text(st.sampled_from("ab\n🎁"), max_size=20), st.integers(-3, 9), st.integers(-3, 30))
def test_any_position_is_some_offset(text: str, line: int, column: int) -> None:
    assert 0 <= to_offset(Source("x", text), line, column) <= len(text)
