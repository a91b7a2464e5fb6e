"""The judge's rules about single values: types, empties, hashes, enumerations, addresses, unknown keys."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from router.lang.suggest import closest
from router.tiktok.catalogue import CURRENCIES, ENTRIES, FIELD_ORDER, RENAMED_KEYS, REQUEST_ENTRIES, Entry
from router.tiktok.finding import Findings, below, error, quoted, warning
from router.tiktok.judge_types import wrong_type

Rule = Callable[[Entry, Any, str], Findings]

_HOLLOW: Final = frozenset({"null", "undefined", "(null)", "NaN", "[object Object]"})
_FREE_TEXT: Final = frozenset({"search_string", "query", "description", "content_name"})
_HASHES_OF_NOTHING: Final = frozenset(
    hashlib.sha256(text.encode()).hexdigest() for text in ("", "null", "undefined", "none", "None", "nan")
)
_HEXADECIMAL: Final = re.compile(r"[0-9A-Fa-f]+")
_SECONDS_BELOW: Final = 100_000_000_000


def _by_parent() -> Mapping[str, Mapping[str, Entry]]:
    table: dict[str, dict[str, Entry]] = {}
    for path, entry in ENTRIES.items():
        parent, _, key = path.rpartition(".")
        table.setdefault(parent, {})[key] = entry
    return table


_CHILDREN: Final = _by_parent()
_ELSEWHERE: Final = {path.rpartition(".")[2]: path for path in reversed(FIELD_ORDER)}


def judge_values(member: Mapping[str, Any], at: str, source: str | None) -> Findings:
    """What is wrong with the values of one event, place by place."""
    yield from _object(member, "", at, source)


def _object(value: Mapping[str, Any], prefix: str, at: str, source: str | None) -> Findings:
    known = _CHILDREN[prefix]
    for key, each in value.items():
        place = below(at, key)
        if entry := known.get(key):
            yield from undocumented_for_source(entry, place, source)
            yield from _value(entry, each, place, source)
        else:
            yield from unknown_key(prefix, key, each, place)


def _value(entry: Entry, value: Any, at: str, source: str | None) -> Findings:
    first, _, items = entry.type.partition("array<")
    if not (items and isinstance(value, list)):
        yield from _single(entry, first.rstrip("|") or entry.type, value, at, source)
        return
    if not value:
        yield warning(at, "empty_list", "holds nothing", "leave the field out")
    for index, each in enumerate(value):
        yield from _single(entry, items.removesuffix(">"), each, f"{at}[{index}]", source)


def _single(entry: Entry, type_: str, value: Any, at: str, source: str | None) -> Findings:
    broken = [*no_value(entry, value, at), *wrong_type(type_, value, at)][:1]
    yield from broken
    if broken:
        return
    if type_ == "object":
        inner = entry.path if entry.is_container else f"{entry.path}[]"
        if inner in _CHILDREN:
            yield from _object(value, inner, at, source)
        return
    for rule in (*_EVERY_VALUE, *_BY_PATH.get(entry.path, ())):
        yield from rule(entry, value, at)


# What is there at all ---------------------------------------------------------------------------------------


def undocumented_for_source(entry: Entry, at: str, source: str | None) -> Findings:
    """Fields are documented by event source; what happens to them elsewhere is unknown (DOC-REF, H)."""
    if source and source not in entry.sources:
        yield warning(at, "not_for_source", f"TikTok documents this field for {_names(entry)} events only")


def unknown_key(prefix: str, key: str, value: Any, at: str) -> Findings:
    """TikTok takes keys it does not know in silence, so a typing error loses a value (MEAS, H)."""
    if not prefix and key == "test_event_code":
        yield error(at, "misplaced_test_event_code", "stands inside an event", "put it beside `data`")
        return
    fix = _suggestion(prefix, key)
    if prefix == "properties":
        yield warning(at, "custom_property", "is no property TikTok documents; it is kept at best", fix)
    else:
        yield warning(at, "unknown_key", "TikTok ignores it", fix)
    if value is None or value == "":
        yield warning(at, "empty_value", f"is {_hollow_name(value)}", "leave the field out")


def _suggestion(prefix: str, key: str) -> str:
    if key == "context":
        return "version 1.x; now `user`, `page` and `ad`"
    if key in REQUEST_ENTRIES:
        return "it belongs to the request, beside `data`"
    if key in RENAMED_KEYS and key not in _ELSEWHERE:
        return f"version 1.x; now {RENAMED_KEYS[key]}"
    meant = _ELSEWHERE.get(key) or closest(key, _CHILDREN[prefix])
    return f"did you mean `{meant}`?" if meant else ""


def no_value(entry: Entry, value: Any, at: str) -> Findings:
    """Nothing absent is sent as null, as empty text or as the text that a program made of it (M)."""
    if isinstance(value, str) and value in _HOLLOW and entry.path.rpartition(".")[2] in _FREE_TEXT:
        yield warning(
            at, "placeholder_text", f"is the text {quoted(value)}", "leave the field out if it is empty"
        )
    elif value is None or (isinstance(value, str) and (not value.strip() or value in _HOLLOW)):
        yield error(at, "empty_value", f"is {_hollow_name(value)}", "leave the field out")


def _hollow_name(value: Any) -> str:
    if value is None:
        return "null"
    return f"the text {quoted(value)}" if value.strip() else "empty"


# Every value ------------------------------------------------------------------------------------------------


def finite(entry: Entry, value: Any, at: str) -> Findings:
    """Not-a-number and infinity are no JSON."""
    if isinstance(value, float) and not math.isfinite(value):
        yield error(at, "not_finite", "is not a finite number")


def one_of_the_options(entry: Entry, value: Any, at: str) -> Findings:
    """Enumerations are compared letter by letter (DOC-REF, H)."""
    if entry.options and value not in entry.options:
        fix = closest(value, entry.options) if isinstance(value, str) else None
        wanted = ", ".join(entry.options)
        yield error(
            at, "not_an_option", f"must be one of {wanted}", f"did you mean {quoted(fix)}?" if fix else ""
        )


def not_too_long(entry: Entry, value: Any, at: str) -> Findings:
    """A click id has up to 1000 characters and must not be cut (DOC-TTCLID, H)."""
    if entry.max_length and isinstance(value, str) and len(value) > entry.max_length:
        message = f"has {len(value)} characters, TikTok takes {entry.max_length}"
        yield error(at, "too_long", message, "leave it out; a cut one is worthless")


def within_bounds(entry: Entry, value: Any, at: str) -> Findings:
    """The share of an attribution is between 0 and 1 (DOC-REF, H)."""
    low, high = entry.minimum, entry.maximum
    if low is not None and high is not None and not low <= value <= high:
        yield error(at, "out_of_bounds", f"must be between {low} and {high}")


def hashed(entry: Entry, value: Any, at: str) -> Findings:
    """Match keys are lower-case hexadecimal SHA-256 (DOC-REF, H)."""
    if entry.takes != "hashed":
        return
    if len(value) == 64 and _HEXADECIMAL.fullmatch(value):
        yield from _sha256(value, at)
        return
    shape = {32: "an MD5", 40: "a SHA-1"}.get(len(value)) if _HEXADECIMAL.fullmatch(value) else None
    code = "hash_md5" if shape == "an MD5" else "hash_wrong" if shape else "not_hashed"
    message = f"must be a lower-case hexadecimal SHA-256, this is {shape or 'no SHA-256'}"
    yield error(at, code, message, f"normalise and hash the {entry.noun} with SHA-256")


def _sha256(value: str, at: str) -> Findings:
    if value != value.lower():
        yield error(at, "hash_upper", "is a SHA-256 in upper case", "write it in lower case")
    elif value in _HASHES_OF_NOTHING:
        yield warning(
            at, "hash_of_nothing", "is the hash of an empty or missing value", "leave the field out"
        )


# Values of one field ----------------------------------------------------------------------------------------


def epoch_seconds(entry: Entry, value: Any, at: str) -> Findings:
    """Event times are Unix seconds, not milliseconds (DOC-REF, H)."""
    if value <= 0:
        yield error(at, "event_time_zero", "is not a time after 1970")
    elif value >= _SECONDS_BELOW:
        yield error(
            at, "event_time_ms", "is in milliseconds or finer, TikTok takes seconds", "divide it by 1000"
        )


def click_id_is_real(entry: Entry, value: Any, at: str) -> Findings:
    """An ad without a click keeps the macro `__CLICKID__` (STAPE#6, M)."""
    if value == "__CLICKID__":
        yield error(at, "ttclid_macro", "is the macro that TikTok did not expand", "leave the field out")


def http_address(entry: Entry, value: Any, at: str) -> Findings:
    """Addresses of other schemes fail processing (MP, M)."""
    if not _is_http(value):
        yield error(at, "url_scheme", "must be a whole http or https address")


def _is_http(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def public_address(entry: Entry, value: Any, at: str) -> Findings:
    """The address is the shopper's own, version 4 or 6 (DOC-REF, H); TikTok refuses no other (MEAS, H)."""
    try:
        public = ip_address(value).is_global
    except ValueError:
        yield warning(at, "ip_malformed", "is no IP address, nobody is matched by it")
        return
    if not public:
        yield warning(
            at, "ip_private", "is not a public address: a proxy's or a server's?", "send the shopper's"
        )


def listed_currency(entry: Entry, value: Any, at: str) -> Findings:
    """What happens to a currency outside TikTok's list is unknown (DOC-REF, H for the list)."""
    if value in CURRENCIES:
        return
    if value.upper() in CURRENCIES:
        yield warning(at, "currency_case", "is not in upper case", f"write {quoted(value.upper())}")
    else:
        yield warning(
            at,
            "currency_unlisted",
            f"{quoted(value[:10])} is not among the {len(CURRENCIES)} that TikTok lists",
        )


def upper_case_unless_hashed(entry: Entry, value: Any, at: str) -> Findings:
    """Apple advertising ids are compared in upper case, raw or hashed (DOC-REF, H)."""
    if value != value.upper() and len(value) != 64:
        yield warning(
            at, "idfa_case", "is not in upper case, as TikTok compares it", "write it in upper case"
        )


def lower_case(entry: Entry, value: Any, at: str) -> Findings:
    """Google advertising ids are compared in lower case, raw or hashed (DOC-REF, H)."""
    if value != value.lower():
        yield warning(
            at, "gaid_case", "is not in lower case, as TikTok compares it", "write it in lower case"
        )


def _names(entry: Entry) -> str:
    ordered = [source for source in ("web", "app", "offline", "crm") if source in entry.sources]
    return " and ".join(filter(None, (", ".join(ordered[:-1]), ordered[-1])))


_EVERY_VALUE: Final[tuple[Rule, ...]] = (finite, one_of_the_options, not_too_long, within_bounds, hashed)
_BY_PATH: Final[Mapping[str, tuple[Rule, ...]]] = {
    "event_time": (epoch_seconds,),
    "user.ttclid": (click_id_is_real,),
    "user.ip": (public_address,),
    "user.idfa": (upper_case_unless_hashed,),
    "user.gaid": (lower_case,),
    "page.url": (http_address,),
    "properties.currency": (listed_currency,),
}
