"""The values a setting takes: how they are read, and how the expectation is told."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port; port 0 is any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """The address of a database, of which only `url` itself tells user and password."""

    url: str = field(repr=False)

    @property
    def password(self) -> str | None:
        """What nobody may see of it."""
        parts = urlsplit(self.url)
        return dict(parse_qsl(parts.query)).get("password") or unquote(parts.password or "") or None


@dataclass(frozen=True, slots=True)
class Shape:
    """The values a setting takes.

    `read` gives the value, or None when it does not fit. `from_text` says that text holds any value, as in
    an environment variable.
    """

    expects: str
    read: Callable[[Any], Any]
    from_text: bool = True


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def whole(low: int, high: int = 2**50) -> Shape:
    """A whole number."""

    def read(raw: Any) -> int | None:
        if isinstance(raw, str) and raw.isascii() and raw.isdigit():
            return _within(int(raw[:20]), low, high)
        return _within(raw, low, high) if isinstance(raw, int) and not isinstance(raw, bool) else None

    limits = f"from {low} to {high}" if high < 2**50 else f"of at least {low}"
    return Shape(f"a whole number {limits}", read)


def amount(low: float, high: float) -> Shape:
    """A number."""

    def read(raw: Any) -> float | None:
        try:
            value = float(raw) if isinstance(raw, int | float | str) and not isinstance(raw, bool) else None
        except (ValueError, OverflowError):
            return None
        return None if value is None else _within(value, low, high)

    return Shape(f"a number from {low:g} to {high:g}", read)


def _within(value: _Number, low: float, high: float) -> _Number | None:
    return value if low <= value <= high else None


def choice(*options: str) -> Shape:
    """One of a few words."""
    expects = "one of " + ", ".join(f'"{option}"' for option in options)
    return Shape(expects, lambda raw: raw if raw in options else None)


def choices(*options: str) -> Shape:
    """A list of a few words, at least one."""
    expects = "a list of " + ", ".join(f'"{option}"' for option in options)
    read = _each(lambda text: text if text in options else None)
    return Shape(expects, lambda raw: read(raw) or None)


def some_of(*options: str) -> Shape:
    """A list of a few words, or none of them."""
    expects = "a list of " + ", ".join(f'"{option}"' for option in options) + ", which may be empty"
    return Shape(expects, _each(lambda text: text if text in options else None))


def _as_switch(raw: Any) -> bool | None:
    return raw if isinstance(raw, bool) else {"true": True, "false": False}.get(str(raw).lower())


def _as_address(raw: Any) -> Address | None:
    if isinstance(raw, Address):
        return raw
    host, _, port = raw.rpartition(":") if isinstance(raw, str) else ("", "", "")
    bare = host.removeprefix("[").removesuffix("]")
    if (
        not bare
        or "/" in bare
        or not (port.isascii() and port.isdigit() and len(port) <= 5)
        or int(port) > 65535
    ):
        return None
    return Address(bare, int(port))


def _as_path(raw: Any) -> Path | None:
    return Path(raw) if isinstance(raw, str | Path) and str(raw) else None


def _each(read: Callable[[str], Any]) -> Callable[[Any], tuple[Any, ...] | None]:
    """A list of the file, or the comma-separated text of a variable."""

    def read_all(raw: Any) -> tuple[Any, ...] | None:
        parts = [part.strip() for part in raw.split(",") if part.strip()] if isinstance(raw, str) else raw
        if not isinstance(parts, list | tuple):
            return None
        values = tuple(read(part) if isinstance(part, str) else None for part in parts)
        return None if None in values else values

    return read_all


def _split(url: Any) -> SplitResult | None:
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        return parts if parts and parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def _as_origin(text: str) -> str | None:
    parts = _split(text)
    exact = parts and parts.scheme in ("http", "https") and text == f"{parts.scheme}://{parts.netloc}"
    return text if exact and "*" not in text else None


def _as_header(raw: Any) -> str | None:
    return raw.lower() if isinstance(raw, str) and _HEADER_NAME.fullmatch(raw) else None


def _as_network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _as_base_url(raw: Any) -> str | None:
    parts = _split(raw)
    if parts is None or parts.username or parts.query or parts.fragment:
        return None
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    return str(raw).rstrip("/") if safe else None


def _as_web_address(raw: Any) -> str | None:
    parts = _split(raw)
    if parts is None or parts.username or parts.query or parts.fragment:
        return None
    return str(raw) if parts.scheme in ("http", "https") else None


def _as_database(raw: Any) -> DatabaseUrl | None:
    # Several hosts and a folder for a host are libpq's business: it says what is wrong with them.
    fits = isinstance(raw, str) and raw.startswith(("postgresql://", "postgres://"))
    try:
        return DatabaseUrl(raw) if fits and urlsplit(raw).path.strip("/") else None
    except ValueError:
        return None


def _as_purposes(raw: Any) -> tuple[tuple[str, str], ...] | None:
    fits = isinstance(raw, dict) and all(isinstance(purpose, str) and purpose for purpose in raw.values())
    return tuple(raw.items()) if fits else None


def _as_order_id(raw: Any) -> str | None:
    return raw if isinstance(raw, str) and any(f"{{{field}}}" in raw for field in ORDER_FIELDS) else None


def _as_tables(raw: Any) -> list[dict[str, Any]] | None:
    return raw if isinstance(raw, list) and all(isinstance(each, dict) for each in raw) else None


ORDER_FIELDS = ("id", "name", "order_number", "token", "checkout_token", "checkout_id", "cart_token")
"""The fields of a Shopify order that a pixel can know, too."""
SWITCH = Shape("true or false", _as_switch)
ADDRESS = Shape('HOST:PORT, such as "127.0.0.1:8080"', _as_address)
PATH = Shape("a path", _as_path)
BASE_URL = Shape("an https address; http only for a host of this machine", _as_base_url)
WEB_ADDRESS = Shape('an http or https address, such as "http://127.0.0.1:4318"', _as_web_address)
ORIGINS = Shape('a list of origins such as "https://shop.example", never "*"', _each(_as_origin))
HEADER = Shape("the name of a header", _as_header)
NETWORKS = Shape('a list of networks such as "10.0.0.0/8", never "*"', _each(_as_network))
TEXT = Shape("a text", lambda raw: raw if isinstance(raw, str) and raw.strip() else None)
TEXTS = Shape("a list of texts", _each(lambda text: text or None))
DATABASE = Shape("an address such as postgresql://USER@HOST/DATABASE", _as_database)
EVENT_NAMES = Shape(
    'a table such as { "com.example.order.paid" = "purchase" }', _as_purposes, from_text=False
)
ORDER_ID = Shape('a text with a field of the order in braces, such as "order_{id}"', _as_order_id)
PURPOSES = Shape('a table such as { "2" = "advertising" }', _as_purposes, from_text=False)
WRITE_KEYS = Shape(
    "[[write_keys]] tables of name, env or file, and what the key may", _as_tables, from_text=False
)
