"""Every check of the doctor both ways: nothing to say where all is well, and what to do where it is not."""

from __future__ import annotations

import copy
import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.samples import Sample

from router.account.checkup import CHECKS, Check, Facts, examine
from router.account.checkup.facts import Clocks, Disk, Place, Rules, Waiting
from router.account.checkup.gathering import clocks_of
from router.lang.bind import Bound
from router.rulebook import load
from router.settings import Address, Consent, Settings, load_settings

TOKEN = "5d41402abc4b2a76b9719d911017c592aa00bb11"
PIXEL = "CPIXEL0000000000001"
RULES = """
language 1
use "standard.rules"
"""
BARE = """
language 1
schema event { event_name: text required, id: text }
source = "app"
destination shop {
  type = "tiktok"
  source = "app"
  app_id = env("APP")
  token = secret("TOKEN")
}
mapping least {
  event_time = now()
  event_id = event.id
}
events with least {
  event   | app
  opened  | LaunchAPP
}
"""
WEB_WITHOUT_PAGE = (
    BARE.replace('"app"', '"web"')
    .replace("app_id", "pixel")
    .replace("event   | app\n  opened  | LaunchAPP", "event   | web\n  opened  | ViewContent")
)
STATUS: Mapping[str, Any] = {
    "version": "0.1.0",
    "state": "running",
    "mode": "live",
    "uptime_seconds": 3000,
    "rules": {
        "version": "abc", "files": ["shop.rules"], "reload_failed_at": None, "reload_problems": [],
        "remarks": [],
    },
    "destinations": [
        {
            "destination": "tiktok_web", "state": "open", "reason": "", "code": "", "until": None,
            "pending": 0, "in_flight": 0, "next_try_seconds": None, "failing": None, "todo": None,
            "sources": {"web": PIXEL},
        }
    ],
    "spool": {
        "pending": 0, "in_flight": 0, "rows_limit": 1000, "payload_bytes": 0, "payload_bytes_limit": 1000,
        "oldest_seconds": 0, "dead_letters": {}, "dead_letters_bytes": 0, "dead_letters_bytes_limit": 1000,
        "dead_letters_evicted": 0, "disk_free_bytes": 10**12, "disk_low_bytes": 10**8,
    },
    "conservation": {}, "outcomes": {}, "sent": {}, "dead": {}, "order_repeats": [],
}  # fmt: skip


def counted(name: str, value: float, **labels: str) -> Sample:
    return Sample(f"tagwright_{name}_total", labels, value)


def matched(source: str = "web", **keys: int) -> list[Sample]:
    return [
        counted("match_events", 100, source=source),
        *(counted("match_keys", value, source=source, key=key) for key, value in keys.items()),
    ]


ALL_KEYS = {"ttclid": 40, "ttp": 90, "email": 30, "phone": 20, "external_id": 30, "ip": 99, "user_agent": 99}
TRAFFIC = (
    counted("events_received", 100, format="standard"),
    counted("events_sent", 100, destination="tiktok_web", event="Purchase"),
    counted("outcomes", 100, outcome="send", reason="-", destination="tiktok_web", event="purchase"),
    *matched(**ALL_KEYS),
)


def rules_of(folder: Path, text: str = RULES, name: str = "shop.rules", **bound: Bound) -> Rules:
    path = folder / name
    path.write_text(text, "utf-8")
    program = load([path]).program
    assert program is not None
    return Rules((name,), program, bound or {"tiktok_web": binding()})


def binding(**changes: Any) -> Bound:
    return replace(Bound("tiktok_web", {"web": PIXEL}, {}, TOKEN), **changes)


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """A set-up with nothing to say of."""
    return Facts(
        rules=rules_of(tmp_path_factory.mktemp("rules")),
        places=(Place("token", 0o600, stat.S_IRWXO), Place("data", 0o700, 0o077)),
        disk=Disk(10**12, 2 * 10**12),
        sqlite="3.53.0",
        status=STATUS,
        samples=TRAFFIC,
        clocks=Clocks(-0.4),
    )


def status(**parts: Any) -> dict[str, Any]:
    """The daemon that is well, with parts of its sections changed."""
    report = copy.deepcopy(dict(STATUS))
    for name, part in parts.items():
        report[name] = {**report[name], **part} if isinstance(part, dict) else part
    return report


def of(name: str, facts: Facts) -> list[Check]:
    return [each for each in examine(facts) if each.name == name]


def test_where_all_is_well_every_check_says_so(well: Facts) -> None:
    found = examine(well)
    assert [each for each in found if each.state in ("warning", "problem")] == []
    assert {each.name for each in found if each.state == "not checked"} == {"Events Manager", "other senders"}
    assert len({each.name for each in found if each.state == "ok"}) == len(CHECKS) - 1


def test_where_nothing_is_known_nothing_is_found_and_nothing_fails() -> None:
    found = examine(Facts())
    assert [each for each in found if each.state in ("warning", "problem")] == []
    assert {each.name for each in found if each.state == "not checked"} >= {
        "rules", "event source ids", "tokens", "test codes", "event sources", "private files", "SQLite",
        "disk", "clock", "daemon", "queue", "dead letters", "traffic", "outcomes", "consent", "orders",
        "match keys", "fields",
    }  # fmt: skip


# ------------------------------------------------------------------ ids and tokens


@pytest.mark.parametrize(
    ("source", "value", "state", "words"),
    [
        ("web", PIXEL, "ok", "the right shape"),
        ("web", PIXEL + " ", "problem", "white space"),
        ("web", f"{PIXEL}\n", "problem", "white space"),
        ("web", "7123456789012345678", "problem", "is a number"),
        ("web", "com.example.shop", "problem", "an app in a store"),
        ("web", f'"{PIXEL}"', "problem", "quotes"),
        ("web", "CPIXEL0000…", "problem", "was shortened"),
        ("web", "CPIXEL0000", "warning", "only 10 characters"),
        ("web", PIXEL.lower(), "warning", "small letters"),
        ("web", "C-PIXEL-000000000001", "warning", "does not look like"),
        ("web", "СPIXEL00000000000001", "problem", "letters that no id"),
        ("app", "7123456789012345678", "ok", "the right shape"),
        ("app", PIXEL, "problem", "code of a web pixel"),
        ("app", "com.example.shop", "problem", "belongs into app.app_id"),
        ("app", "id7123", "warning", "does not look like a TikTok App ID"),
        ("offline", "7123456789012345678", "ok", "the right shape"),
        ("offline", PIXEL, "warning", "code of a web pixel"),
        ("crm", "7123456789012345678 ", "problem", "white space"),
    ],
)
def test_ids(well: Facts, source: str, value: str, state: str, words: str) -> None:
    bound = binding(ids={source: value})
    assert well.rules is not None
    (found,) = of("event source ids", replace(well, rules=replace(well.rules, bound={"tiktok_web": bound})))
    assert (found.state, words in found.what, bool(found.remedy)) == (state, True, state != "ok")
    assert value not in found.what + found.remedy


@pytest.mark.parametrize(
    ("token", "state", "words"),
    [
        (TOKEN, "ok", "the right shape"),
        (f"{TOKEN}\n", "problem", "white space"),
        (f"{TOKEN[:20]} {TOKEN[20:]}", "problem", "white space"),
        (f"'{TOKEN}'", "problem", "quotes"),
        (f"{TOKEN[:30]}...", "problem", "was shortened"),
        ("Bearer" + TOKEN, "problem", "name of a header"),
        (PIXEL, "problem", "id of an event source"),
        ("712345678901234567890123", "problem", "id of an event source"),
        (TOKEN[:20], "warning", "only 20 characters"),
        (None, "problem", "has no token"),
    ],
)
def test_tokens(well: Facts, token: str | None, state: str, words: str) -> None:
    assert well.rules is not None
    rules = replace(well.rules, bound={"tiktok_web": binding(token=token)})
    (found,) = of("tokens", replace(well, rules=rules, status=None))
    assert (found.state, words in found.what, bool(found.remedy)) == (state, True, state != "ok")
    assert token is None or token not in found.what + found.remedy


def test_a_token_that_only_the_daemon_has(well: Facts) -> None:
    assert well.rules is not None
    rules = replace(well.rules, bound={"tiktok_web": binding(token=None)})
    (found,) = of("tokens", replace(well, rules=rules))
    assert (found.state, "it is not set here" in found.what) == ("not checked", True)


def test_without_an_id_no_destination_is_active(well: Facts) -> None:
    assert well.rules is not None
    none = binding(ids={}, inactive={"web": 'env("TIKTOK_PIXEL")'})
    facts = replace(well, rules=replace(well.rules, bound={"tiktok_web": none}), status=None)
    (found,) = of("event source ids", facts)
    assert (found.state, found.remedy) == ("problem", 'set one of env("TIKTOK_PIXEL")')
    assert [each.state for each in of("tokens", facts)] == ["not checked"]


def test_the_ids_of_a_daemon_are_looked_at_where_none_are_set_here(well: Facts) -> None:
    (found,) = of("event source ids", replace(well, rules=None))
    assert (found.state, "tiktok_web" in found.what) == ("ok", True)
    number = status(destinations=[{**STATUS["destinations"][0], "sources": {"web": "7123456789012345678"}}])
    assert of("event source ids", replace(well, rules=None, status=number))[0].state == "problem"


@pytest.mark.parametrize(
    ("profile", "code", "state", "words"),
    [
        ("production", None, "ok", "no test code"),
        ("production", "TEST1", "warning", "is ignored in the production profile"),
        ("test", "TEST1", "warning", "are not counted"),
        ("test", None, "warning", "without a test code"),
    ],
)
def test_test_codes(well: Facts, profile: Any, code: str | None, state: str, words: str) -> None:
    assert well.rules is not None
    bound = binding(settings={"test_event_code": code} if code else {})
    rules = replace(well.rules, bound={"tiktok_web": bound})
    (found,) = of("test codes", replace(well, rules=rules, settings=Settings(profile=profile)))
    assert (found.state, words in found.what) == (state, True)
    assert (code or "TEST") not in found.what


def test_two_destinations_with_one_id(well: Facts) -> None:
    assert well.rules is not None
    two = {"tiktok_web": binding(), "other": binding(name="other")}
    (found,) = of("shared ids", replace(well, rules=replace(well.rules, bound=two)))
    assert (found.state, "other and tiktok_web" in found.what) == ("warning", True)
    apart = {"tiktok_web": binding(), "other": binding(name="other", ids={"web": PIXEL[:-1] + "2"})}
    assert of("shared ids", replace(well, rules=replace(well.rules, bound=apart)))[0].state == "ok"


def test_rules_with_mistakes(well: Facts) -> None:
    broken = Rules(("shop.rules",), None, problems=("shop.rules:1: E101 what is this",))
    found = examine(replace(well, rules=broken))
    rules = next(each for each in found if each.name == "rules")
    assert (rules.state, rules.what) == ("problem", "shop.rules:1: E101 what is this")
    assert rules.remedy == "tagwright check shop.rules"
    assert next(each for each in found if each.name == "event sources").state == "not checked"


@pytest.mark.parametrize(
    ("text", "source", "state", "words"),
    [
        (BARE, "app", "problem", "never set app.app_id"),
        (BARE, "web", "warning", "no rule sends an event for web"),
        (WEB_WITHOUT_PAGE, "web", "warning", "never set page.url"),
        (RULES, "crm", "ok", "set what these sources need"),
    ],
)
def test_sources_and_their_fields(
    well: Facts, tmp_path: Path, text: str, source: str, state: str, words: str
) -> None:
    rules = rules_of(tmp_path, text, tiktok_web=binding(ids={source: "7123456789012345678"}))
    found = of("event sources", replace(well, rules=rules))[0]
    assert (found.state, words in found.what) == (state, True)


def test_rules_that_match_nobody(well: Facts, tmp_path: Path) -> None:
    rules = rules_of(tmp_path, WEB_WITHOUT_PAGE)
    (found,) = of("match keys in rules", replace(well, rules=rules))
    assert found.state == "warning"
    assert "sets ttclid, ttp, e-mail, phone, external id, ip + user agent" in found.what
    assert of("match keys in rules", well)[0].state == "ok"


# ------------------------------------------------------------------ the machine


@pytest.mark.parametrize(
    ("changes", "name", "state", "words"),
    [
        (
            {"mistakes": ("a: is not a setting\n  fix: did you mean b?",)},
            "settings",
            "problem",
            "is not a setting",
        ),
        ({"unread": ("TAGWRIGHT_LISTN",)}, "variables", "warning", "TAGWRIGHT_LISTN is set"),
        ({"places": (Place("token", 0o644, 0o007),)}, "private files", "problem", "every user"),
        ({"places": (Place("data", 0o750, 0o077),)}, "private files", "problem", "by other users"),
        ({"exposure": "listen: anybody could post\n  fix: make a key"}, "addresses", "problem", "anybody"),
        ({"sqlite": "3.51.2"}, "SQLite", "problem", "can lose what its log holds"),
        ({"disk": Disk(10**8, 10**12)}, "disk", "problem", "answered 503"),
        ({"disk": Disk(6 * 10**10, 10**12)}, "disk", "warning", "must stay free"),
        ({"clocks": Clocks(45.0)}, "clock", "warning", "45 s ahead of"),
        ({"clocks": Clocks(-4000.0)}, "clock", "problem", "4000 s behind"),
    ],
)
def test_the_machine(well: Facts, changes: dict[str, Any], name: str, state: str, words: str) -> None:
    (found,) = of(name, replace(well, **changes))
    assert (found.state, words in found.what) == (state, True)
    assert found.remedy


def test_modes_are_mended_by_a_command_that_can_be_pasted(well: Facts) -> None:
    places = (Place("my token", 0o644, 0o007), Place("data", 0o755, 0o077))
    found = of("private files", replace(well, places=places))
    assert [each.remedy for each in found] == ["chmod o-rwx 'my token'", "chmod go-rwx data"]


def test_public_addresses(well: Facts) -> None:
    settings = Settings(listen=Address("0.0.0.0", 80), admin=Address("0.0.0.0", 81))
    told = [(each.state, each.what) for each in of("addresses", replace(well, settings=settings))]
    assert [state for state, _ in told] == ["warning", "warning"]
    assert "write keys come to 0.0.0.0:80 in clear text" in told[0][1]
    assert "reads metrics and status" in told[1][1]
    behind, _ = load_settings(
        None, {"TAGWRIGHT_LISTEN": "0.0.0.0:80", "TAGWRIGHT_TRUSTED_PROXIES": "10.0.0.0/8"}
    )
    assert of("addresses", replace(well, settings=behind)) == []


def test_a_clock_that_cannot_be_compared(well: Facts) -> None:
    (found,) = of("clock", replace(well, clocks=Clocks(None, "TikTok cannot be reached")))
    assert (found.state, found.what) == ("not checked", "TikTok cannot be reached")
    assert clocks_of("soon", 0.0).ahead is None
    assert clocks_of("", 0.0).ahead is None
    assert clocks_of("Sat, 21 Nov 2026 10:00:00 GMT", 1_795_255_260.5).ahead == 60.0


# ------------------------------------------------------------------ the daemon


def held() -> dict[str, Any]:
    return {
        **STATUS["destinations"][0],
        "state": "held",
        "reason": "auth",
        "code": "40105",
        "todo": "a new token",
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"destinations": [held()]}, "held (auth 40105)"),
        ({"rules": {"reload_failed_at": 1.0, "reload_problems": ["x:1: E1"]}}, "the last reload failed"),
        ({"spool": {"disk_free_bytes": 1}}, "the disk is nearly full"),
        ({"spool": {"oldest_seconds": 900}}, "has waited for 900 s"),
        ({"conservation": {"shop": {"unaccounted": 1}}}, "unaccounted for"),
    ],
)
def test_a_daemon_that_needs_somebody(well: Facts, changes: dict[str, Any], words: str) -> None:
    found = of("daemon", replace(well, status=status(**changes)))
    assert [each.state for each in found] == ["problem"]
    assert words in found[0].what
    assert found[0].remedy


def test_a_dry_run_is_told(well: Facts) -> None:
    found = of("daemon", replace(well, status=status(mode="dry_run")))
    assert found[0].state == "warning"


@pytest.mark.parametrize(
    ("spool", "state", "words"),
    [
        (Waiting(0, 0.0, {}), "ok", "0 events wait"),
        (Waiting(3, 60.0, {}), "problem", "3 events wait, the oldest for 60 s, and no daemon runs"),
        ("there is no spool in x", "not checked", "there is no spool"),
    ],
)
def test_a_queue_without_a_daemon(well: Facts, spool: Waiting | str, state: str, words: str) -> None:
    (found,) = of("queue", replace(well, status=None, spool=spool))
    assert (found.state, words in found.what) == (state, True)


def test_a_queue_that_grows_old(well: Facts) -> None:
    facts = replace(well, status=status(spool={"pending": 4, "oldest_seconds": 900}))
    assert [each.state for each in of("queue", facts)] == ["warning"]


@pytest.mark.parametrize("runs", [True, False])
def test_dead_letters(well: Facts, runs: bool) -> None:
    dead = {"refused": 2, "too_old": 1}
    facts = (
        replace(well, status=status(spool={"dead_letters": dead}))
        if runs
        else replace(well, status=None, spool=Waiting(0, 0.0, dead))
    )
    (found,) = of("dead letters", facts)
    assert (found.state, found.what) == ("warning", "3 events were set aside: refused 2, too_old 1")
    assert "`tagwright dead list --reason refused`" in found.remedy


# ------------------------------------------------------------------ traffic


@pytest.mark.parametrize(
    ("samples", "uptime", "state", "words"),
    [
        (TRAFFIC, 3000, "ok", "after 5 to 10 minutes"),
        (TRAFFIC[:1], 3000, "problem", "100 events came in, TikTok took 0"),
        (TRAFFIC[:1], 30, "not checked", "only just started"),
        ((), 3000, "warning", "no event came in"),
    ],
)
def test_traffic(well: Facts, samples: Any, uptime: int, state: str, words: str) -> None:
    (found,) = of("traffic", replace(well, samples=samples, status=status(uptime_seconds=uptime)))
    assert (found.state, words in found.what) == (state, True)


@pytest.mark.parametrize(
    ("outcome", "reason", "count", "state"),
    [
        ("unhandled", "-", 150, "problem"),
        ("unhandled", "-", 90, "ok"),
        ("skip", "not_for_source", 150, "problem"),
        ("skip", "missing_required", 150, "problem"),
        ("skip", "destination_inactive", 150, "problem"),
        ("skip", "destination_inactive", 3, "warning"),
        ("skip", "no advertising consent", 150, "ok"),
    ],
)
def test_outcomes(well: Facts, outcome: str, reason: str, count: int, state: str) -> None:
    more = counted("outcomes", count, outcome=outcome, reason=reason, destination="-", event="x")
    (found,) = of("outcomes", replace(well, samples=(*TRAFFIC, more)))
    assert (found.state, bool(found.remedy)) == (state, state != "ok")


def test_consent_that_is_not_mapped(well: Facts) -> None:
    came = counted("events_received", 7, format="ga4")
    (found,) = of("consent", replace(well, samples=(*TRAFFIC, came)))
    assert (found.state, "7 events came as ga4" in found.what) == ("warning", True)
    mapped = Settings(consent=Consent(ga4=(("ad_user_data", "advertising"),)))
    assert of("consent", replace(well, samples=(*TRAFFIC, came), settings=mapped))[0].state == "ok"


def test_consent_that_was_told_and_not_read(well: Facts) -> None:
    came = counted("events_received", 7, format="segment")
    unread = counted("consent_unread", 3, format="segment")
    mapped = Settings(consent=Consent(segment=(("Advertising", "advertising"),)))
    for settings in (Settings(), mapped):
        (found,) = of("consent", replace(well, samples=(*TRAFFIC, came, unread), settings=settings))
        assert (found.state, "3 events came as segment" in found.what) == ("warning", True)
        assert "consent.segment" in found.remedy


def test_consent_of_the_wrong_type(well: Facts) -> None:
    bad = counted("fields_left_out", 9, path="event.consent.advertising", reason="not true or false")
    (found,) = of("consent", replace(well, samples=(*TRAFFIC, bad)))
    assert (found.state, found.remedy) == ("warning", "send true or false")
    assert of("fields", replace(well, samples=(*TRAFFIC, bad)))[0].state == "ok"


def test_consent_that_nearly_nobody_gives(well: Facts) -> None:
    refused = counted(
        "outcomes", 2000, outcome="skip", reason="no advertising consent", destination="-", event="x"
    )
    (found,) = of("consent", replace(well, samples=(*TRAFFIC, refused)))
    assert (found.state, "2000 of 2100" in found.what) == ("warning", True)


def test_orders_of_two_senders(well: Facts) -> None:
    repeat = {
        "destination": "tiktok_web", "event": "Purchase", "first": "shopify/shop", "again": "standard/site",
        "orders": 12,
    }  # fmt: skip
    (found,) = of("orders", replace(well, status=status(order_repeats=[repeat])))
    assert found.state == "problem"
    assert (
        "12 orders came to tiktok_web as Purchase from shopify/shop and again from standard/site"
        in found.what
    )
    assert "24 hours" in found.remedy


@pytest.mark.parametrize("key", ["ttclid", "ttp", "email", "phone", "external_id", "user_agent"])
def test_a_key_that_nearly_no_event_has(well: Facts, key: str) -> None:
    samples = (*TRAFFIC[:3], *matched(**{**ALL_KEYS, key: 2}))
    (found,) = of("match keys", replace(well, samples=samples))
    assert (found.state, "2 % of 100 events have" in found.what) == ("warning", True)
    assert found.remedy


def test_keys_that_a_source_does_not_take_are_not_missed(well: Facts) -> None:
    samples = (*TRAFFIC[:3], *matched("offline", email=50, phone=50))
    (found,) = of("match keys", replace(well, samples=samples))
    assert found.state == "ok"


@pytest.mark.parametrize(
    ("path", "reason", "words"),
    [
        ("event.user.phone", "hash_phone gives nothing for it", "phone_country"),
        ("user.ttclid", "too_long", "1,000 characters"),
        ("user.ip", "private_ip", "trusted_proxies"),
        ("page.url", "not_http", "http or https"),
        ("event.user.email", "hash_email gives nothing for it", "user.hashed.email"),
        ("properties.value", "not_a_number", "tagwright explain"),
    ],
)
def test_fields_that_could_not_be_sent(well: Facts, path: str, reason: str, words: str) -> None:
    left = counted("fields_left_out", 3, path=path, reason=reason)
    (found,) = of("fields", replace(well, samples=(*TRAFFIC, left)))
    assert (found.state, words in found.remedy) == ("warning", True)
