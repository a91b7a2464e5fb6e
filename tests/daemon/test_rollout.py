"""New rules and tokens come into force by themselves, whole and tested, or not at all."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from rollouts import PASSING, RULES, Site, Watched, secret_file, watched

BROKEN = 'use "standard.rules"\ndrop when event.nonsense\n'
FAILING = PASSING.replace("ViewContent", "Purchase")
Story = Callable[[Watched], Awaitable[None]]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def live(site: Site, story: Story) -> None:
    async def run() -> None:
        async with watched(site) as it:
            await story(it)

    asyncio.run(run())


def test_a_changed_file_is_taken_when_it_has_stayed_the_same_for_a_look(site: Site) -> None:
    async def story(it: Watched) -> None:
        before = it.rollout.deployment
        site.write("shop.rules", RULES.format("half"))
        await it.looks(1)
        site.write("shop.rules", RULES.format("whole"))
        await it.looks(1)
        assert it.taken == []
        await it.looks(1)
        assert [each.program.version for each in it.taken] == [it.rollout.deployment.program.version]
        assert it.rollout.deployment.program.version != before.program.version
        await it.looks(3)
        assert len(it.taken) == 1

    live(site, story)


def test_a_file_that_is_only_touched_changes_nothing(site: Site) -> None:
    async def story(it: Watched) -> None:
        os.utime(site.folder / "shop.rules", (1, 1))
        site.write("shop.rules", RULES.format("none"))
        await it.looks(4)
        assert it.taken == []
        assert it.failures() == 0

    live(site, story)


def test_a_broken_file_keeps_the_old_rules_and_is_told_once(site: Site) -> None:
    async def story(it: Watched) -> None:
        before = it.rollout.deployment
        site.write("shop.rules", BROKEN)
        await it.looks(6)
        assert it.rollout.deployment is before
        assert it.failures() == 1
        assert it.status()["reload_failed_at"] == it.clock.now()
        assert any("shop.rules:2: E" in each for each in it.status()["reload_problems"])
        site.write("shop.rules", BROKEN + "\n")
        await it.looks(3)
        assert it.failures() == 2
        site.write("shop.rules", RULES.format("none"))
        await it.looks(3)
        assert it.status()["reload_problems"] == []
        assert it.status()["reload_failed_at"] is None

    live(site, story)


def test_what_a_signal_has_refused_is_not_refused_again_by_the_watch(site: Site) -> None:
    async def story(it: Watched) -> None:
        site.write("shop.rules", BROKEN)
        assert not await it.rollout.reload()
        await it.looks(4)
        assert it.failures() == 1
        (site.folder / "shop.rules").unlink()
        assert not await it.rollout.reload()
        await it.looks(4)
        assert it.failures() == 2
        assert "No such file" in it.status()["reload_problems"][0]

    live(site, story)


def test_files_that_are_used_count_also_when_they_come_later(site: Site) -> None:
    site.write("more/lib.rules", "let nothing_yet = 1\n")
    site.write("shop.rules", 'use "standard.rules"\nuse "more/lib.rules"\n')

    async def story(it: Watched) -> None:
        site.write("more/lib.rules", 'let nothing_yet = 1\nuse "later.rules"\n')
        await it.looks(3)
        assert it.failures() == 1
        site.write("more/later.rules", "let later = 2\n")
        await it.looks(3)
        assert it.failures() == 1
        assert len(it.taken) == 1
        assert str(site.folder / "more/later.rules") in it.rollout.deployment.files

    live(site, story)


def test_a_link_that_leads_elsewhere_is_a_change(site: Site) -> None:
    """As Kubernetes and deployment tools swap whole folders, keeping the old one."""
    for release, name in (("one", "a"), ("two", "b")):
        site.write(f"{release}/shop.rules", 'use "lib.rules"\nuse "standard.rules"\n')
        site.write(f"{release}/lib.rules", f'let release = "{name}"\n')
    (site.folder / "current").symlink_to("one")
    site.plan = type(site.plan)((site.folder / "current" / "shop.rules",))

    async def story(it: Watched) -> None:
        (site.folder / "next").symlink_to("two")
        (site.folder / "next").replace(site.folder / "current")
        await it.looks(3)
        assert str(site.folder / "two" / "lib.rules") in it.rollout.deployment.files
        await it.looks(3)
        assert len(it.taken) == 1

    live(site, story)


def test_a_token_file_is_watched_and_its_openness_too(site: Site) -> None:
    async def story(it: Watched) -> None:
        secret_file(site.folder / "token", "second-token")
        await it.looks(3)
        assert it.rollout.credentials("tiktok_web").token == "second-token"
        (site.folder / "token").chmod(0o644)
        await it.looks(3)
        assert it.failures() == 1
        assert "chmod o-rwx" in it.status()["reload_problems"][0]
        assert it.rollout.credentials("tiktok_web").token == "second-token"
        (site.folder / "token").chmod(0o600)
        await it.looks(3)
        assert it.status()["reload_problems"] == []

    live(site, story)


def test_rules_whose_own_tests_fail_stay_out(site: Site) -> None:
    async def story(it: Watched) -> None:
        before = it.rollout.deployment
        site.write("shop.rules", RULES.format("new") + FAILING)
        await it.looks(3)
        assert it.rollout.deployment is before
        assert 'the test "a page view is sent" fails' in it.status()["reload_problems"][0]
        site.write("shop.rules", RULES.format("new") + PASSING)
        await it.looks(3)
        assert len(it.taken) == 1

    live(site, story)


def test_a_mistake_of_ours_costs_a_reload_and_nothing_else(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(it: Watched) -> None:
        with monkeypatch.context() as broken:
            broken.setattr("router.daemon.rollout.prepare", lambda *_: 1 / 0)
            assert not await it.rollout.reload()
        assert "report it" in it.status()["reload_problems"][0]
        assert await it.rollout.reload()

    live(site, story)


def test_a_refused_token_is_read_again_under_the_rules_in_force(site: Site) -> None:
    async def story(it: Watched) -> None:
        site.write("shop.rules", BROKEN)
        secret_file(site.folder / "token", "second-token")
        assert (await it.rollout.renew("tiktok_web")).token == "second-token"
        assert it.rollout.credentials("tiktok_web").token == "second-token"
        secret_file(site.folder / "token", "two words")
        assert (await it.rollout.renew("tiktok_web")).token == "second-token"
        (site.folder / "token").unlink()
        assert (await it.rollout.renew("tiktok_web")).token == "second-token"
        assert await it.rollout.renew("somebody_else") is None

    live(site, story)
