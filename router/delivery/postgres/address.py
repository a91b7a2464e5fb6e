"""Where the database is: a URL, of which the password is never shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from router.delivery.spool import SpoolUnusable

SCHEMES: Final = ("postgresql", "postgres")
SCHEMA: Final = "tagwright"
_SHAPE: Final = "postgresql://USER@HOST/DATABASE, several as HOST1,HOST2; ?schema=NAME if not tagwright"
_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Address:
    """What libpq is told, the schema that holds the spool, and the place as it may be shown."""

    conninfo: str = field(repr=False)
    schema: str
    shown: str

    def __str__(self) -> str:
        return self.shown


def is_address(text: str) -> bool:
    """Whether a place is a database rather than a directory."""
    return text.partition("://")[0] in SCHEMES and "://" in text


def need_driver() -> None:
    """Raises `SpoolUnusable` where what talks to databases is not installed."""
    try:
        import psycopg  # noqa: F401 - whether it can be
    except ImportError:
        raise SpoolUnusable(
            "a spool in a database needs psycopg\n  fix: pip install 'tagwright[postgres]'"
        ) from None


def address_of(url: str) -> Address:
    """Of several hosts the one that takes writes is used. Raises `SpoolUnusable`."""
    try:
        parts = urlsplit(url)
        asked = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        raise SpoolUnusable(f"the address of the database is not one\n  fix: write {_SHAPE}") from None
    if parts.scheme not in SCHEMES:
        raise SpoolUnusable(f"the address of the database is not one\n  fix: write {_SHAPE}")
    schema = asked.pop("schema", SCHEMA)
    if not _NAME.fullmatch(schema):
        raise SpoolUnusable("a schema is named with small letters, digits and _")
    if "," in parts.netloc or "," in asked.get("host", ""):
        asked.setdefault("target_session_attrs", "read-write")
    asked.setdefault("connect_timeout", "3")
    asked.setdefault("application_name", "tagwright")
    asked.setdefault("client_encoding", "UTF8")
    # libpq takes a plus for a plus.
    conninfo = urlunsplit(("postgresql", parts.netloc, parts.path, urlencode(asked, quote_via=quote), ""))
    return Address(conninfo, schema, _shown(parts.netloc, asked.get("host", ""), parts.path, schema))


def _shown(netloc: str, directory: str, path: str, schema: str) -> str:
    hosts = unquote(netloc.rpartition("@")[2]) or directory
    return f"postgresql://{hosts}{path}" + ("" if schema == SCHEMA else f"?schema={schema}")
