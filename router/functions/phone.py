"""Phone numbers to E.164."""

from __future__ import annotations

import re
from threading import Lock

from cachetools import LRUCache, cached

# E.164 allows 15 digits with the country code; the shortest in use, on Niue, have 7.
FEWEST, MOST = 7, 15
_ZERO = ord("0")
MARKS = b" \t-().[]/"
_SURROGATE = re.compile("[\ud800-\udfff]")


def e164(value: str, country: str | None) -> str | None:
    """The number with `+` and country code; a national number needs the country (ISO 3166, as in `DE`).

    None for what is no phone number, or one of which the country is not known.
    """
    return international(value) or _parsed(value, country.strip().upper() if country else None)


def international(value: str) -> str | None:
    """The number in E.164 when it is written with `+` or `00` before its digits."""
    found = dialled(value)
    return None if found is None else found.decode()


def dialled(value: str) -> bytes | None:
    """As `international`, ready to be hashed."""
    # "+49 (0) 170 …" holds a zero that is not dialled; only a numbering plan knows that.
    if not value.isascii() or "(0)" in value:
        return None
    written = value.encode().translate(None, MARKS)
    if written[:1] != b"+":
        if written[:2] != b"00":
            return None
        written = b"+" + written[2:]
    digits = written[1:]
    return written if digits.isdigit() and FEWEST <= len(digits) <= MOST and digits[0] != _ZERO else None


@cached(LRUCache(maxsize=10_000), lock=Lock())
def _parsed(value: str, country: str | None) -> str | None:
    # Imported here because most sites send E.164 and need no numbering plans in memory.
    import phonenumbers

    if _SURROGATE.search(value):
        return None
    spelled = f"+{value[2:]}" if value.startswith("00") else value
    try:
        number = phonenumbers.parse(spelled, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    # Some numbering plans call two digits possible, and some more than E.164 allows.
    return international(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
