"""What `tagwright keys` does to the keys, as functions from keys to keys."""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.keyring.grants import Grant, KeyValue, StoredKey

Keys = tuple[StoredKey, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why keys were not changed, and what to do instead."""

    reason: str
    fix: str


def added(keys: Keys, grant: Grant, value: bytes, now: int, expires: int | None = None) -> Keys | Refused:
    """With a new key; `value` is the hash of it, times are epoch seconds."""
    if any(each.grant.name == grant.name for each in keys):
        fix = f"`tagwright keys rotate {grant.name}` gives it a new value; or choose another name"
        return Refused(f"there is a key {grant.name} already", fix)
    if expires is not None and expires <= now:
        return Refused("the key would have expired already", "name a time that is to come")
    return (*keys, StoredKey(grant, (KeyValue(value, now),), now, expires))


def rotated(keys: Keys, name: str, value: bytes, now: int, grace: int) -> Keys | Refused:
    """With another value for a key; those before it are taken for `grace` more seconds."""
    found = _named(keys, name)
    if isinstance(found, Refused):
        return found
    if found.is_expired(now):
        return Refused(f"the key {name} has expired", f"`tagwright keys revoke {name}`, then add it anew")
    older = tuple(_ending(each, now + grace) for each in found.valid_values(now))
    values = (*(each for each in older if each.is_valid(now)), KeyValue(value, now))
    return _with(keys, replace(found, values=values, rotated=now))


def revoked(keys: Keys, name: str) -> Keys | Refused:
    """Without a key and all its values."""
    found = _named(keys, name)
    return found if isinstance(found, Refused) else tuple(each for each in keys if each is not found)


def _named(keys: Keys, name: str) -> StoredKey | Refused:
    for each in keys:
        if each.grant.name == name:
            return each
    known = ", ".join(each.grant.name for each in keys)
    return Refused(
        f"there is no key {name}", f"the keys are {known}" if known else "`tagwright keys add` makes one"
    )


def _ending(value: KeyValue, at: int) -> KeyValue:
    return replace(value, ends=at if value.ends is None else min(value.ends, at))


def _with(keys: Keys, changed: StoredKey) -> Keys:
    return tuple(changed if each.grant.name == changed.grant.name else each for each in keys)
