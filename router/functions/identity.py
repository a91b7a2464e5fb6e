"""Functions that make match keys: an identifier brought into TikTok's form and hashed once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from router.functions.digest import existing_hash, sha256, sha256_hex
from router.functions.phone import FEWEST, MARKS, MOST, dialled, e164, international
from router.lang.library import Context, Given, function, registry
from router.lang.outcome import Arrival
from router.lang.values import MAX_TEXT

_JUNK = frozenset(
    {"null", "undefined", "none", "nan", "nil", "n/a", "(not set)", "(none)", "[object object]"}
)
_LONGEST_JUNK = max(map(len, _JUNK))
_LONGEST_PHONE = 64
_TOO_MANY = MOST + 2
_HASH_DIGITS = 64
_US_ZIP = re.compile(r"[0-9]{5}-[0-9]{4}")


def stands_for_nothing(value: str) -> bool:
    """Whether a trimmed text is what programs write for nothing: `null`, `undefined`, zeros, dashes."""
    return not value.strip("0-") or (len(value) <= _LONGEST_JUNK and value.lower() in _JUNK)


def normal_idfa(value: str) -> str | None:
    """Apple's advertising id in upper case, as TikTok hashes it (DOC-REF, H); all zeros are none."""
    return _unless_nothing(value.strip().upper())


def normal_gaid(value: str) -> str | None:
    """Google's advertising id in lower case, as TikTok hashes it (DOC-REF, H); all zeros are none."""
    return _unless_nothing(value.strip().lower())


def _unless_nothing(value: str) -> str | None:
    return None if stands_for_nothing(value) else value


def _name(value: str) -> str | None:
    if stands_for_nothing(value):
        return None
    letters = value.lower()
    if not letters.isalpha() or not letters.isascii():
        letters = "".join(filter(_is_of_a_name, unicodedata.normalize("NFC", letters)))
    return letters or None


def _is_of_a_name(character: str) -> bool:
    category = unicodedata.category(character)
    # Half a surrogate pair stays, so that the name is missing instead of another name.
    return category[0] in "LMN" or category == "Cs"


def _zip(value: str, country: str | None) -> str | None:
    if stands_for_nothing(value):
        return None
    land = (country or "").strip().upper()
    code = "".join(value.lower().split()).replace("-", "")
    plus_four = _US_ZIP.fullmatch(value) if not land else land in ("US", "USA")
    return code[:5] if plus_four else code


def _hash(value: str, normal: Callable[[str], str | None]) -> str | None:
    trimmed = value.strip()
    form = existing_hash(trimmed)
    if form is not None:
        return form
    form = normal(trimmed)
    return None if form is None else sha256_hex(form)


def _straight_email(given: Given) -> Callable[[Any], str | None] | None:
    """Where no text that stands for nothing is an address."""
    if any(hash_email.code(each) for each in given.nothing):
        return None

    def found(raw: Any) -> str | None:
        try:
            if len(raw) <= MAX_TEXT:
                parts = raw.lower().split()
                if len(parts) == 1 and (address := parts[0]).find("@") > 0 and address[-1] != "@":
                    return sha256(address.encode()).hexdigest()
        except (AttributeError, TypeError, UnicodeEncodeError):
            pass
        return None

    return found


@function(
    "hash_email(email: each text) -> hashed",
    (
        'hash_email(" ALICE_abc@gmail.com ")',
        "848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f",
    ),
    ('hash_email("alice at gmail.com")', None),
    keeps_pii=False,
    straight=_straight_email,
)
def hash_email(email: str) -> str | None:
    """Trims, lower-cases and hashes; it leaves hashed values alone.

    For e-mail addresses (DOC-REF, H). A SHA-256 stays, in lower case. What has no `@` or has white
    space inside is missing.
    """
    # Written out, as in `hash_id`: these run for nearly every event.
    address = email.strip()
    if len(address) == 64 and (form := existing_hash(address)):
        return form
    address = address.lower()
    # Something before the last `@` and behind it, and no white space.
    if "@" not in address[1:] or address[-1] == "@" or len(address.split()) != 1:
        return None
    try:
        return sha256(address.encode()).hexdigest()
    except UnicodeEncodeError:
        return None


def _hash_phone(phone: str, land: object) -> str | None:
    written_out = dialled(phone.strip())
    if written_out is not None:
        return sha256(written_out).hexdigest()
    return _hash(phone, lambda number: e164(number, land if isinstance(land, str) else None))


def _quick_phone(given: Given) -> Callable[..., str | None] | None:
    """With the program's own country at hand."""
    if 0 in given.constants:
        return None
    own, named = given.settings.get("phone_country"), given.constants.get(1)

    def found(arrival: Arrival, phone: str, country: str | None = named) -> str | None:
        written_out = dialled(phone.strip())
        if written_out is not None:
            return sha256(written_out).hexdigest()
        return _hash_phone(phone, country or own)

    return found


def _straight_phone(given: Given) -> Callable[[Any], str | None] | None:
    """For numbers with `+`; no text that stands for nothing may be one."""
    if 0 in given.constants or any(map(international, map(str.strip, given.nothing))):
        return None

    def found(raw: Any) -> str | None:
        try:
            if len(raw) <= _LONGEST_PHONE and "(0)" not in raw:
                written = raw.encode("ascii").translate(None, MARKS)
                if b"+1" <= written < b"+:" and FEWEST < len(written) < _TOO_MANY and written[1:].isdigit():
                    return sha256(written).hexdigest()
        except (AttributeError, TypeError, UnicodeEncodeError):
            pass
        return None

    return found


@function(
    "hash_phone(phone: each text, country?: text) -> hashed",
    (
        'hash_phone("(+1)2133734253")',
        "9f7ec22d72092cd3c0b58726ed9c2d91b92e51a3f29837508fb2948bb22dd2fd",
    ),
    (
        'hash_phone("(213) 373-4253", "US")',
        "9f7ec22d72092cd3c0b58726ed9c2d91b92e51a3f29837508fb2948bb22dd2fd",
    ),
    ('hash_phone("(213) 373-4253")', None),
    context=True,
    keeps_pii=False,
    quick=_quick_phone,
    straight=_straight_phone,
)
def hash_phone(context: Context, phone: str, country: str | None = None) -> str | None:
    """Brings it to E.164 with `+` and hashes; it leaves hashed values alone.

    For phone numbers (DOC-REF, H). A number without country code belongs to `country` (ISO 3166, as in
    "DE"), else to the setting
    `phone_country`; without either it is missing. A SHA-256 stays as it is, in lower case.
    """
    return _hash_phone(phone, country or context.settings.get("phone_country"))


def _straight_id(given: Given) -> Callable[[Any], str | None] | None:
    """For ids that are no hash and begin with a letter or a digit above 0."""
    words = _JUNK | {each.strip().lower() for each in given.nothing}

    def found(raw: Any) -> str | None:
        try:
            own = raw.strip()
            if own >= "1" and len(raw) < _HASH_DIGITS and own.lower() not in words:
                return sha256(own.encode()).hexdigest()
        except (AttributeError, UnicodeEncodeError):
            pass
        return None

    return found


@function(
    "hash_id(id: each text) -> hashed",
    ('hash_id("user_123")', "80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b"),
    ('hash_id("undefined")', None),
    keeps_pii=False,
    straight=_straight_id,
)
def hash_id(id_: str) -> str | None:
    """Trims and hashes; it leaves hashed values alone.

    For your own ids of people; upper and lower case are kept (GTM, M). A SHA-256 stays as it is, in
    lower case. `null`, `undefined`, `0` and the like are missing.
    """
    own = id_.strip()
    if len(own) == 64 and (form := existing_hash(own)):
        return form
    if stands_for_nothing(own):
        return None
    try:
        return sha256(own.encode()).hexdigest()
    except UnicodeEncodeError:
        return None


@function(
    "hash_name(name: each text) -> hashed",
    ('hash_name(" Jane ")', "81f8f6dde88365f3928796ec7aa53f72820b06db8664f5fe76a7eb13e24546a2"),
    ('hash_name("-")', None),
    keeps_pii=False,
)
def hash_name(name: str) -> str | None:
    """Lower-cases, drops punctuation and spaces, and hashes; it leaves hashed values alone.

    For first and last names (DOC-PARAM, SEG, M). A SHA-256 stays as it is, in lower case.
    """
    return _hash(name, _name)


@function(
    "hash_zip(zip: each text, country?: text) -> hashed",
    ('hash_zip("95110-1234")', "383f7fffd99f3b1c3066086bcf991eae7ad543589d12bd792ecb6dc8b5acebc1"),
    ('hash_zip("M5V 3L9", "CA")', "5c850751d57c5d887fe7807d3da801efe7e8faa1f105ea36cdcd913dd32a41c7"),
    ("hash_zip(missing)", None),
    keeps_pii=False,
)
def hash_zip(zip_: str, country: str | None = None) -> str | None:
    """Lower-cases, drops spaces and hyphens, and hashes; it leaves hashed values alone.

    For postal codes; US codes are cut to five digits. Without a country, five digits, a hyphen and four
    digits are a US code (DOC-PARAM, M).
    A SHA-256 stays as it is, in lower case.
    """
    return _hash(zip_, lambda code: _zip(code, country))


@function(
    "hash_idfa(idfa: each text) -> hashed",
    (
        'hash_idfa("ea7583cd-a667-48bc-b806-42ecb2b48606")',
        "70574fa9c8f498a7b2e5c8712b1126de7b1406fd02fdc591821c5bd33092fd1c",
    ),
    ('hash_idfa("00000000-0000-0000-0000-000000000000")', None),
    keeps_pii=False,
)
def hash_idfa(idfa: str) -> str | None:
    """Upper-cases and hashes; it leaves hashed values alone.

    For Apple's advertising id (DOC-REF, H). A SHA-256 stays as it is, in lower case. All zeros, which a
    phone gives when tracking is off, are missing.
    """
    return _hash(idfa, normal_idfa)


@function(
    "hash_gaid(gaid: each text) -> hashed",
    (
        'hash_gaid("AAAAAA-2222-1111-8787-809E92233BA0")',
        "0ebad966881e1eebffe69b3abf624631cf83ec9bf8cb3ce134c7c75c6d8ee7fc",
    ),
    ('hash_gaid("00000000-0000-0000-0000-000000000000")', None),
    keeps_pii=False,
)
def hash_gaid(gaid: str) -> str | None:
    """Lower-cases and hashes; it leaves hashed values alone.

    For Google's advertising id (DOC-REF, H). A SHA-256 stays as it is, in lower case. All zeros, which
    a phone gives when tracking is off, are missing.
    """
    return _hash(gaid, normal_gaid)


IDENTITY = registry(hash_email, hash_phone, hash_id, hash_name, hash_zip, hash_idfa, hash_gaid)
