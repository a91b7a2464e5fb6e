"""Write keys on disk: what commands make of them, and that nothing is lost or shown."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.keyring import (
    KEYS_FILE,
    SOURCES,
    Grant,
    KeysUnusable,
    Refused,
    StoredKey,
    added,
    change_keys,
    digest,
    new_value,
    read_keys,
    revoked,
    rotated,
)
from router.tiktok.catalogue import SOURCES as CATALOGUE_SOURCES

NOW = 1_795_253_223
HOUR = 3600
SHOP = Grant("shop", "browser", ("web",), ("purchase*",), ("https://shop.example",), 2.5)


def stored(value: str = "a", expires: int | None = None) -> tuple[StoredKey, ...]:
    found = added((), SHOP, digest(value), NOW, expires)
    assert not isinstance(found, Refused)
    return found


def valid(keys: object, now: float) -> set[bytes]:
    assert isinstance(keys, tuple)
    return {value.digest for key in keys for value in key.valid_values(now)}


def test_a_key_has_256_bits_and_is_kept_as_its_hash(tmp_path: Path) -> None:
    value = new_value()
    assert len(value) == len("tw_") + 43
    assert len({new_value() for _ in range(100)}) == 100
    change_keys(tmp_path, lambda keys: added(keys, SHOP, digest(value), NOW))
    assert value not in (tmp_path / KEYS_FILE).read_text("utf-8")
    (key,) = read_keys(tmp_path)
    assert key.grant == SHOP
    assert key.values[0].digest == digest(value)
    assert digest(value).hex() not in repr(key)


def test_the_sources_are_those_of_the_catalogue() -> None:
    assert set(SOURCES) == set(CATALOGUE_SOURCES)


def test_a_rotated_key_has_two_values_for_the_grace() -> None:
    keys = rotated(stored("a"), "shop", digest("b"), NOW + HOUR, 2 * HOUR)
    assert valid(keys, NOW + HOUR) == {digest("a"), digest("b")}
    assert valid(keys, NOW + 3 * HOUR - 1) == {digest("a"), digest("b")}
    assert valid(keys, NOW + 3 * HOUR) == {digest("b")}
    assert isinstance(keys, tuple)
    again = rotated(keys, "shop", digest("c"), NOW + 2 * HOUR, 2 * HOUR)
    assert valid(again, NOW + 3 * HOUR) == {digest("b"), digest("c")}
    at_once = rotated(keys, "shop", digest("c"), NOW + 2 * HOUR, 0)
    assert valid(at_once, NOW + 2 * HOUR) == {digest("c")}


def test_an_expired_key_has_no_values_and_is_not_rotated() -> None:
    keys = stored("a", expires=NOW + HOUR)
    assert valid(keys, NOW + HOUR - 1) == {digest("a")}
    assert valid(keys, NOW + HOUR) == set()
    refused = rotated(keys, "shop", digest("b"), NOW + HOUR, 0)
    assert isinstance(refused, Refused)
    assert "has expired" in refused.reason
    assert isinstance(added((), SHOP, digest("a"), NOW, NOW), Refused)


def test_names_are_unique_and_known() -> None:
    assert isinstance(added(stored(), SHOP, digest("b"), NOW), Refused)
    assert revoked(stored(), "shop") == ()
    for refused in (revoked(stored(), "shp"), rotated(stored(), "shp", digest("b"), NOW, 0)):
        assert refused == Refused("there is no key shp", "the keys are shop")


_GRANTS = st.builds(
    Grant,
    st.text(min_size=1, max_size=8),
    st.sampled_from(["auto", "visitor", "server", "browser"]),
    st.lists(st.sampled_from(SOURCES), max_size=2).map(tuple),
    st.lists(st.text(max_size=8), max_size=2).map(tuple),
    st.lists(st.text(max_size=8), max_size=2).map(tuple),
    st.one_of(st.none(), st.floats(0.001, 1e6)),
)


@given(grants=st.lists(_GRANTS, max_size=4, unique_by=lambda grant: grant.name), ends=st.integers(1, 10**6))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, grants: list[Grant], ends: int
) -> None:
    directory = tmp_path_factory.mktemp("keys")
    keys: tuple[StoredKey, ...] | Refused = ()
    for grant in grants:
        assert isinstance(keys, tuple)
        keys = added(keys, grant, digest(grant.name), NOW, NOW + ends)
    assert change_keys(directory, lambda _: keys) == keys
    assert read_keys(directory) == keys


def test_commands_at_once_lose_nothing_of_one_another(tmp_path: Path) -> None:
    def add(name: str) -> None:
        change_keys(tmp_path, lambda keys: added(keys, Grant(name), digest(name), NOW))

    threads = [threading.Thread(target=add, args=(f"key-{number}",)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {key.grant.name for key in read_keys(tmp_path)} == {f"key-{number}" for number in range(20)}
    assert sorted(each.name for each in tmp_path.iterdir()) == [KEYS_FILE, "keys.lock"]


def test_nobody_else_reads_the_file(tmp_path: Path) -> None:
    change_keys(tmp_path / "new", lambda _: stored())
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    for name in (KEYS_FILE, "keys.lock"):
        assert (tmp_path / "new" / name).stat().st_mode & 0o777 == 0o600


def test_what_root_makes_belongs_to_the_owner_of_the_directory(tmp_path: Path) -> None:
    """Others can only make what is their own, which then is the owner's as well."""
    owner = 65534 if os.geteuid() == 0 else os.getuid()
    os.chown(tmp_path, owner, -1)
    change_keys(tmp_path, lambda _: stored())
    for name in (KEYS_FILE, "keys.lock"):
        assert (tmp_path / name).stat().st_uid == owner


def test_a_refused_change_changes_nothing(tmp_path: Path) -> None:
    change_keys(tmp_path, lambda _: stored())
    before = (tmp_path / KEYS_FILE).read_bytes()
    assert isinstance(change_keys(tmp_path, lambda keys: revoked(keys, "none")), Refused)
    assert (tmp_path / KEYS_FILE).read_bytes() == before


def test_a_file_that_is_no_keys_is_never_taken_for_none(tmp_path: Path) -> None:
    change_keys(tmp_path, lambda _: stored())
    path = tmp_path / KEYS_FILE
    good = json.loads(path.read_text("utf-8"))
    (key,) = good["keys"]
    (value,) = key["values"]
    damaged = [
        "", "[]", "{", "null", '{"version": 1}', '{"version": 1, "keys": [7]}',
        json.dumps(good | {"keys": [key | {"sender": "robot"}]}),
        json.dumps(good | {"keys": [key | {"sources": ["moon"]}]}),
        json.dumps(good | {"keys": [key | {"events": "purchase"}]}),
        json.dumps(good | {"keys": [key | {"rate": 0}]}),
        json.dumps(good | {"keys": [key | {"values": [value | {"sha256": "ab"}]}]}),
        json.dumps(good | {"keys": [{k: v for k, v in key.items() if k != "expires"}]}),
    ]  # fmt: skip
    for text in damaged:
        path.write_text(text, "utf-8")
        with pytest.raises(KeysUnusable, match="is damaged"):
            read_keys(tmp_path)
        with pytest.raises(KeysUnusable):
            change_keys(tmp_path, lambda _: ())
        assert path.read_text("utf-8") == text
    path.write_text(json.dumps(good | {"version": 2}), "utf-8")
    with pytest.raises(KeysUnusable, match="newer version"):
        read_keys(tmp_path)


def test_a_place_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeysUnusable, match="cannot be changed"):
        change_keys(tmp_path / "file", lambda _: stored())
    (tmp_path / KEYS_FILE).mkdir()
    with pytest.raises(KeysUnusable, match="cannot be read"):
        read_keys(tmp_path)
