"""JUnit XML: well-formed whatever the names and messages hold."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from router.lang.outcome import Place
from router.testing import Failure, Verdict
from router.testing.junit import junit

AT = Place("shop.rules", 3)


def parsed(document: str) -> ET.Element:
    return ET.fromstring(document)  # noqa: S314 - our own document


def test_a_suite_for_each_file() -> None:
    failure = Failure(Place("shop.rules", 9), 'expected "a" & <b>', notes=("because",))
    verdicts = [
        Verdict("one", AT, (), 0.25),
        Verdict("two", AT, (failure,), 0.5),
        Verdict("three", Place("other.rules", 1), ()),
    ]
    root = parsed(junit(verdicts))
    assert (root.get("tests"), root.get("failures"), root.get("time")) == ("3", "1", "0.750000")
    assert [suite.get("name") for suite in root] == ["shop.rules", "other.rules"]
    one, two = root[0]
    assert (one.get("line"), len(one)) == ("3", 0)
    assert two[0].get("message") == 'expected "a" & <b>'
    assert two[0].text == 'shop.rules:9  expected "a" & <b>\n    because'


@given(st.text(), st.text())
def test_any_text_is_well_formed(name: str, message: str) -> None:
    root = parsed(junit([Verdict(name, AT, (Failure(AT, message),))]))
    assert root.get("failures") == "1"
