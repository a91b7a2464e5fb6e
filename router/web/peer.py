"""Whose request it is, behind proxies that are trusted by name."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from router.settings import Network

_IP = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_ip(peer: str | None, forwarded: str | None, trusted: Sequence[Network]) -> str | None:
    """The right-most untrusted address of `X-Forwarded-For` when the peer is a trusted proxy, else the peer.

    None when it cannot be told: whatever stands further left was written by who knows whom.
    """
    if not trusted and peer and ":" not in peer:
        return peer
    address = _address(peer or "")
    hops = forwarded.split(",") if forwarded and trusted else []
    while address is not None and hops and _is_trusted(address, trusted):
        address = _address(hops.pop())
    return str(address) if address is not None else None


def _is_trusted(address: _IP, trusted: Iterable[Network]) -> bool:
    return any(address in network for network in trusted)


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
