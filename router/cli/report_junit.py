"""Diagnostics as JUnit XML: a test case for each file, which passes when nothing is wrong with it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence

from router.lang.diagnostics import Diagnostic
from router.lang.draw import draw
from router.testing.junit import ILLEGAL


def junit(by_file: Mapping[str, Sequence[Diagnostic]], command: str, *, strict: bool) -> str:
    """A suite of the named files. Warnings fail a file when they are `strict`, else they are its output."""
    failing = {file: [each for each in found if _fails(each, strict)] for file, found in by_file.items()}
    counts = {"tests": str(len(by_file)), "failures": str(sum(map(bool, failing.values()))), "errors": "0"}
    root = ET.Element("testsuites", {"name": "tagwright", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": f"tagwright {command}", **counts})
    for file, found in by_file.items():
        name = {"name": _legal(file), "classname": f"tagwright.{command}", "file": _legal(file)}
        case = ET.SubElement(suite, "testcase", name)
        _failure(case, failing[file])
        _output(case, [each for each in found if not _fails(each, strict)])
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}'


def _fails(problem: Diagnostic, strict: bool) -> bool:
    return strict or problem.severity == "error"


def _failure(case: ET.Element, problems: Sequence[Diagnostic]) -> None:
    if problems:
        first = problems[0]
        about = {"message": _legal(f"{first.code}: {first.message}"), "type": first.severity}
        ET.SubElement(case, "failure", about).text = _drawn(problems)


def _output(case: ET.Element, problems: Sequence[Diagnostic]) -> None:
    if problems:
        ET.SubElement(case, "system-out").text = _drawn(problems)


def _drawn(problems: Iterable[Diagnostic]) -> str:
    return _legal("\n\n".join(map(draw, problems)))


def _legal(text: str) -> str:
    return ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
