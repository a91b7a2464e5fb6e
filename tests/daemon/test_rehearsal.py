"""Which tests run before rules come into force, and what is said of those that fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from rollouts import PASSING, Site

from router.assets import asset
from router.daemon import Deployment, NotReady

FAILING = PASSING.replace("ViewContent", "Purchase")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def problems(found: object) -> list[str]:
    assert isinstance(found, NotReady)
    return found.in_short()


def test_failing_tests_are_named_with_the_command_that_says_why(site: Site) -> None:
    rules = site.write(
        "shop.rules", 'use "standard.rules"\n' + PASSING + FAILING.replace("a page", "no page")
    )
    assert problems(site.candidate().live) == [
        f'{rules}:11: the test "no page view is sent" fails; `tagwright test {rules}` shows why'
    ]


def test_they_can_be_left_out(site: Site) -> None:
    site.write("shop.rules", 'use "standard.rules"\n' + FAILING)
    assert isinstance(site.candidate(run_tests=False).live, Deployment)


def test_tests_may_stand_in_files_of_their_own(site: Site) -> None:
    tests = site.write("tests/shop.rules", 'use "../shop.rules"\n' + FAILING)
    assert "tests/shop.rules:3" in problems(site.candidate(tests=(tests,)).live)[0]
    site.write("tests/shop.rules", 'use "../shop.rules"\n' + PASSING)
    assert isinstance(site.candidate(tests=(tests,)).live, Deployment)


def test_mistakes_in_a_file_of_tests_count(site: Site) -> None:
    tests = site.write("tests.rules", 'test "nothing" {\n')
    assert "tests.rules:1" in problems(site.candidate(tests=(tests,)).live)[0]
    tests.unlink()
    assert problems(site.candidate(tests=(tests,)).live) == [f"{tests}: No such file or directory"]


def test_each_file_is_tested_as_on_its_own(site: Site) -> None:
    """A second file may change what the first one does; the first one's tests are of the first one."""
    first = site.write("shop.rules", 'use "standard.rules"\n' + PASSING)
    second = site.write(
        "more.rules", 'use "standard.rules"\ndrop when event.event_name is present reason "x"\n'
    )
    assert isinstance(site.candidate(rules=(first, second)).live, Deployment)


def test_files_that_need_each_other_are_tested_together(site: Site) -> None:
    base = site.write("base.rules", 'use "standard.rules"\nlet page = "page_view"\n')
    needs = site.write("needs.rules", 'drop when event.event_name == page reason "x"\n' + FAILING)
    assert "needs.rules:3" in problems(site.candidate(rules=(base, needs)).live)[0]


def test_many_failures_are_told_in_short(site: Site) -> None:
    several = "".join(FAILING.replace("a page", f"{number} page") for number in range(25))
    site.write("shop.rules", 'use "standard.rules"\n' + several)
    told = problems(site.candidate().live)
    assert len(told) == 21
    assert told[-1] == "and 5 more tests fail"


def test_the_shipped_rules_pass_their_own_and_their_further_tests(site: Site) -> None:
    shipped = asset("rules")
    tests = shipped / "tests" / "standard_events.rules"
    found = site.candidate(rules=(shipped / "standard.rules",), tests=(tests,))
    assert isinstance(found.live, Deployment)
