"""Whose request it is, behind proxies that are trusted by name."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from router.settings import Network

_IP = ipaddress.IPv4Address | ipaddress.IPv6Address
_HOUSEHOLD_BITS: Final = 64


def client_ip(
    peer: str | None, headers: Mapping[str, str], trusted: Sequence[Network], header: str
) -> str | None:
    """The address of the client: the peer, or what trusted proxies say in `header` (lower-case).

    Of `X-Forwarded-For` and `Forwarded` it is the right-most address that is no trusted proxy; every other
    header has a single address. None when it cannot be told: whatever stands further left was written by who
    knows whom, and so were the headers that are not asked for.
    """
    if not trusted and peer and ":" not in peer:
        return peer
    address = _address(peer or "")
    said = headers.get(header, "")
    if address is None or not said or not is_trusted(address, trusted):
        return _text(address)
    match header:
        case "x-forwarded-for":
            return _text(_walk(address, said.split(","), trusted))
        case "forwarded":
            return _text(_walk(address, [_for(hop) for hop in said.split(",")], trusted))
        case _:
            return _text(_address(said))


def is_trusted(address: _IP, trusted: Iterable[Network]) -> bool:
    """Whether an address is of a trusted proxy."""
    return any(address in network for network in trusted)


def is_proxy(peer: str, trusted: Sequence[Network]) -> bool:
    """The same of the text of an address."""
    address = _address(peer) if trusted else None
    return address is not None and is_trusted(address, trusted)


def household(address: str | None) -> str:
    """Whom rates are counted for: an IPv4 address, or the /64 of an IPv6 address that one party has whole."""
    if address is None or ":" not in address:
        return address or "-"
    parsed = _address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((int(parsed), _HOUSEHOLD_BITS), strict=False))
    return str(parsed)


def _walk(address: _IP | None, hops: list[str], trusted: Sequence[Network]) -> _IP | None:
    while address is not None and hops and is_trusted(address, trusted):
        address = _address(hops.pop())
    return address


def _for(hop: str) -> str:
    """The address of one element of `Forwarded` (RFC 7239); empty when it names none."""
    for pair in hop.split(";"):
        name, _, value = pair.strip().partition("=")
        if name.lower() == "for":
            return value.strip().strip('"')
    return ""


def _text(address: _IP | None) -> str | None:
    return None if address is None else str(address)


def _address(text: str) -> _IP | None:
    """An address, less a port; IPv4 in IPv6 becomes IPv4."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
