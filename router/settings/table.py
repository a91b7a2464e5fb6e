"""Every setting once, with its default, its meaning and the values it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal

from router.settings.keys import WriteKey
from router.settings.shapes import (
    ADDRESS,
    BASE_URL,
    DATABASE,
    EVENT_NAMES,
    HEADER,
    NETWORKS,
    ORDER_ID,
    ORIGINS,
    PATH,
    PURPOSES,
    SWITCH,
    TEXT,
    TEXTS,
    WEB_ADDRESS,
    WRITE_KEYS,
    Address,
    DatabaseUrl,
    Network,
    Shape,
    amount,
    choice,
    choices,
    some_of,
    whole,
)

_KIB = 1024
_MIB = 1024 * _KIB


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the reference page. `name` is the key in the file, with dots between sections."""

    name: str
    shape: Shape
    default: Any
    summary: str

    @property
    def override(self) -> str:
        """The name of a command line's override."""
        return self.name.replace(".", "_")

    @property
    def variable(self) -> str | None:
        """The environment variable that sets it; tables have none."""
        return f"TAGWRIGHT_{self.override.upper()}" if self.shape.from_text else None


def _is(shape: Shape, summary: str) -> Mapping[str, Any]:
    return {"shape": shape, "summary": summary}


@dataclass(frozen=True, slots=True)
class TikTok:
    """Where events go."""

    base_url: str = field(
        default="https://business-api.tiktok.com", metadata=_is(BASE_URL, "address of TikTok's API")
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """What requests may cost."""

    body_bytes: int = field(
        default=_MIB, metadata=_is(whole(_KIB), "largest body with a single event, decompressed")
    )
    batch_bytes: int = field(
        default=5 * _MIB, metadata=_is(whole(_KIB), "largest body in all, before and after decompression")
    )
    events: int = field(default=1000, metadata=_is(whole(1, 100_000), "most events in one body"))
    event_bytes: int = field(default=512 * _KIB, metadata=_is(whole(_KIB), "largest single event"))
    depth: int = field(
        default=32, metadata=_is(whole(1, 200), "deepest nesting of objects and lists in an event")
    )
    gzip_ratio: int = field(
        default=100, metadata=_is(whole(1, 2000), "how many times larger a gzip body may become")
    )
    in_flight_bytes: int = field(
        default=64 * _MIB, metadata=_is(whole(_MIB), "bytes of bodies in memory; beyond it, 503")
    )
    connections: int = field(
        default=4096, metadata=_is(whole(1, 100_000), "open connections; further ones are closed at once")
    )
    connections_per_address: int = field(
        default=256, metadata=_is(whole(1, 100_000), "of these, from one address that is no trusted proxy")
    )
    requests_per_address: float = field(
        default=200.0,
        metadata=_is(
            amount(0, 1_000_000),
            "requests a second of one address that come from visitors; beyond it, 429; 0 is any number",
        ),
    )
    auth_failures: int = field(
        default=30,
        metadata=_is(
            whole(1, 1_000_000),
            "wrong keys an address may show a minute; beyond it, 429 but for keys it has used before",
        ),
    )
    header_bytes: int = field(default=16 * _KIB, metadata=_is(whole(_KIB, _MIB), "largest request head"))
    headers: int = field(default=64, metadata=_is(whole(8, 1000), "most headers of a request"))
    url_bytes: int = field(
        default=4 * _KIB, metadata=_is(whole(64, _MIB), "longest path and query of a request")
    )
    head_seconds: float = field(
        default=5.0, metadata=_is(amount(0.1, 600), "how long a request head may take")
    )
    body_seconds: float = field(default=15.0, metadata=_is(amount(0.1, 600), "how long a body may take"))
    body_rate: int = field(
        default=_KIB, metadata=_is(whole(0, _MIB), "fewest bytes a second of a body, over any 5 s of it")
    )
    keep_alive_seconds: int = field(
        default=30, metadata=_is(whole(1, 3600), "how long an idle connection stays open")
    )


@dataclass(frozen=True, slots=True)
class Delivery:
    """How events leave."""

    batch_max: int = field(default=50, metadata=_is(whole(1, 1000), "most events in one request to TikTok"))
    in_flight: int = field(
        default=4,
        metadata=_is(whole(1, 16), "most requests a destination may have open at once; it starts with one"),
    )
    requests_per_second: float = field(
        default=800.0, metadata=_is(amount(0.1, 1000), "most requests a second, of all destinations together")
    )
    breaker_failures: int = field(
        default=5, metadata=_is(whole(1, 1000), "failures in a row after which a destination is left alone")
    )
    breaker_seconds: float = field(
        default=5.0, metadata=_is(amount(0.1, 3600), "how long; doubles with each attempt that fails")
    )
    breaker_cap_seconds: float = field(
        default=60.0, metadata=_is(amount(0.1, 3600), "longest time between two such attempts")
    )
    guard_sends: int = field(
        default=20,
        metadata=_is(whole(2, 1000), "answers of which more than half, refused alike, hold a destination"),
    )
    drain_seconds: float = field(default=10.0, metadata=_is(amount(0.1, 600), "how long stopping may take"))
    drain_delay_seconds: float = field(
        default=0.0,
        metadata=_is(
            amount(0, 600), "how long events are taken before that, while `/readyz` says that it stops"
        ),
    )
    claim_hours: float = field(
        default=48.0, metadata=_is(amount(1, 720), "how long a repeat is recognised after the confirmed send")
    )
    resend_hours: float = field(
        default=47.0, metadata=_is(amount(1, 720), "how long an attempt of unknown outcome is repeated")
    )
    probe_seconds: float = field(
        default=300.0, metadata=_is(amount(1, 86_400), "how often a held destination is tried")
    )
    event_age_days: float = field(
        default=7.0, metadata=_is(amount(0.01, 365), "oldest web, app or CRM event that is sent")
    )
    offline_age_days: float = field(
        default=28.0, metadata=_is(amount(0.01, 365), "oldest offline event that is sent")
    )
    future_minutes: float = field(
        default=10.0, metadata=_is(amount(0, 10_000), "how far ahead of our clock an event's time may be")
    )
    future_events: Literal["dead_letter", "send"] = field(
        default="dead_letter",
        metadata=_is(choice("dead_letter", "send"), "what becomes of events that are further ahead"),
    )


@dataclass(frozen=True, slots=True)
class Store:
    """What waits on disk."""

    dedup_cache: int = field(default=50_000, metadata=_is(whole(0), "recent dedup keys kept in memory"))
    pending_bytes: int = field(
        default=2048 * _MIB, metadata=_is(whole(_MIB), "bytes that may wait; beyond it, 503")
    )
    pending_rows: int = field(
        default=5_000_000, metadata=_is(whole(100), "events that may wait; beyond it, 503")
    )
    writer_queue: int = field(
        default=5000, metadata=_is(whole(1), "events that may wait for a commit; beyond it, 503")
    )
    free_bytes: int = field(
        default=512 * _MIB, metadata=_is(whole(0), "bytes that stay free on the disk; below it, 503")
    )
    free_percent: float = field(
        default=5.0,
        metadata=_is(amount(0, 90), "part of the disk that stays free; the larger of both counts"),
    )
    ballast_bytes: int = field(
        default=64 * _MIB,
        metadata=_is(
            whole(0), "a file that is deleted when the disk is full, so that events can leave; 0 is none"
        ),
    )
    dead_days: float = field(default=14.0, metadata=_is(amount(0.01, 3650), "how long dead letters are kept"))
    dead_bytes: int = field(
        default=1024 * _MIB, metadata=_is(whole(0), "bytes of dead letters; beyond it the oldest go")
    )
    outcome_days: float = field(
        default=7.0,
        metadata=_is(
            amount(0, 365), "how long `tagwright why` knows what became of an event; 0 keeps no log"
        ),
    )
    outcome_rows: int = field(
        default=5_000_000,
        metadata=_is(whole(0), "events not sent that the log remembers; beyond it the oldest go"),
    )
    seal_key: Path | None = field(
        default=None,
        metadata=_is(
            PATH, "file of the keys that payloads on disk are encrypted with; without it they are not"
        ),
    )
    keep_events: bool = field(
        default=False,
        metadata=_is(
            SWITCH,
            "keep events as they came until delivered, for `dead replay --rerun-rules`; needs seal_key",
        ),
    )


@dataclass(frozen=True, slots=True)
class Consent:
    """How foreign consent is read. What is not mapped is not granted."""

    commanders_act: tuple[tuple[str, str], ...] = field(
        default=(),
        metadata=_is(PURPOSES, "Commanders Act consent category to purpose of the standard event"),
    )
    segment: tuple[tuple[str, str], ...] = field(
        default=(), metadata=_is(PURPOSES, "category of Segment's `categoryPreferences` to purpose")
    )
    rudderstack: tuple[tuple[str, str], ...] = field(
        default=(), metadata=_is(PURPOSES, "consent id that RudderStack lists as allowed to purpose")
    )
    jitsu: tuple[tuple[str, str], ...] = field(
        default=(), metadata=_is(PURPOSES, "category of Jitsu's `categoryPreferences` to purpose")
    )
    ga4: tuple[tuple[str, str], ...] = field(
        default=(),
        metadata=_is(
            PURPOSES, "Google consent type, such as `ad_user_data` or, of gtag, `ad_storage`, to purpose"
        ),
    )
    shopify: tuple[tuple[str, str], ...] = field(
        default=(),
        metadata=_is(
            PURPOSES,
            "`buyer_accepts_marketing`, `email_marketing`, `sms_marketing`, or a word of the cart attribute "
            "`consent`, to purpose",
        ),
    )
    mparticle: tuple[tuple[str, str], ...] = field(
        default=(),
        metadata=_is(PURPOSES, "mParticle GDPR purpose, or `ccpa.data_sale`, to purpose"),
    )
    walkeros: tuple[tuple[str, str], ...] = field(
        default=(), metadata=_is(PURPOSES, "walkerOS consent key to purpose")
    )
    stape_data_tag: tuple[tuple[str, str], ...] = field(
        default=(),
        metadata=_is(PURPOSES, "Google consent type of a Data Tag, such as `ad_storage`, to purpose"),
    )


@dataclass(frozen=True, slots=True)
class Visitors:
    """What earlier events of a visitor are remembered for."""

    remember: tuple[str, ...] = field(
        default=(),
        metadata=_is(
            some_of("ttclid", "ttp", "page_url"),
            "what later events of a visitor are given of the earlier ones, in `meta.remembered`: click id, "
            "browser id, page of the click; empty keeps nothing",
        ),
    )
    keys: tuple[str, ...] = field(
        default=("anonymous_id", "user_id", "email"),
        metadata=_is(
            choices("anonymous_id", "user_id", "email", "phone"),
            "what tells that two events are of one visitor; kept as hashes",
        ),
    )
    cookies: tuple[str, ...] = field(
        default=(), metadata=_is(TEXTS, "cookies of the site's own that tell it, too")
    )
    click: Literal["newest", "first"] = field(
        default="newest",
        metadata=_is(choice("newest", "first"), "which click counts where there are several"),
    )
    days: float = field(
        default=30.0, metadata=_is(amount(0.01, 400), "how long a click or a browser's id is remembered")
    )
    rows: int = field(
        default=1_000_000, metadata=_is(whole(100), "most keys that are kept; beyond it the oldest go")
    )


@dataclass(frozen=True, slots=True)
class Reload:
    """When new rules come into force."""

    watch: bool = field(
        default=True, metadata=_is(SWITCH, "take up rule and token files when they change, without a signal")
    )
    tests: bool = field(
        default=True, metadata=_is(SWITCH, "run the rules' own tests before rules come into force")
    )


@dataclass(frozen=True, slots=True)
class Shopify:
    """How orders of Shopify are read."""

    purchase_topic: Literal["orders/paid", "orders/create"] = field(
        default="orders/paid",
        metadata=_is(choice("orders/paid", "orders/create"), "the webhook that is a purchase"),
    )
    event_id: str = field(
        default="{id}", metadata=_is(ORDER_ID, "event id of a purchase; the pixel must send the same")
    )
    order_id: Literal["id", "name", "order_number"] = field(
        default="id", metadata=_is(choice("id", "name", "order_number"), "what the order id is")
    )
    item_id: Literal["variant_id", "product_id", "sku"] = field(
        default="variant_id",
        metadata=_is(choice("variant_id", "product_id", "sku"), "what item ids are, as in the catalogue"),
    )
    value: Literal["total", "subtotal"] = field(
        default="total", metadata=_is(choice("total", "subtotal"), "with tax and shipping, or without")
    )
    money: Literal["shop", "presentment"] = field(
        default="shop", metadata=_is(choice("shop", "presentment"), "the shop's currency, or the buyer's")
    )
    excluded_sources: tuple[str, ...] = field(
        default=("tiktok",),
        metadata=_is(TEXTS, "`source_name` of orders that are not taken, such as TikTok Shop's"),
    )


@dataclass(frozen=True, slots=True)
class MParticle:
    """Which of mParticle's identities people are known by."""

    email_identity: str = field(default="email", metadata=_is(TEXT, "the identity with the e-mail address"))
    external_identity: str = field(
        default="customer_id", metadata=_is(TEXT, "the identity that is the user's id")
    )
    phone_identity: str = field(
        default="mobile_number", metadata=_is(TEXT, "the identity with the phone number")
    )


@dataclass(frozen=True, slots=True)
class CloudEvents:
    """How CloudEvents are named."""

    names: tuple[tuple[str, str], ...] = field(
        default=(),
        metadata=_is(EVENT_NAMES, "event name of a CloudEvents type; without it, the type's last part"),
    )


@dataclass(frozen=True, slots=True)
class Logs:
    """What is told, and how."""

    style: Literal["auto", "json", "console"] = field(
        default="auto",
        metadata=_is(
            choice("auto", "json", "console"), "JSON lines, or lines for people; auto looks for a terminal"
        ),
    )
    level: Literal["debug", "info", "warning", "error"] = field(
        default="info",
        metadata=_is(choice("debug", "info", "warning", "error"), "least level that is logged"),
    )
    traffic: bool = field(
        default=False, metadata=_is(SWITCH, "a line for each request and for each batch that is sent")
    )


@dataclass(frozen=True, slots=True)
class Traces:
    """What a collector of OpenTelemetry gets."""

    endpoint: str | None = field(
        default=None,
        metadata=_is(WEB_ADDRESS, "where spans are posted, by OTLP over HTTP; without it there are none"),
    )
    sample: float = field(
        default=1.0,
        metadata=_is(amount(0, 1), "share of requests that is traced, of those whose sender has not decided"),
    )
    service: str = field(default="tagwright", metadata=_is(TEXT, "the `service.name` of the spans"))


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator can set besides the rules."""

    listen: Address = field(
        default=Address("127.0.0.1", 8080), metadata=_is(ADDRESS, "where events are taken")
    )
    admin: Address = field(
        default=Address("127.0.0.1", 9090),
        metadata=_is(ADDRESS, "where health, metrics and status are served"),
    )
    workers: int = field(
        default=1, metadata=_is(whole(1, 64), "processes that take events; one does everything, several map")
    )
    data: Path = field(default=Path("tagwright-data"), metadata=_is(PATH, "directory of the store"))
    spool: DatabaseUrl | None = field(
        default=None,
        metadata=_is(DATABASE, "database of the store, for several routers; without it, it is in `data`"),
    )
    profile: Literal["test", "production"] = field(
        default="production",
        metadata=_is(choice("test", "production"), "test codes are used in the test profile only"),
    )
    secret_files: Literal["private", "any"] = field(
        default="private",
        metadata=_is(
            choice("private", "any"), "a file with a secret that every user can read is refused, or taken"
        ),
    )
    cors_origins: tuple[str, ...] = field(
        default=(), metadata=_is(ORIGINS, "origins whose pages may post from a browser")
    )
    trusted_proxies: tuple[Network, ...] = field(
        default=(),
        metadata=_is(NETWORKS, "networks of the proxies that are believed to name the client"),
    )
    client_ip_header: str = field(
        default="x-forwarded-for",
        metadata=_is(
            HEADER,
            "the header in which they say it: X-Forwarded-For, Forwarded, or one with a single address such "
            "as CF-Connecting-IP",
        ),
    )
    write_keys: tuple[WriteKey, ...] = field(
        default=(),
        metadata=_is(
            WRITE_KEYS,
            "keys of which a sender must show one, beside those of `tagwright keys`; "
            "without any, only this machine can post",
        ),
    )
    tiktok: TikTok = field(default_factory=TikTok)
    limits: Limits = field(default_factory=Limits)
    delivery: Delivery = field(default_factory=Delivery)
    store: Store = field(default_factory=Store)
    consent: Consent = field(default_factory=Consent)
    visitors: Visitors = field(default_factory=Visitors)
    shopify: Shopify = field(default_factory=Shopify)
    mparticle: MParticle = field(default_factory=MParticle)
    cloudevents: CloudEvents = field(default_factory=CloudEvents)
    reload: Reload = field(default_factory=Reload)
    logs: Logs = field(default_factory=Logs)
    traces: Traces = field(default_factory=Traces)

    @property
    def takes_open_files(self) -> bool:
        """Whether a secret may stand in a file that every user can read."""
        return self.secret_files == "any"  # noqa: S105 - a word of a setting


def _walk(kind: type, prefix: str = "") -> Iterator[Setting]:
    for each in fields(kind):
        if "shape" in each.metadata:
            yield Setting(prefix + each.name, each.metadata["shape"], each.default, each.metadata["summary"])
        elif isinstance(each.default_factory, type):
            yield from _walk(each.default_factory, f"{prefix}{each.name}.")


@cache
def describe_settings() -> tuple[Setting, ...]:
    """Every setting, in the order of the reference page."""
    return tuple(_walk(Settings))
