"""Results of tests as lines for people; `paint` colours a word, or leaves it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from router.lang.trace import Line
from router.testing.coverage import FileCoverage
from router.testing.observed import one_line, shown
from router.testing.survivors import Mutation
from router.testing.verdict import Difference, Failure, Verdict

Paint = Callable[[str, str], str]
"""A text and the name of a colour."""


def verdict_lines(verdict: Verdict, paint: Paint) -> Iterator[str]:
    """The test and everything that was wrong."""
    word = paint("pass", "green") if verdict.passed else paint("FAIL", "red")
    yield f"{word}  {verdict.name}  ({verdict.at})"
    for failure in verdict.failures:
        yield from _failure(failure, paint)


def _failure(failure: Failure, paint: Paint) -> Iterator[str]:
    difference = failure.difference
    yield f"      {failure.at}  {failure.message if difference is None else difference.path}"
    if difference is not None:
        yield from (f"          {each}" for each in _difference(difference, paint))
    yield from (f"          {note}" for note in failure.notes)


def _difference(found: Difference, paint: Paint) -> Iterator[str]:
    yield f"expected  {paint(shown(found.expected), 'green')}"
    yield f"got       {paint(shown(found.got), 'red')}"
    if found.line is None:
        yield "set by    no line of the rules"
    else:
        yield from _line(found.line)


def _line(line: Line) -> Iterator[str]:
    yield f"set by    {line.at}  {one_line(line.text)}{_set_how(line)}"
    for number, tried in enumerate(line.tried, 1):
        yield f"            {number} {tried.text}  {tried.why}"


def _set_how(line: Line) -> str:
    """Which alternative of a fallback gave the value, or why nothing did."""
    if line.choice is not None:
        return f"  (choice {line.choice} of {line.choices})"
    return f"  ({line.why})" if line.why else ""


# ------------------------------------------------------------------ coverage


def coverage_lines(files: Iterable[FileCoverage], paint: Paint) -> Iterator[str]:
    """Each file with its kinds of places, then every place that no test covers."""
    found = list(files)
    for file in found:
        yield f"coverage of {file.name}: {file.ratio}, {_of(file.ratio.covered, file.ratio.total)}"
        width = max(len(aspect) for aspect, _ in file.aspects)
        for aspect, ratio in file.aspects:
            shown_ratio = paint(f"{ratio!s:>7}", "green" if ratio.covered == ratio.total else "red")
            yield f"  {aspect:<{width}}  {shown_ratio}  {_of(ratio.covered, ratio.total)}"
        yield from (f"  {each.at}  {each.missing}" for each in file.uncovered)


def _of(some: int, every: int) -> str:
    return f"{some} of {every}"


# ------------------------------------------------------------------ mutants


def mutation_lines(found: Mutation, paint: Paint) -> Iterator[str]:
    """How many mutants the tests noticed, then every one that they did not."""
    spread = "" if found.tried == found.possible else f" of {found.possible}, evenly spread"
    yield f"mutants: {found.tried} tried{spread}; {found.killed} noticed, {len(found.survivors)} survived"
    for each in found.survivors:
        word = paint("survived", "red") if each.covered else paint("not tested", "yellow")
        yield f"  {each.at}  {word}: {each.what}"
