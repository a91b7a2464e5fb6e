"""Looking for fields in the event schema, for suggestions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from router.lang.kinds import Kind


def find(kind: Kind, path: Iterable[str]) -> Kind | None:
    """The kind at a path of objects."""
    for name in path:
        found = (kind.fields or {}).get(name) if kind.base == "object" else None
        if found is None:
            return None
        kind = found
    return kind


def nearest(kind: Kind, steps: Sequence[str]) -> str | None:
    """Of the paths in the schema that end as `steps` does, outside lists, the one that shares most steps.

    Of several the shortest one.
    """
    paths = [path for path in _leaves(kind) if path[-1] == steps[-1]]
    best = min(paths, key=lambda path: (-len({*path} & {*steps}), len(path)), default=None)
    return ".".join(best) if best else None


def _leaves(kind: Kind, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, child in (kind.fields or {}).items():
        if child.base == "object":
            yield from _leaves(child, (*before, name))
        else:
            yield (*before, name)


def leaf_of_kind(kind: Kind, leaf: str, wanted: str) -> str | None:
    """A schema path that ends in `leaf`, has the wanted base kind and is nobody's personal data."""
    return _first(kind, lambda name, child: name == leaf and child.base == wanted and not child.pii)


def _first(kind: Kind, fits: Callable[[str, Kind], bool]) -> str | None:
    """The shortest way first: fields of this object, then of those inside it."""
    fields = (kind.fields or {}) if kind.base == "object" else {}
    for name, child in fields.items():
        if fits(name, child):
            return name
    for name, child in fields.items():
        found = _first(child, fits)
        if found:
            return f"{name}.{found}"
    return None
