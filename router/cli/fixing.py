"""`--fix`: the corrections that are sure, made in the named files until none is left."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from router.assets import asset
from router.cli.replacing import replace_file
from router.lang.diagnostics import Diagnostic, Fix, Help
from router.lang.draw import apply_fixes
from router.lang.source import Source
from router.linting import Depth, Inspection, inspect_rules

_MOST_ROUNDS = 50
_UNENDED = "\n\\ No newline at end of file\n"


@dataclass(slots=True)
class Draft:
    """A file that is being mended: its text before and now, and what was done, in order."""

    path: Path
    name: str
    before: str
    text: str
    changes: list[str] = field(default_factory=list)


def mend(groups: Iterable[Sequence[Path]], depth: Depth) -> list[Draft]:
    """The named files with every sure fix made; nothing is written. Shipped files stay as they are."""
    drafts: dict[Path, Draft] = {}
    for paths in groups:
        for _ in range(_MOST_ROUNDS):
            found = inspect_rules(paths, depth, {path: draft.text for path, draft in drafts.items()})
            if not _round(found, drafts):
                break
    return [draft for draft in drafts.values() if draft.text != draft.before]


def _round(found: Inspection, drafts: dict[Path, Draft]) -> bool:
    """Make the fixes that are known now; False when there are none, or none of them changes anything."""
    changed = False
    for path, source in found.named.items():
        offers = [] if path.is_relative_to(asset("rules").resolve()) else list(_sure(found.problems, source))
        if offers:
            draft = drafts.setdefault(path, Draft(path, source.name, source.text, source.text))
            text = apply_fixes(draft.text, [fix for _, fix in offers])
            changed = changed or text != draft.text
            draft.text = text
            draft.changes += [_told(problem, fix) for problem, fix in offers]
    return changed


def _sure(problems: Iterable[Diagnostic], source: Source) -> Iterable[tuple[Diagnostic, Fix]]:
    """At most one fix of a problem, and none that touches what an earlier one changes: that waits a round."""
    end = -1
    for problem in sorted(problems, key=lambda each: each.mark.span.sort_key):
        fix = next((f for f in _fixes(problem) if f.sure and f.span.source is source), None)
        if fix is not None and fix.span.start > end:
            end = fix.span.end
            yield problem, fix


def _fixes(problem: Diagnostic) -> Iterable[Fix]:
    return (each.fix for each in problem.remarks if isinstance(each, Help) and each.fix)


def _told(problem: Diagnostic, fix: Fix) -> str:
    place = f"{fix.span.source.name}:{fix.span.line}:{fix.span.column}"
    old, new = fix.span.text, fix.replacement
    what = f"added {new}" if not old else f"removed {old}" if not new else f"{old} -> {new}"
    return f"{place}: {what}  [{problem.code}]"


def unified(draft: Draft) -> str:
    """What would change, as a unified diff."""
    before, after = _lines(draft.before), _lines(draft.text)
    lines = difflib.unified_diff(before, after, f"{draft.name} (as it is)", f"{draft.name} (fixed)")
    return "".join(line if line.endswith("\n") else line + _UNENDED for line in lines)


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def write(draft: Draft) -> None:
    """Replace the file at once: readers see the old one or the new one. Raises OSError.

    Its line ends and byte order mark stay as they are.
    """
    replace_file(draft.path, _as_before(draft.path.read_bytes(), draft.text))


def _as_before(old: bytes, text: str) -> bytes:
    mark = b"\xef\xbb\xbf" if old.startswith(b"\xef\xbb\xbf") else b""
    windows = b"\r\n" in old and old.count(b"\r\n") == old.count(b"\n")
    return mark + (text.replace("\n", "\r\n") if windows else text).encode("utf-8")
