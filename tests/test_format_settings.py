"""Settings of single input formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.settings import CloudEvents, Consent, MParticle, Shopify, load_settings


def test_formats_are_set_in_sections_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "tagwright.toml"
    path.write_text(
        """
[shopify]
purchase_topic = "orders/create"
event_id = "order_{order_number}"
item_id = "sku"
excluded_sources = []

[mparticle]
email_identity = "other"

[cloudevents.names]
"org.example.paid" = "purchase"

[consent]
shopify = { buyer_accepts_marketing = "advertising" }
mparticle = { "ccpa.data_sale" = "advertising" }
walkeros = { marketing = "advertising" }
stape_data_tag = { ad_storage = "advertising" }
""",
        "utf-8",
    )
    settings, problems = load_settings(path, {"TAGWRIGHT_SHOPIFY_VALUE": "subtotal"})
    assert problems == ()
    assert settings.shopify == Shopify(
        purchase_topic="orders/create",
        event_id="order_{order_number}",
        item_id="sku",
        value="subtotal",
        excluded_sources=(),
    )
    assert settings.mparticle == MParticle(email_identity="other")
    assert settings.cloudevents == CloudEvents(names=(("org.example.paid", "purchase"),))
    assert settings.consent == Consent(
        shopify=(("buyer_accepts_marketing", "advertising"),),
        mparticle=(("ccpa.data_sale", "advertising"),),
        walkeros=(("marketing", "advertising"),),
        stape_data_tag=(("ad_storage", "advertising"),),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[shopify]\nevent_id = "order"', "a field of the order in braces"),
        ('[shopify]\nevent_id = "{email}"', "a field of the order in braces"),
        ("[shopify]\nevent_id = 5", "a field of the order in braces"),
        ('[shopify]\nexcluded_sources = [""]', "a list of texts"),
        ("[shopify]\nexcluded_sources = [5]", "a list of texts"),
        ('[shopify]\nitem_id = "handle"', 'one of "variant_id", "product_id", "sku"'),
        ('[mparticle]\nemail_identity = " "', "a text"),
        ('[cloudevents]\nnames = ["purchase"]', "a table such as"),
    ],
)
def test_a_mistake_says_what_is_expected(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "tagwright.toml"
    path.write_text(text, "utf-8")
    (problem,) = load_settings(path, {})[1]
    assert says in problem.message
