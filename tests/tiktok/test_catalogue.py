"""The catalogue: complete, consistent, and as the checker needs it."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from router.tiktok import catalogue
from router.tiktok.catalogue import ENTRIES, EVENTS, FIELD_ORDER, LIMITS, RESERVED, TARGET

RAW = json.loads(files("router.tiktok").joinpath("catalogue.json").read_bytes())
WEB = {
    *(
        "AddPaymentInfo",
        "AddToCart",
        "AddToWishlist",
        "ApplicationApproval",
        "CompleteRegistration",
        "Contact",
    ),
    *("CustomizeProduct", "Download", "FindLocation", "InitiateCheckout", "Lead", "Purchase", "Schedule"),
    *("Search", "StartTrial", "SubmitApplication", "Subscribe", "ViewContent"),
}


def test_every_entry_says_how_sure_it_is_and_who_says_so() -> None:
    for entry in RAW["events"] + RAW["fields"] + RAW["request_fields"]:
        assert entry["confidence"] in {"H", "M", "L"}
        assert entry["src"]


def test_the_standard_lists_have_tiktoks_sizes() -> None:
    for source in ("web", "offline", "crm"):
        current = {e.name for e in EVENTS.values() if source in e.sources and e.status == "current"}
        assert current == WEB
    assert sum("app" in e.sources for e in EVENTS.values()) == 27
    assert len(catalogue.CURRENCIES) == 62
    assert len(RAW["error_codes"]) == 68


def test_sources_and_references_between_entries_hold() -> None:
    for event in EVENTS.values():
        assert event.sources <= set(catalogue.SOURCES)
        assert event.canonical is None or event.canonical in EVENTS
    for path, field in TARGET.fields.items():
        assert path == field.path
        assert field.sources <= set(catalogue.SOURCES)
        assert field.required_for <= field.sources
        assert (
            (field.takes == "hashed")
            == (field.hash_with is not None)
            == (ENTRIES[path].hashing.startswith("sha256"))
        )
        assert bool(field.noun) or field.takes == "plain"
        assert field.summary


def test_what_the_router_sets_cannot_be_assigned() -> None:
    assert TARGET.set_by_router == {
        *("event", "event_source", "event_source_id", "test_event_code", "partner_name", "data"),
    }
    assert not TARGET.set_by_router & set(TARGET.fields)
    assert not {"user", "page", "properties", "app", "ad", "lead", "device"} & set(TARGET.fields)


@pytest.mark.parametrize(
    ("path", "kind", "takes", "many"),
    [
        ("event_time", "time", "plain", False),
        ("event_id", "text", "plain", False),
        ("limited_data_use", "bool", "plain", False),
        ("user.email", "text", "hashed", True),
        ("user.external_id", "text", "hashed", True),
        ("user.first_name", "text", "hashed", False),
        ("user.ttclid", "text", "personal", False),
        ("user.ip", "text", "personal", False),
        ("page.url", "url", "plain", False),
        ("properties.value", "number", "plain", False),
        ("properties.num_items", "integer", "plain", False),
        ("properties.content_ids", "list of text", "plain", False),
        ("properties.content_type", 'one of ("product", "product_group")', "plain", False),
        ("properties.contents[].quantity", "integer", "plain", False),
        ("properties.mileage.unit", 'one of ("MI", "KM")', "plain", False),
        ("ad.attribution_method", "any", "plain", False),
    ],
)
def test_fields_have_the_kind_that_rules_assign(path: str, kind: str, takes: str, many: bool) -> None:
    field = TARGET.fields[path]
    assert (str(field.kind), field.takes, field.many) == (kind, takes, many)


def test_contents_is_a_list_of_its_item_fields() -> None:
    contents = TARGET.fields["properties.contents"].kind
    assert contents.of is not None
    assert contents.of.fields is not None
    names = {path.rpartition(".")[2] for path in FIELD_ORDER if path.startswith("properties.contents[].")}
    assert set(contents.of.fields) == names
    assert str(contents.of.fields["price"]) == "number"


def test_what_a_source_requires() -> None:
    required = {path: set(f.required_for) for path, f in TARGET.fields.items() if f.required_for}
    assert required == {
        "event_time": {"web", "app", "offline", "crm"},
        "app.app_id": {"app"},
        "lead.lead_id": {"crm"},
    }


def test_payloads_start_with_the_event_and_end_with_its_flags() -> None:
    assert FIELD_ORDER[:3] == ("event", "event_time", "event_id")
    tops = list(dict.fromkeys(path.partition(".")[0] for path in FIELD_ORDER))
    assert tops[3:-1] == ["user", "properties", "page", "app", "ad", "lead", "limited_data_use"]


@pytest.mark.parametrize(
    ("neutral", "source", "event"),
    [
        ("purchase", "web", "CompletePayment"),
        ("purchase", "crm", "CompletePayment"),
        ("purchase", "app", "Purchase"),
        ("complete_payment", "web", "CompletePayment"),
        ("complete_payment", "app", "Purchase"),
        ("generate_lead", "web", "Lead"),
        ("generate_lead", "app", "GenerateLead"),
        ("sign_up", "app", "Registration"),
        ("begin_checkout", "app", None),
        ("page_view", "offline", "ViewContent"),
    ],
)
def test_the_usual_event_of_a_source(neutral: str, source: str, event: str | None) -> None:
    assert catalogue.TARGET.usual_event(neutral, source) == event


@pytest.mark.parametrize(
    ("written", "wire", "current"),
    [
        ("CompletePayment", "CompletePayment", "Purchase"),
        ("SubmitForm", "SubmitForm", "Lead"),
        ("InAppAdImpr", "InAppADImpr", "InAppADImpr"),
        ("Purchase", "Purchase", "Purchase"),
        ("MyOwn", "MyOwn", "MyOwn"),
    ],
)
def test_names(written: str, wire: str, current: str) -> None:
    assert (catalogue.wire_name(written), catalogue.current_name(written)) == (wire, current)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("NewsletterJoin", None),
        ("a-b_c9", None),
        ("x" * 50, None),
        ("", "is empty"),
        ("x" * 51, "has 51 characters, TikTok takes 50"),
        ("9lives", "does not start with a letter of A to Z"),
        ("_x", "does not start with a letter of A to Z"),
        ("Ünder", "does not start with a letter of A to Z"),
        ("Order Completed", "has characters other than letters, digits, _ and -"),
        ("Order\n", "has characters other than letters, digits, _ and -"),
        ("Purchase", "is one of TikTok's standard events"),
        ("InAppAdImpr", "is one of TikTok's standard events"),
        ("StartCheckout", "is a reserved name, TikTok counts it as InitiateCheckout"),
    ],
)
def test_custom_event_names(name: str, problem: str | None) -> None:
    assert TARGET.custom_event_problem(name) == problem


def test_every_reserved_name_is_refused_as_a_custom_one() -> None:
    assert all(TARGET.custom_event_problem(name) for name in RESERVED)


def test_destination_settings() -> None:
    assert set(TARGET.settings) == {"type", "source", "token", "test_event_code", "partner_name"}
    assert TARGET.id_settings["pixel"] == {"web"}
    assert TARGET.id_settings["event_set"] == {"offline", "crm"}
    assert TARGET.id_settings["dataset"] == set(TARGET.sources)


def test_limits_are_tiktoks() -> None:
    assert (LIMITS.events_per_request, LIMITS.ttclid_characters, LIMITS.dedup_window) == (1000, 1000, 172_800)
    assert (LIMITS.merge_window, LIMITS.fallback_window, LIMITS.offline_age_days) == (300, 300, 28)
