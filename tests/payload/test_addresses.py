"""Which addresses of visitors are sent, whichever way they are looked at."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.tiktok.identity import Unfit, ip

INSIDE = [
    ip_network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.168.0.0/16", "224.0.0.0/3",
    )
]  # fmt: skip


@given(st.ip_addresses(v=4) | st.builds(IPv4Address, st.sampled_from([int(each[0]) for each in INSIDE])))
def test_an_address_is_sent_as_it_is_unless_it_is_not_public(address: IPv4Address) -> None:
    inside = any(address in block for block in INSIDE)
    assert ip(str(address)) == (Unfit("private_ip") if inside else str(address))


@pytest.mark.parametrize(
    "address", ["9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.32.0.0"]
)
def test_neighbours_of_a_block_are_public(address: str) -> None:
    assert ip(address) == address


@pytest.mark.parametrize(
    "text",
    [
        "1.2.3",
        "1.2.3.4.5",
        "01.2.3.4",
        "1.2.3.04",
        "256.1.1.1",
        "1.2.3.256",
        "1..3.4",
        "1.2.3.\u0664",
        "a.b.c.d",
        "",
    ],
)
def test_what_is_no_address_is_left_out(text: str) -> None:
    assert ip(text) == Unfit("not_an_ip")


def test_white_space_and_zones_are_taken_off() -> None:
    assert ip(" 203.0.113.9\n") == "203.0.113.9"
    assert ip("2001:db8::1%eth0") == "2001:db8::1"
