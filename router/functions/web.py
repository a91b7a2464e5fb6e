"""Functions on web addresses, cookies, headers and the environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

from router.lang.library import Context, Given, Sought, function, registry
from router.lang.values import MAX_TEXT

_DEVICE_COOKIES = ("context", "device", "cookie")


def _quick_query(given: Given) -> Callable[[str], str | None] | None:
    """For a name that is known: one search through the whole address tells that it is not there."""
    name = given.constants.get(1)
    if not name or 0 in given.constants:
        return None
    start = f"{name}="

    def found(url: str) -> str | None:
        return _query(url, start) if start in url else None

    return found


@function(
    "query(url: text, name: text) -> text",
    ('query("https://shop.example/?a=1&ttclid=E.C.P.x", "ttclid")', "E.C.P.x"),
    ('query("https://shop.example/?q=red+boots%21", "q")', "red boots!"),
    ('query("https://shop.example/#/thanks?ttclid=E.C.P.x", "ttclid")', "E.C.P.x"),
    ('query("https://shop.example/?nottclid=1", "ttclid")', None),
    quick=_quick_query,
)
def query(url: str, name: str) -> str | None:
    """The value of a parameter in the query of a web address, decoded; the first one when it is repeated.

    The name must stand in the address as it is written here. `+` is a space. An address without a query is
    searched behind its `#`, where single page applications keep one. A value that is not UTF-8 is missing.
    """
    return _query(url, f"{name}=") if name else None


def _query(url: str, start: str) -> str | None:
    raw = _parameter(_query_part(url), start)
    if "%" not in raw and "+" not in raw:
        return raw or None
    try:
        return unquote_plus(raw, errors="strict") or None
    except UnicodeDecodeError:
        return None


def _query_part(url: str) -> str:
    address, _, fragment = url.partition("#")
    _, asked, found = address.partition("?")
    if asked:
        return found
    route, asked, found = fragment.partition("?")
    return found if asked else route


def _parameter(part: str, start: str) -> str:
    at = part.find(start)
    while at > 0 and part[at - 1] != "&":
        at = part.find(start, at + 1)
    if at < 0:
        return ""
    end = part.find("&", at)
    return part[at + len(start) : end if end >= 0 else None]


@function(
    "host(url: text) -> text",
    ('host("https://Shop.Example:8443/cart")', "shop.example"),
    ('host("/cart")', None),
)
def host(url: str) -> str | None:
    """The host of a web address in lower case, without user name and port."""
    authority = _authority(url).rpartition("@")[2].lower()
    if authority.startswith("["):
        return authority.partition("]")[0][1:] or None
    return authority.partition(":")[0] or None


@function(
    "path(url: text) -> text",
    ('path("https://shop.example/cart/1?step=2")', "/cart/1"),
    ('path("https://shop.example")', "/"),
    ("path(missing)", None),
)
def path(url: str) -> str | None:
    """The path of a web address as it is written there, `/` when there is none.

    An address without a host, such as `/cart?step=2`, is a path with a query.
    """
    page = _page(url)
    authority = _authority(url)
    if not authority:
        return page or None
    return page[page.index("//") + 2 + len(authority) :] or "/"


@function(
    "without_query(url: text) -> text",
    ('without_query("https://shop.example/cart?step=2#top")', "https://shop.example/cart"),
    ('without_query("?step=2")', None),
)
def without_query(url: str) -> str | None:
    """A web address up to its query and its `#`."""
    return _page(url) or None


def _page(url: str) -> str:
    return url.partition("#")[0].partition("?")[0]


def _authority(url: str) -> str:
    scheme, slashes, rest = _page(url).partition("//")
    return rest.partition("/")[0] if slashes and (not scheme or scheme.endswith(":")) else ""


@function(
    "cookie(name: text) -> text",
    ('cookie("_ttp")', "2e60deb4175e0f8ec46943b26e7"),
    ('cookie("ttclid")', "E.C.P.device"),
    ('cookie("cart")', None),
    context=True,
    sought=Sought("cookies", _DEVICE_COOKIES),
)
def cookie(context: Context, name: str) -> str | None:
    """A cookie of the request that brought the event, else of `context.device.cookie` in the event.

    The value is as the browser sent it, not decoded. More than 8,192 characters are missing.
    """
    return _usable(context.arrival.cookies.get(name)) or _usable(_device_cookie(context.arrival.event, name))


def _device_cookie(event: Any, name: str) -> Any:
    for step in (*_DEVICE_COOKIES, name):
        event = event.get(step) if isinstance(event, dict) else None
    return event


def _usable(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= MAX_TEXT else None


@function(
    "header(name: text) -> text",
    ('header("User-Agent")', "ExampleBrowser/1.0"),
    ('header("X-Not-There")', None),
    context=True,
    sought=Sought("headers", folded=True),
)
def header(context: Context, name: str) -> str | None:
    """A header of the request that brought the event; upper and lower case of its name do not matter."""
    return _usable(context.arrival.headers.get(name.lower()))


@function(
    "env(name: text) -> text",
    ('env("SHOP_REGION")', "eu"),
    ('env("SHOP_NOT_SET")', None),
    context=True,
    load_time=True,
)
def env(context: Context, name: str) -> str | None:
    """An environment variable, read once when the rules are loaded."""
    return (context.variables.env(name) or None) if context.variables else None


@function(
    "secret(name: text) -> text",
    ('secret("SHOP_TOKEN")', "example"),
    ('secret("SHOP_NOT_SET")', None),
    context=True,
    load_time=True,
)
def secret(context: Context, name: str) -> str | None:
    """A secret by its name, read once when the rules are loaded.

    It comes from the environment variable of that name, or from the file that NAME_FILE names, or from the
    system's keyring at NAME_KEYRING, written SERVICE/NAME.
    """
    return (context.variables.secret(name) or None) if context.variables else None


WEB = registry(query, host, path, without_query, cookie, header, env, secret)
