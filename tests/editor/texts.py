"""Rule texts with a cursor in them, and the rule sets that they make."""

from __future__ import annotations

from pathlib import Path

from router.editor.ruleset import RuleSet
from router.editor.workspace import Workspace
from router.lang.source import Source

CURSOR = "‸"

SHOP = """language 1

use "standard.rules"
use "shared/money.rules"

## The shop's own tiers.
extend schema event {
  loyalty_tier: text "gold, silver or none"
  birthday: text pii
}

## What we call a good customer.
let good_tiers = ["gold", "silver"]

destination eu {
  type  = "tiktok"
  pixel = env("EU_PIXEL")
  token = secret("EU_TOKEN")
}

## Every order of the shop.
mapping order {
  include base, money
  properties.currency = event.currency ?? "EUR"
  when event.loyalty_tier in good_tiers {
    properties.currency = "USD"
  }
  properties.contents = each item in event.items where item.quantity > 0 {
    content_id = item.id
    price      = item.product.price
  }
}

events with order {
  event      | web
  gift_given | "GiftGiven"
}

on gift_taken for web {
  send "GiftTaken" to eu with order when event.loyalty_tier in good_tiers
}

test "a gift is sent" {
  given {
    event.event_name   = "gift_given"
    event.currency     = "EUR"
    event.consent.advertising = true
  }
  expect send "GiftGiven" to tiktok_web, eu {
    properties.currency = "EUR"
  }
}

test "a gift that never comes" {
  given {
    event.event_name = "gift_taken"
  }
  expect send "GiftTaken" to eu
}
"""

MONEY = """language 1

## Value and currency.
mapping money {
  properties.value    = event.value
  properties.currency = event.currency
}
"""


class Desk:
    """A workspace with a shop of two files; `shop` can be rewritten."""

    def __init__(self, folder: Path, shop: str = SHOP) -> None:
        self.workspace = Workspace([folder])
        self.shop = folder.resolve() / "shop.rules"
        self.money = folder.resolve() / "shared" / "money.rules"
        self.workspace.put(self.money, MONEY)
        self.workspace.put(self.shop, shop)
        self.money.parent.mkdir(exist_ok=True)
        self.money.write_text(MONEY, "utf-8")
        self.shop.write_text(shop, "utf-8")

    @property
    def rules(self) -> RuleSet:
        return self.workspace.rule_set(self.shop)

    def source(self, path: Path | None = None) -> Source:
        file = self.rules.file(path or self.shop)
        assert file is not None
        return file.span.source

    def offset(self, before: str, after: str = "", path: Path | None = None) -> int:
        """Between two texts that stand together once in a file."""
        text = self.source(path).text
        assert text.count(before + after) == 1, text.count(before + after)
        return text.index(before + after) + len(before)


def with_cursor(text: str) -> tuple[str, int]:
    """The text without its cursor, and where that stood."""
    return text.replace(CURSOR, ""), text.index(CURSOR)
