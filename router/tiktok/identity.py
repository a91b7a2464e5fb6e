"""Identifiers that rules pass as they came, in TikTok's spelling or left out with a reason."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from router.functions.digest import existing_hash
from router.functions.identity import normal_gaid, normal_idfa
from router.tiktok.catalogue import LIMITS


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a value cannot be sent: a short word for counters."""

    reason: str


Fit = Callable[[str], str | Unfit]

# Not `is_private`: that holds the documentation ranges too, which TikTok took (MEAS, H) and samples use.
_NOBODY_OUTSIDE = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
        "::/128",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
    )
)
_SOME_INSIDE = frozenset(
    str(number)
    for block in _NOBODY_OUTSIDE
    if block.version == 4
    for number in range(block.network_address.packed[0], block.broadcast_address.packed[0] + 1)
)
"""How addresses begin of which at least some are not public."""
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"({_OCTET})(?:\.{_OCTET}){{3}}")
_LONGEST_IP = 64
UNEXPANDED_MACRO = "__CLICKID__"


def idfa(value: str) -> str | Unfit:
    """Apple's advertising id in upper case, or its SHA-256 in lower (DOC-REF, H); all zeros are left out."""
    return existing_hash(value.strip()) or normal_idfa(value) or Unfit("no_advertising_id")


def gaid(value: str) -> str | Unfit:
    """Google's advertising id, or its SHA-256, in lower case (DOC-REF, H); all zeros are left out."""
    return normal_gaid(value) or Unfit("no_advertising_id")


def ip(value: str) -> str | Unfit:
    """An IP address that the internet can route (DOC-REF, H), without white space around it.

    An IPv4 address in IPv6 clothes is sent as IPv4. Addresses of documentation are let through.
    """
    return _public_ip(value) if len(value) <= _LONGEST_IP else Unfit("not_an_ip")


# Parsing an address costs as much as the rest of a payload, and a visitor sends many events.
@lru_cache(maxsize=4096)
def _public_ip(value: str) -> str | Unfit:
    plain = _IPV4.fullmatch(value)
    if plain is not None and plain[1] not in _SOME_INSIDE:
        return value
    try:
        address = _unwrapped(ip_address(value.strip().partition("%")[0]))
    except ValueError:
        return Unfit("not_an_ip")
    inside = any(address in block for block in _NOBODY_OUTSIDE if block.version == address.version)
    return Unfit("private_ip") if inside else str(address)


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def ttclid(value: str) -> str | Unfit:
    """A click id exactly as it came; longer than TikTok takes (DOC-TTCLID, H) it is left out, never cut."""
    if len(value) > LIMITS.ttclid_characters:
        return Unfit("too_long")
    return Unfit("unexpanded_macro") if value == UNEXPANDED_MACRO else value


def place_name(value: str) -> str | Unfit:
    """A city, state or country in lower case, its letters and digits only (DOC-PARAM, SEG, M).

    Letters of every script stay, with their marks: no rule is known for them.
    """
    kept = "".join(char for char in value.lower() if unicodedata.category(char)[0] in "LMN")
    return kept or Unfit("no_letters")


def country(value: str) -> str | Unfit:
    """A country as its ISO 3166 code in lower case (DOC-PARAM, M); names of countries are left out."""
    code = value.strip().lower()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else Unfit("not_a_country_code")


FITS: dict[str, Fit] = {
    "user.idfa": idfa,
    "user.gaid": gaid,
    "user.ip": ip,
    "user.ttclid": ttclid,
    "user.city": place_name,
    "user.state": place_name,
    "user.country": country,
}
