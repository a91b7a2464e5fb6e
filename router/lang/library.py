"""How a function of the language is defined: signature, documentation, examples and code in one place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from router.lang.kinds import ANY, BOOL, HASHED, NUMBER, TEXT, TIME, URL, Kind, list_of
from router.lang.outcome import Arrival


class Variables(Protocol):
    """Where `env(name)` and `secret(name)` look when rules are loaded."""

    def env(self, name: str) -> str | None: ...

    def secret(self, name: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Context:
    """What functions that look beyond their arguments may see."""

    arrival: Arrival
    settings: Mapping[str, Any] = field(default_factory=dict)
    variables: Variables | None = None


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: `each` maps a list element by element, `rest` takes any number of arguments."""

    name: str
    kind: Kind
    optional: bool = False
    each: bool = False
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """An expression of the rule language and the JSON value it must give; None is missing."""

    expression: str
    result: Any


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of a call when rules are compiled: constant arguments by position, and the settings.

    `nothing` are the texts that are missing wherever they are read.
    """

    constants: Mapping[int, Any]
    settings: Mapping[str, Any]
    nothing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sought:
    """A function that looks up a text by its one argument, a name.

    First among what came with the arrival, then in an object of the event, if `behind` says where it lies.
    Texts are usable that have 1 to 8,192 characters. With `folded` upper and lower case of the name do not
    matter.
    """

    among: Literal["cookies", "headers"]
    behind: tuple[str, ...] = ()
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language. `code` gets present, converted arguments and never raises.

    A missing required argument makes the call missing without running `code`; None means missing.
    Text results carry the personal-data mark of their arguments unless they are hashed. Lists reach `code`
    cut to 1,000 elements unless it takes `whole_lists`.

    `quick` makes code for one call, or None: it answers as `code` does, but leaves the limits of texts to its
    caller. It takes the arguments that are not constant, and before them the arrival where `code` takes a
    context. `sought` says of a function that it only looks something up; `code` does just that.

    `straight` makes code for a value as it stands in the event, whatever it is, or None: it answers as `code`
    does where the value is read as it is, or None, which says nothing.
    """

    name: str
    signature: str
    params: tuple[Param, ...]
    result: Kind
    summary: str
    detail: str
    examples: tuple[Example, ...]
    code: Callable[..., Any]
    context: bool = False
    load_time: bool = False
    keeps_pii: bool = True
    whole_lists: bool = False
    quick: Callable[[Given], Callable[..., Any] | None] | None = None
    sought: Sought | None = None
    straight: Callable[[Given], Callable[[Any], Any] | None] | None = None


_KINDS: dict[str, Kind] = {
    "text": TEXT, "number": NUMBER, "bool": BOOL, "time": TIME, "url": URL, "any": ANY, "hashed": HASHED,
    "list": list_of(ANY), "list of text": list_of(TEXT), "list of number": list_of(NUMBER),
}  # fmt: skip
_SIGNATURE = re.compile(r"^(?P<name>[a-z_][a-z0-9_]*)\((?P<params>.*)\) -> (?P<result>[a-z ]+)$")
_PARAM = re.compile(
    r"^(?P<name>[a-z_]+)(?P<optional>\?)?: (?P<each>each )?(?P<kind>[a-z ]+?)(?P<rest>\.\.\.)?$"
)


def function(
    signature: str,
    *examples: tuple[str, Any],
    context: bool = False,
    load_time: bool = False,
    keeps_pii: bool = True,
    whole_lists: bool = False,
    quick: Callable[[Given], Callable[..., Any] | None] | None = None,
    sought: Sought | None = None,
    straight: Callable[[Given], Callable[[Any], Any] | None] | None = None,
) -> Callable[[Callable[..., Any]], Function]:
    """Define a function, as in `@function("lower(value: text) -> text", ('lower("A")', "a"))`.

    Parameters read `name: kind`, `name?: kind` (optional), `name: each kind` (a list gives a list) and
    `name: kind...` (any number of arguments). With `context` the code gets a `Context` first.
    """
    found = _SIGNATURE.match(signature)
    if found is None:
        raise ValueError(f"not a signature: {signature}")
    params = tuple(_param(part) for part in found["params"].split(", ") if part)

    def define(code: Callable[..., Any]) -> Function:
        summary, _, detail = (code.__doc__ or "").strip().partition("\n")
        if not summary:
            raise ValueError(f"{signature} has no documentation")
        return Function(
            name=found["name"],
            signature=signature,
            params=params,
            result=_KINDS[found["result"]],
            summary=summary.strip(),
            detail="\n".join(line.strip() for line in detail.strip().splitlines()),
            examples=tuple(Example(*example) for example in examples),
            code=code,
            context=context,
            load_time=load_time,
            keeps_pii=keeps_pii,
            whole_lists=whole_lists,
            quick=quick,
            sought=sought,
            straight=straight,
        )

    return define


def _param(text: str) -> Param:
    found = _PARAM.match(text)
    if found is None:
        raise ValueError(f"not a parameter: {text}")
    return Param(
        found["name"],
        _KINDS[found["kind"]],
        bool(found["optional"]),
        bool(found["each"]),
        bool(found["rest"]),
    )


def registry(*functions: Function) -> dict[str, Function]:
    """The functions by name; a name given twice is a mistake of ours."""
    table = {each.name: each for each in functions}
    if len(table) != len(functions):
        raise ValueError("two functions share a name")
    return table
