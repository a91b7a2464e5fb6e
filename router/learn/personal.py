"""What tells personal data: the name of a field, and the look of its values."""

from __future__ import annotations

import ipaddress
import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NAMES = frozenset({
    "email", "mail", "e_mail", "email_address", "phone", "phone_number", "telephone", "tel", "mobile",
    "mobile_number", "cell", "fax", "first_name", "last_name", "firstname", "lastname", "full_name",
    "fullname", "surname", "given_name", "family_name", "middle_name", "maiden_name", "birthday",
    "birthdate", "birth_date", "date_of_birth", "dob", "gender", "sex", "age", "ip", "ip_address",
    "client_ip", "remote_addr", "ip_addr", "user_ip", "street", "street_address", "street_1",
    "street_2", "street_number", "house_number", "address", "address_1", "address_2", "address_line",
    "zip", "zip_code", "zipcode", "postcode", "postal_code", "postalcode", "idfa", "idfv", "gaid",
    "aaid", "adid", "oaid", "advertising_id", "advertiser_id", "android_id", "device_id", "vendor_id",
    "imei", "msisdn", "user_id", "userid", "customer_id", "customerid", "client_id", "clientid",
    "anonymous_id", "visitor_id", "member_id", "person_id", "account_id", "external_id", "crm_id",
    "loyalty_number", "card_number", "iban", "passport", "ssn", "tax_id", "username", "user_name",
    "login_name", "latitude", "longitude", "lat", "lon", "lng",
})  # fmt: skip
_ENDINGS = tuple(f"_{name}" for name in _NAMES if len(name) > 3)
_OWNERS = frozenset({
    "user", "customer", "person", "profile", "visitor", "member", "contact", "buyer", "recipient", "traits",
    "billing", "shipping", "address", "billing_address", "shipping_address", "delivery_address", "subscriber",
    "account", "user_data", "customer_data", "identities", "user_identities", "user_properties", "patient",
})  # fmt: skip
_OWNED = frozenset({
    "id", "name", "city", "town", "state", "region", "province", "county", "country", "company", "title",
    "first", "last", "address_1", "address_2", "line_1", "line_2", "login", "nickname",
})  # fmt: skip
_NO_NUMBERS = (
    "id",
    "sku",
    "code",
    "zip",
    "ref",
    "reference",
    "order",
    "number",
    "key",
    "gtin",
    "ean",
    "token",
)

_EMAIL = re.compile(r"[^\s@<>\"',;:/?&=]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(
    r"\+[1-9][\d ().\-/]{6,18}\d|00[1-9]\d?[ .\-/][\d .\-/]{5,16}\d"
    r"|\(?0\d{2,4}[)/ .-]+\d[\d .-]{4,12}\d|\(\d{3}\) ?\d{3}-\d{4}"
)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def plain(name: str) -> str:
    """A key as words in lower case with `_` between: `firstName` and `First-Name` are `first_name`."""
    return "_".join(word.lower() for word in _WORD.findall(name))


def by_name(path: tuple[str, ...]) -> bool:
    """Whether the names alone say that a field is personal; the last one is the field's own."""
    names = [plain(each) for each in path]
    own, owners = names[-1] if names else "", names[:-1]
    squeezed = own.replace("_", "")
    if own in _NAMES or squeezed in _NAMES or own.endswith(_ENDINGS):
        return True
    return own in _OWNED and any(owner in _OWNERS for owner in owners[-2:])


def holds_email(text: str) -> bool:
    """An e-mail address anywhere in the text, in the query of an address too."""
    return ("@" in text or "%40" in text) and _EMAIL.search(text) is not None


def is_phone(text: str) -> bool:
    """A telephone number written with its signs; digits alone could be anything."""
    return len(text) <= 24 and _PHONE.fullmatch(text.strip()) is not None


def is_ip(text: str) -> bool:
    if not ("." in text or ":" in text) or len(text) > 45:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_sha256(text: str) -> bool:
    return _SHA256.fullmatch(text) is not None


def names_an_id(name: str) -> bool:
    """Fields whose digits are no amount: `sku`, `order_id`, `zip`."""
    return plain(name).endswith(_NO_NUMBERS)


def unfit_key(key: str) -> bool:
    """Keys that are values: addresses, telephone numbers and ids have no place in a schema."""
    return holds_email(key) or is_phone(key) or sum(char.isdigit() for char in key) > 5 or len(key) > 100
