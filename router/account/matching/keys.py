"""The match keys that TikTok names, each with the fields that make it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from router.tiktok.catalogue import ENTRIES


@dataclass(frozen=True, slots=True)
class Key:
    """A match key; it is there when all of its fields of `user` are."""

    name: str
    label: str
    fields: tuple[str, ...]

    def is_for(self, source: str) -> bool:
        """Whether TikTok takes its fields for an event source."""
        return all(source in ENTRIES[f"user.{field}"].sources for field in self.fields)


KEYS: Final = (
    Key("ttclid", "ttclid", ("ttclid",)),
    Key("ttp", "ttp", ("ttp",)),
    Key("email", "e-mail", ("email",)),
    Key("phone", "phone", ("phone",)),
    Key("external_id", "external id", ("external_id",)),
    Key("ip_user_agent", "ip + user agent", ("ip", "user_agent")),
)
"""Click id, first-party cookie, hashed e-mail and phone, external id, IP with user agent (HC-MATCH, H)."""
