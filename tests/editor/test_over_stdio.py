"""The language server as an editor meets it: one process, one session, standard input and output."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .client import Client
from .texts import MONEY, SHOP


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "money.rules").write_text(MONEY, "utf-8")
    (tmp_path / "shop.rules").write_text(SHOP, "utf-8")
    client = Client(tmp_path)
    yield client
    client.close()


def place(text: str, before: str, after: str = "") -> tuple[int, int]:
    """Line and UTF-16 column between two texts."""
    head = text[: text.index(before + after) + len(before)]
    line = head.rpartition("\n")[2]
    return head.count("\n"), len(line.encode("utf-16-le")) // 2


def covered(text: str, range_: dict[str, Any]) -> str:
    lines = text.split("\n")
    start, end = range_["start"], range_["end"]
    assert start["line"] == end["line"]
    units = lines[start["line"]].encode("utf-16-le")
    return units[2 * start["character"] : 2 * end["character"]].decode("utf-16-le")


def test_a_session_from_the_first_mistake_to_the_last_run(client: Client) -> None:
    capabilities = client.initialize()["capabilities"]
    assert capabilities["renameProvider"] == {"prepareProvider": True}
    assert "tagwright.runTest" in capabilities["executeCommandProvider"]["commands"]

    broken = SHOP.replace("event.loyalty_tier in good_tiers {", "event.loyalty_tir in good_tiers {").replace(
        "let good_tiers = [", "# 🎁\nlet good_tiers = = ["
    )
    client.open("shop.rules", broken)
    found = client.diagnostics("shop.rules", 1)
    assert [(each["code"], each["severity"]) for each in found] == [("E100", 1), ("E201", 1)]
    assert covered(broken, found[1]["range"]) == "loyalty_tir"

    wrong = found[1]["range"]
    (action,) = client.about("codeAction", "shop.rules", range=wrong, context={"diagnostics": []})
    (edit,) = action["edit"]["changes"][client.uri("shop.rules")]
    assert (edit["newText"], action["kind"], action["isPreferred"]) == ("loyalty_tier", "quickfix", True)

    client.change("shop.rules", SHOP, 2)
    assert client.diagnostics("shop.rules", 2) == []

    hover = client.at("hover", "shop.rules", *place(SHOP, "  include base, m", "oney"))
    assert "Value and currency." in hover["contents"]["value"]

    completion = client.at("completion", "shop.rules", *place(SHOP, "price      = item.product.", "price"))
    assert "brand" in [each["label"] for each in completion["items"]]

    (definition,) = client.at("definition", "shop.rules", *place(SHOP, "  include base, m", "oney"))
    assert definition["uri"] == client.uri("shared/money.rules")
    assert covered(MONEY, definition["range"]) == "money"

    context = {"includeDeclaration": True}
    references = client.at("references", "shop.rules", *place(SHOP, "let g", "ood_tiers"), context=context)
    assert [covered(SHOP, each["range"]) for each in references] == ["good_tiers"] * 3

    renamed = client.at("rename", "shop.rules", *place(SHOP, "  include base, m", "oney"), newName="cash")
    assert sorted(renamed["changes"]) == [client.uri("shared/money.rules"), client.uri("shop.rules")]

    refused = client.at("rename", "shop.rules", *place(SHOP, "  include base, m", "oney"), newName="order")
    assert "already a mapping" in refused["error"]["message"]
    assert refused["error"]["code"] == -32803

    options = {"tabSize": 2, "insertSpaces": True}
    (formatted,) = client.about("formatting", "shop.rules", options=options)
    assert "event.event_name          =" in formatted["newText"]

    signature = client.at("signatureHelp", "shop.rules", *place(SHOP, "pixel = env(", '"EU_PIXEL"'))
    assert signature["signatures"][0]["label"].startswith("env(")

    symbols = client.about("documentSymbol", "shop.rules")
    assert "order" in [each["name"] for each in symbols]
    found = client.request("workspace/symbol", {"query": "mny"})
    assert sorted(each["name"] for each in found) == ["money", "shared/money.rules"]

    lenses = client.about("codeLens", "shop.rules")
    run = {each["command"]["arguments"][1]: each["command"] for each in lenses}
    passed = client.request("workspace/executeCommand", run["a gift is sent"])
    assert passed == "pass: a gift is sent"
    failed = client.request("workspace/executeCommand", run["a gift that never comes"])
    assert failed.startswith("FAIL: a gift that never comes\n")
    assert client.wait_for("window/showMessage", type=1)["message"] == failed
    explained = client.request("workspace/executeCommand", run["gift_given"])
    assert "send GiftGiven" in explained

    assert client.leave() == 0


def test_a_mistake_in_a_used_file_shows_there_and_goes_with_the_next_keystroke(client: Client) -> None:
    client.initialize()
    client.open("shared/money.rules", MONEY)
    client.open("shop.rules", SHOP)
    client.codes_until("shop.rules", [])
    client.change("shared/money.rules", MONEY.replace("mapping money", "mapping cash"), 2)
    client.codes_until("shop.rules", ["E205"])
    client.change("shared/money.rules", MONEY, 3)
    client.codes_until("shop.rules", [])


def test_an_editor_that_counts_bytes_is_answered_in_bytes(client: Client) -> None:
    answer = client.initialize(positionEncodings=["utf-8", "utf-16"])
    assert answer["capabilities"]["positionEncoding"] == "utf-8"
    client.open("new.rules", 'language 1\nlet gift = "🎁" ?? no_such_name\n')
    (warning, unknown) = sorted(client.diagnostics("new.rules", 1), key=lambda each: each["severity"] == 1)
    assert warning["code"] == "W501"
    assert unknown["range"]["start"]["character"] == len('let gift = "🎁" ?? '.encode())


def test_text_that_is_no_rules_at_all_is_only_full_of_mistakes(client: Client) -> None:
    client.initialize()
    client.open("odd.rules", "\ufeff\x00\r\n}}}{{{ \ud800 “\r\n\tmapping = = \n")
    assert client.diagnostics("odd.rules", 1)
    assert client.at("hover", "odd.rules", 2, 3) is None
    assert client.at("definition", "odd.rules", 99, 99) == []
    assert isinstance(client.at("completion", "odd.rules", 2, 11)["items"], list)
