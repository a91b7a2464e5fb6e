"""Every item of the five integrations is proved by something that exists."""

from __future__ import annotations

import pytest

from .traceability import EXPECTED, Item, exists, faults, items


def test_every_item_has_a_proof_that_exists() -> None:
    assert sum(EXPECTED.values()) - EXPECTED["K"] == 333
    assert list(faults(items())) == []


@pytest.mark.parametrize(
    "proof",
    [
        "tests/mission/test_mission.py::test_what_a_proof_may_be",
        "rules/standard.rules",
        "rules/standard.rules::no consent, no event",
        "docs/running.md",
        "docs/running.md#ids-and-deduplication",
        "docs/running.md#start-reload-stop",
        "tagwright run",
        "tagwright docs catalogue",
        "W537",
        "setting delivery.batch_max",
    ],
)
def test_what_a_proof_may_be(proof: str) -> None:
    assert exists(proof)


@pytest.mark.parametrize(
    "proof",
    [
        "tests/mission/test_mission.py::test_nothing",
        "tests/mission/test_mission.py::EXPECTED",
        "tests/nowhere.py::test_what_a_proof_may_be",
        "rules/standard.rules::no such test",
        "docs/nowhere.md",
        "docs/running.md#nowhere",
        "tagwright",
        "tagwright nothing",
        "tagwright run nothing",
        "W999",
        "setting delivery.nothing",
        "because we say so",
        "",
    ],
)
def test_what_is_no_proof(proof: str) -> None:
    assert not exists(proof)


def test_what_is_wrong_is_told() -> None:
    whole = items()
    empty = Item("Upstack", "UP49", "something", ())
    told = list(faults([*whole[1:], whole[5], empty]))
    assert {"Z1 is missing", "Z6 is there twice", "UP49 is no item", "UP49 has no title or no proof"} <= {
        *told
    }


def test_a_proof_that_is_gone_is_told() -> None:
    (item,) = items("## Zeotap CDP\nZ1 | a title | tagwright gone; W537\n")
    assert item == Item("Zeotap CDP", "Z1", "a title", ("tagwright gone", "W537"))
    assert "Z1: tagwright gone does not exist" in list(faults([item]))
