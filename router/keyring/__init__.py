"""Write keys as the router keeps them: what each may do, and the file that remembers hashes of them."""

from router.keyring.changes import Refused, added, revoked, rotated
from router.keyring.file import KEYS_FILE, KeysUnusable, change_keys, read_keys
from router.keyring.grants import (
    NAME,
    SENDERS,
    SOURCES,
    Grant,
    KeyValue,
    Sender,
    StoredKey,
    digest,
    new_value,
)

__all__ = [
    "KEYS_FILE",
    "NAME",
    "SENDERS",
    "SOURCES",
    "Grant",
    "KeyValue",
    "KeysUnusable",
    "Refused",
    "Sender",
    "StoredKey",
    "added",
    "change_keys",
    "digest",
    "new_value",
    "read_keys",
    "revoked",
    "rotated",
]
