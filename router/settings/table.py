"""Every setting once, with its default, its meaning and the values it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal

from router.settings.shapes import (
    ADDRESS,
    BASE_URL,
    NETWORKS,
    ORIGINS,
    PATH,
    PURPOSES,
    WRITE_KEYS,
    Address,
    Network,
    Shape,
    amount,
    choice,
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


@dataclass(frozen=True, slots=True)
class WriteKey:
    """What a sender must show.

    The events of a `server` speak of other people's devices, those of a `visitor` of the one that sends them;
    `auto` takes a request for a visitor's when a browser made it.
    `rate` is requests a second, None without limit.
    """

    name: str
    value: str = field(repr=False)
    sender: Literal["auto", "visitor", "server"] = "auto"
    rate: float | None = None


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
    header_bytes: int = field(default=16 * _KIB, metadata=_is(whole(_KIB, _MIB), "largest request head"))
    head_seconds: float = field(
        default=5.0, metadata=_is(amount(0.1, 600), "how long a request head may take")
    )
    body_seconds: float = field(default=15.0, metadata=_is(amount(0.1, 600), "how long a body may take"))
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

    dedup_cache: int = field(default=100_000, metadata=_is(whole(0), "recent dedup keys kept in memory"))
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


@dataclass(frozen=True, slots=True)
class Consent:
    """How foreign consent is read. What is not mapped is not granted."""

    commanders_act: tuple[tuple[str, str], ...] = field(
        default=(),
        metadata=_is(PURPOSES, "Commanders Act consent category to purpose of the standard event"),
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
    data: Path = field(default=Path("tagwright-data"), metadata=_is(PATH, "directory of the store"))
    profile: Literal["test", "production"] = field(
        default="production",
        metadata=_is(choice("test", "production"), "test codes are used in the test profile only"),
    )
    cors_origins: tuple[str, ...] = field(
        default=(), metadata=_is(ORIGINS, "origins whose pages may post from a browser")
    )
    trusted_proxies: tuple[Network, ...] = field(
        default=(), metadata=_is(NETWORKS, "networks of the proxies whose X-Forwarded-For is believed")
    )
    write_keys: tuple[WriteKey, ...] = field(
        default=(),
        metadata=_is(
            WRITE_KEYS, "keys of which a sender must show one; without any, only this machine can post"
        ),
    )
    tiktok: TikTok = field(default_factory=TikTok)
    limits: Limits = field(default_factory=Limits)
    delivery: Delivery = field(default_factory=Delivery)
    store: Store = field(default_factory=Store)
    consent: Consent = field(default_factory=Consent)
    logs: Logs = field(default_factory=Logs)


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
