"""Test results as JUnit XML, for continuous integration."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable

from router.testing.verdict import Failure, Verdict

ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document can hold, not even escaped."""


def junit(verdicts: Iterable[Verdict]) -> str:
    """A document with a suite for each file; times are seconds."""
    by_file: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_file.setdefault(verdict.at.file, []).append(verdict)
    every = [verdict for found in by_file.values() for verdict in found]
    root = ET.Element("testsuites", _counts("tagwright", every))
    for file, found in by_file.items():
        suite = ET.SubElement(root, "testsuite", _counts(file, found))
        for verdict in found:
            _case(suite, verdict)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _counts(name: str, verdicts: list[Verdict]) -> dict[str, str]:
    failed = sum(not each.passed for each in verdicts)
    return {
        "name": _legal(name),
        "tests": str(len(verdicts)),
        "failures": str(failed),
        "errors": "0",
        "time": _seconds(sum(each.seconds for each in verdicts)),
    }


def _case(suite: ET.Element, verdict: Verdict) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        {
            "name": _legal(verdict.name),
            "classname": _legal(verdict.at.file),
            "file": _legal(verdict.at.file),
            "line": str(verdict.at.line),
            "time": _seconds(verdict.seconds),
        },
    )
    if verdict.failures:
        message = _legal(verdict.failures[0].message)
        failure = ET.SubElement(case, "failure", {"message": message, "type": "difference"})
        failure.text = _legal("\n".join(map(_text, verdict.failures)))


def _text(failure: Failure) -> str:
    return "\n".join([f"{failure.at}  {failure.message}", *(f"    {each}" for each in failure.notes)])


def _seconds(seconds: float) -> str:
    return f"{seconds:.6f}"


def _legal(text: str) -> str:
    return ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
