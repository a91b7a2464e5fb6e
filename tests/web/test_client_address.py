"""Whose request it is: which header of which proxy is believed."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.serving.peer import client_ip, household, is_proxy

PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8:1::/48"))
XFF = "x-forwarded-for"


@pytest.mark.parametrize(
    ("peer", "said", "found"),
    [
        ("10.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.1", "[2001:db8::9]:4711", "2001:db8::9"),
        ("10.0.0.1", "203.0.113.9, unknown", None),
        ("10.0.0.1", "", "10.0.0.1"),
        ("2001:db8:1::1", "203.0.113.9", "203.0.113.9"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        (None, "198.51.100.1", None),
    ],
)
def test_x_forwarded_for_is_read_from_the_right(peer: str | None, said: str, found: str | None) -> None:
    assert client_ip(peer, {XFF: said}, PROXIES, XFF) == found


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("for=203.0.113.9", "203.0.113.9"),
        ('For="[2001:db8::9]:4711"; proto=https; by=10.0.0.1', "2001:db8::9"),
        ("for=198.51.100.1, proto=http;for=203.0.113.9, for=10.0.0.2", "203.0.113.9"),
        ("for=198.51.100.1, for=_hidden", None),
        ("for=198.51.100.1, for=unknown", None),
        ("for=198.51.100.1, by=10.0.0.1", None),
        ('for="203.0.113.9', "203.0.113.9"),
        (";;,=", None),
    ],
)
def test_forwarded_is_read_from_the_right(said: str, found: str | None) -> None:
    assert client_ip("10.0.0.1", {"forwarded": said, XFF: "192.0.2.1"}, PROXIES, "forwarded") == found


def test_a_header_of_a_provider_has_one_address() -> None:
    header = "cf-connecting-ip"
    assert client_ip("10.0.0.1", {header: "203.0.113.9", XFF: "1.1.1.1"}, PROXIES, header) == "203.0.113.9"
    assert client_ip("10.0.0.1", {header: "203.0.113.9, 1.1.1.1"}, PROXIES, header) is None
    assert client_ip("10.0.0.1", {XFF: "203.0.113.9"}, PROXIES, header) == "10.0.0.1"


@given(
    said=st.dictionaries(st.sampled_from([XFF, "forwarded", "cf-connecting-ip"]), st.text()),
    header=st.sampled_from([XFF, "forwarded", "cf-connecting-ip"]),
    trusted=st.sampled_from([(), PROXIES]),
)
def test_who_is_no_trusted_proxy_is_not_believed(
    said: dict[str, str], header: str, trusted: tuple[ipaddress.IPv4Network, ...]
) -> None:
    assert client_ip("203.0.113.7", said, trusted, header) == "203.0.113.7"
    found = client_ip("10.0.0.1", said, PROXIES, header)
    assert found is None or ipaddress.ip_address(found)


def test_rates_are_counted_by_household() -> None:
    assert household("203.0.113.9") == "203.0.113.9"
    assert household("2001:db8::1") == household("2001:db8::ffff:1") == "2001:db8::/64"
    assert household("2001:db8:0:1::1") != household("2001:db8::1")
    assert household("::ffff:203.0.113.9") == "203.0.113.9"
    assert household(None) == "-"
    assert is_proxy("10.1.2.3", PROXIES)
    assert not is_proxy("203.0.113.9", PROXIES)
    assert not is_proxy("10.1.2.3", ())
