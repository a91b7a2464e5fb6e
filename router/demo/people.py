"""Made-up people, and the devices they hold."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from random import Random
from typing import Any, Final

_FIRST: Final = (
    "Ada",
    "Bo",
    "Chloe",
    "Deniz",
    "Emil",
    "Fatima",
    "Goran",
    "Hanna",
    "Ivo",
    "Juna",
    "Kofi",
    "Lena",
)
_LAST: Final = ("Alder", "Birch", "Castell", "Dorn", "Elm", "Falk", "Grove", "Hazel", "Iver", "Juno", "Kern")
_LANGUAGES: Final = ("de-DE", "en-GB", "fr-FR", "en-US", "es-ES")
_AGENTS: Final = (
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/17.5 Mobile/15E148 Safari/604.1"),
    ("Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/130.0.0.0 Mobile Safari/537.36"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/130.0.0.0 Safari/537.36"),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0",
)  # fmt: skip
BOT_AGENT: Final = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "HeadlessChrome/130.0.0.0 Safari/537.36"
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, as a shop knows them: e-mail and phone in the way people type them."""

    id: str
    first_name: str
    last_name: str
    email: str
    phone: str
    country: str

    def account(self) -> dict[str, Any]:
        """The `user` of an event, in clear."""
        return {
            "id": self.id,
            "email": self.email,
            "phone": self.phone,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "country": self.country,
        }

    def hashed(self) -> dict[str, Any]:
        """The `user` of an event from a shop that hashes by itself."""
        digest = hashlib.sha256(self.email.strip().lower().encode()).hexdigest()
        return {"id": self.id, "hashed": {"email": [digest]}}


def person(dice: Random) -> Person:
    """Somebody; their address is of a domain, and their number of a range, that belong to nobody."""
    first, last = dice.choice(_FIRST), dice.choice(_LAST)
    email = f"{first}.{last}{dice.randrange(1000)}@Example.com"
    country, phone = _phone(dice)
    return Person(
        f"u-{dice.randrange(10**8):08d}",
        first,
        last,
        dice.choice((email, email.lower(), f" {email} ")),
        phone,
        country,
    )


def _phone(dice: Random) -> tuple[str, str]:
    last = f"{dice.randrange(100):02d}"
    return dice.choice((
        ("US", f"+1 (415) 555-01{last}"),
        ("GB", f"+44 20 7946 09{last}"),
        ("DE", f"0049 30 231258{last}"),
        ("DE", f"+493023125{dice.randrange(10)}{last}"),
    ))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser and where it is used; `ttp` is the id that TikTok's pixel keeps in a cookie."""

    agent: str
    language: str
    ip: str
    ttp: str | None

    def headers(self, cookies: dict[str, str]) -> dict[str, str]:
        """The headers of a request from a page of the shop."""
        written = "; ".join(f"{name}={value}" for name, value in cookies.items())
        sent = {"origin": "https://shop.example", "user-agent": self.agent, "accept-language": self.language}
        return sent | ({"cookie": written} if written else {})


def browser(dice: Random, agent: str | None = None) -> Browser:
    """A browser; two in three have met TikTok's pixel before."""
    ttp = f"2{dice.getrandbits(100):026x}" if dice.random() < 0.66 else None
    ip = f"{dice.choice(('192.0.2', '198.51.100', '203.0.113'))}.{dice.randrange(1, 255)}"
    return Browser(agent or dice.choice(_AGENTS), dice.choice(_LANGUAGES), ip, ttp)


def phone_device(dice: Random, system: str) -> dict[str, Any]:
    """The `context.device` of an app on `iOS` or `Android`."""
    about = {"type": system, "ip": browser(dice).ip, "language": dice.choice(_LANGUAGES)}
    if system == "Android":
        return about | {"advertising_id": _uuid(dice), "user_agent": "ShopApp/4.2 (Android 14; Pixel 8)"}
    told = {"idfv": _uuid(dice).upper(), "user_agent": "ShopApp/4.2 (iOS 17.5; iPhone15,2)"}
    if dice.random() < 0.5:
        return about | told | {"att_status": "denied"}
    return about | told | {"att_status": "authorized", "advertising_id": _uuid(dice).upper()}


def _uuid(dice: Random) -> str:
    text = f"{dice.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
