"""Functions on text; a result without characters is missing."""

from __future__ import annotations

from router.lang.kinds import TEXT as TEXT_KIND
from router.lang.library import function, registry
from router.lang.values import MAX_TEXT, Reader

_READER = Reader()


def as_text(value: object) -> str | None:
    """The text of a text, number or truth value; None for an empty text, a list, an object or nothing."""
    match value:
        case str():
            return value or None
        case bool():
            return "true" if value else "false"
        case int() | float():
            text: str | None = _READER.read(value, TEXT_KIND)[0]
            return text
    return None


def _bounded(value: str) -> str | None:
    return value if 0 < len(value) <= MAX_TEXT else None


@function(
    "lower(value: text) -> text",
    ('lower("iOS")', "ios"),
    ("lower(missing)", None),
    quick=lambda given: None if given.constants else str.lower,
)
def lower(value: str) -> str | None:
    """The text in lower case."""
    return _bounded(value.lower())


@function(
    "upper(value: text) -> text",
    ('upper("eur")', "EUR"),
    ("upper(missing)", None),
    quick=lambda given: None if given.constants else str.upper,
)
def upper(value: str) -> str | None:
    """The text in upper case."""
    return _bounded(value.upper())


@function(
    "trim(value: text) -> text",
    ('trim("  boots ")', "boots"),
    ('trim("   ")', None),
    quick=lambda given: None if given.constants else str.strip,
)
def trim(value: str) -> str | None:
    """The text without white space at both ends."""
    return _bounded(value.strip())


@function(
    "replace(value: text, find: text, with?: text) -> text",
    ('replace("a-b-c", "-", "_")', "a_b_c"),
    ('replace("SKU 1", "SKU ")', "1"),
    ('replace("boots", "boots")', None),
)
def replace(value: str, find: str, new: str | None = None) -> str | None:
    """The text with every occurrence of another text replaced, or taken out when nothing is given for it.

    Upper and lower case differ. A result of more than 8,192 characters is missing.
    """
    new = new or ""
    if not find:
        return None
    length = len(value) + value.count(find) * (len(new) - len(find))
    return value.replace(find, new) if 0 < length <= MAX_TEXT else None


@function(
    "left(value: text, count: number) -> text",
    ('left("2026-11-21", 4)', "2026"),
    ('left("abc", 10)', "abc"),
    ('left("abc", 0)', None),
)
def left(value: str, count: float) -> str | None:
    """The first characters of a text: `count` of them, or all when there are fewer."""
    return _bounded(value[: int(min(count, MAX_TEXT))]) if count >= 1 else None


@function(
    "split(value: text, separator: text) -> list of text",
    ('split("Apparel > Men", " > ")', ["Apparel", "Men"]),
    ('split("a,,b", ",")', ["a", "b"]),
    ('split(",", ",")', None),
)
def split(value: str, separator: str) -> list[str] | None:
    """The pieces of a text between separators; empty pieces are left out."""
    return [piece for piece in value.split(separator) if piece] or None if separator else None


@function(
    "join(values: list of text, separator?: text) -> text",
    ('join(["a", "b"], "-")', "a-b"),
    ('join(["a", "b"])', "ab"),
    ("join([])", None),
)
def join(values: list[object], separator: str | None = None) -> str | None:
    """The elements of a list in one text, with a separator between them.

    A result of more than 8,192 characters is missing.
    """
    return _glued([text for each in values if (text := as_text(each))], separator or "")


@function(
    "concat(parts: any...) -> text",
    ('concat("order-", 42)', "order-42"),
    ('concat("order-", missing)', None),
)
def concat(*parts: object) -> str | None:
    """Texts, numbers and truth values one after the other.

    Missing when a part is missing, a list or an object, or the result has more than 8,192 characters.
    """
    pieces = [text for each in parts if (text := as_text(each))]
    return _glued(pieces, "") if len(pieces) == len(parts) else None


def _glued(pieces: list[str], separator: str) -> str | None:
    # Counted first, so that a thousand long pieces never make a text that is thrown away.
    length = sum(map(len, pieces)) + len(separator) * (len(pieces) - 1)
    return _bounded(separator.join(pieces)) if length <= MAX_TEXT else None


@function("length(value: text) -> number", ('length("boots")', 5), ("length(missing)", None))
def length(value: str) -> int:
    """How many characters a text has."""
    return len(value)


TEXT = registry(lower, upper, trim, replace, left, split, join, concat, length)
