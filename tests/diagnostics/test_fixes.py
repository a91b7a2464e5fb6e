"""Fixes that are called sure mend the file, and many mistakes are found in one run."""

import random
import shutil
from pathlib import Path

import pytest

from router.lang.diagnostics import Diagnostic, Fix, Help
from router.lang.draw import apply_fixes, draw
from router.rulebook import load

HERE = Path(__file__).parent
WRONG = [*sorted((HERE / "acceptance").glob("[0-9]*.rules")), *sorted((HERE / "codes").glob("*.rules"))]


def _sure(problems: tuple[Diagnostic, ...], path: Path) -> list[Fix]:
    fixes = [
        each.fix for problem in problems for each in problem.remarks if isinstance(each, Help) and each.fix
    ]
    return [fix for fix in fixes if fix.sure and Path(fix.span.source.name).name == path.name]


def _loaded(path: Path) -> tuple[Diagnostic, ...]:
    return load([path]).problems


@pytest.mark.parametrize("wrong", WRONG, ids=lambda path: path.stem)
def test_sure_fixes_make_the_file_check(wrong: Path, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(wrong.parent, folder)
    path = folder / wrong.name
    problems = _loaded(path)
    if not _sure(problems, path):
        return
    for _ in range(4):
        fixes = _sure(problems, path)
        path.write_text(apply_fixes(path.read_text(encoding="utf-8"), fixes), encoding="utf-8")
        before, problems = problems, _loaded(path)
        assert len(problems) < len(before) or not fixes
    assert [draw(each) for each in problems if each.severity == "error"] == []


def test_the_shown_fixes_of_the_acceptance_files_check_too(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(HERE / "acceptance", folder)
    for path in sorted(folder.glob("[0-9]*.rules")):
        fix = _loaded(path)[0].fix
        if fix is None:
            continue
        path.write_text(apply_fixes(path.read_text(encoding="utf-8"), [fix]), encoding="utf-8")
        assert _loaded(path) == (), path.name


def _lines_with_mistakes() -> list[tuple[str, str, str]]:
    """Declarations with one mistake each: the text, the code, and what is marked."""
    return [
        (f"let a{number} = {wrong}", code, marked)
        for number, (wrong, code, marked) in enumerate(
            [
                ("= 1", "E100", "="),
                ("event.valeu", "E201", "valeu"),
                ("unknown_name", "E202", "unknown_name"),
                ("lowr(event.id)", "E204", "lowr"),
                ('event.value > "5"', "E302", 'event.value > "5"'),
                ("round()", "E304", "round()"),
                ("event.id * 2", "E307", "event.id"),
                ("'text'", "E104", "'"),
                ("event.items.id", "E231", "id"),
                ("event.id.x", "E232", "x"),
                ('event.channel == "wbe"', "E330", '"wbe"'),
                ("event.id matches event.id", "E306", "event.id"),
                ("007", "E506", "007"),
                ("§", "E105", "§"),
            ]
            * 2
        )
    ]


def test_many_mistakes_are_all_found_in_one_run_at_their_places(tmp_path: Path) -> None:
    shutil.copytree(HERE / "codes" / "base", tmp_path / "base")
    wanted = _lines_with_mistakes()
    text = 'language 1\nuse "base/shop.rules"\n' + "".join(line + "\n" for line, _, _ in wanted)
    path = tmp_path / "many.rules"
    path.write_text(text, encoding="utf-8")
    problems = _loaded(path)
    found = [(each.mark.span.line, each.code, each.mark.span.text) for each in problems]
    assert found == [(3 + at, code, marked) for at, (_, code, marked) in enumerate(wanted)]
    assert [each.code for each in _loaded(path)] == [each.code for each in problems]


def test_broken_lines_cause_no_further_messages(tmp_path: Path) -> None:
    shutil.copytree(HERE / "codes" / "base", tmp_path / "base")
    path = tmp_path / "broken.rules"
    path.write_text(
        'language 1\nuse "base/shop.rules"\nuse "lost.rules"\nextend schema event {\n  tier: : text\n}\n'
        "let limit = = 3\nmapping order ( {\n  properties.value = limit\n}\n"
        'destination other [ {\n  type = "tiktok"\n}\n'
        "events with order {\n  event | web\n  a | | Search\n}\n"
        "on b for {\n  send Subscribe to other with order\n}\n"
        "mapping more {\n  include order, elsewhere\n  properties.status = event.tier\n"
        "  properties.value = limit + far_away\n}\n"
        'test "t" {\n  given {\n    event.event_name = "a"\n  }\n  expect send Search to other\n}\n',
        encoding="utf-8",
    )
    assert sorted({each.code for each in _loaded(path)}) == ["E100", "E230"]
    assert len(_loaded(path)) == 7


def test_messages_stay_in_order_whatever_the_order_of_files(tmp_path: Path) -> None:
    names = []
    for number in range(4):
        path = tmp_path / f"part{number}.rules"
        path.write_text(f"language 1\nlet name{number} = missing_{number}\nlet same = 1\n", encoding="utf-8")
        names.append(path)
    texts = []
    for _ in range(3):
        random.Random(_).shuffle(names)  # noqa: S311 - to be repeated
        texts.append(
            [(each.code, each.mark.span.source.name, each.mark.span.line) for each in load(names).problems]
        )
    assert texts[0] == texts[1] == texts[2]
    assert len(texts[0]) == 7


def test_a_long_line_is_cut_around_the_mark(tmp_path: Path) -> None:
    path = tmp_path / "long.rules"
    items = ", ".join(f'"item {number}"' for number in range(300))
    path.write_text(f"language 1\nlet all = [{items}, nowhere, {items}]\n", encoding="utf-8")
    (problem,) = _loaded(path)
    lines = draw(problem).splitlines()
    assert max(map(len, lines[2:])) < 180
    assert lines[3][lines[4].index("^") :].startswith("nowhere")
