"""The reference pages, rendered from the definitions that the program itself reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, assert_never

import click
from prometheus_client.metrics import MetricWrapperBase

from router.assets import asset
from router.explanations import all_codes, as_markdown, families, page
from router.functions import STANDARD
from router.lang import tree as t
from router.lang.environment import EventType
from router.lang.library import Example, Function
from router.rulebook import load
from router.settings import Setting, describe_settings
from router.tiktok.catalogue import ALIASES, ENTRIES, EVENTS, REQUEST_ENTRIES, RESERVED, SOURCES, Entry
from router.web.metrics import Metrics

_NOTICE = "<!-- Written by tests/docs/rewrite_reference.py; changes belong into the definitions. -->"
_WIDTH = 100

_SETTINGS = """\
Options of `tagwright run` are stronger than environment variables, and those are stronger than the file
`tagwright.toml` (or the one that `--config` names). A mistake in a setting stops the start."""
_WRITE_KEY = """\
Each `[[write_keys]]` table has `name` (shown in `event.meta.source`, never secret) and one of `env` (a
variable that holds the key) and `file` (a file that holds it). It may have the terms below, which
[write keys](../operations/keys.md) explains. `TAGWRIGHT_WRITE_KEY`, or the file that
`TAGWRIGHT_WRITE_KEY_FILE` names, adds a key called `default`. `tagwright keys` makes keys that need no
setting and no restart."""
_WRITE_KEY_TERMS = (
    (
        "sender",
        "`auto`, `visitor`, `server`, `browser`",
        "whose events they are: those of a `server` speak of other people's devices, those of a `visitor` "
        "(an app) of the one that sends; a `browser` key stands in a page; `auto`, the default, takes a "
        "request that a browser made for a visitor's",
    ),
    ("origins", "a list of origins", "the pages of a browser key; without them those of `cors_origins`"),
    ("sources", "a list of `web`, `app`, `offline`, `crm`", "only events of these sources are taken"),
    ("events", "a list of names, with `*` and `?`", "only events of these names are taken"),
    ("rate", "a number", "requests a second, beyond which 429 is answered"),
    (
        "signature",
        "`standard`, `shopify`, `stripe`",
        "the value is no key to show but the secret that webhooks are signed with: by Standard Webhooks, in "
        "Shopify's way, in Stripe's way",
    ),
)
_FUNCTIONS = """\
A call with a missing required argument is missing. `each` marks a parameter that takes a list as well and
then gives a list; `?` an optional one; `...` any number of arguments. Every example runs as a test."""
_CATALOGUE = """\
Confidence: H is official, M second-hand or several implementations that agree, L one unofficial source.
The keys in the last column name the sources; `router/tiktok/catalogue.json` spells them out under `meta`."""
_COMMANDS = "Every command with its options, as `--help` shows it."
_METRICS = """\
What `/metrics` of the admin listener shows, in the text format of Prometheus. Labels hold names of the rule
set and codes of the router, never an id or a person. After 500 values of a label, and for event names that
the rules do not know, the value is `other`; `-` stands for none. Beside these there are the usual `process_…`
of the process: memory, processor time, open files."""
_DIAGNOSTICS = """\
What `tagwright check` and `lint` may find. Codes never change their meaning. A code with E stops a rule set
from being used, a code with W does not. `tagwright help CODE` shows one of them. Examples that do not begin
with `language 1` build on `grammar/codes/prelude.rules`."""
_STANDARD_EVENT = """\
What `POST /v1/events` takes and every other format is turned into. All of it is optional but `event_name`.
Fields that are not listed reach rules only after `extend schema event { … }`. `personal` marks what may go to
TikTok hashed only, or into a field that is made for it."""


def pages(command: click.Group) -> dict[str, str]:
    """Every page by its file name. The command is given, because what renders it stands below it."""
    return {
        "settings.md": _page("Settings", _SETTINGS, _settings()),
        "functions.md": _page("Functions", _FUNCTIONS, _functions()),
        "catalogue.md": _page("What TikTok takes", _CATALOGUE, _catalogue()),
        "cli.md": _page("Commands", _COMMANDS, _commands(command)),
        "metrics.md": _page("Metrics", _METRICS, _metrics()),
        "diagnostics.md": _page("Diagnostics", _DIAGNOSTICS, _diagnostics()),
        "standard-event.md": _page("The standard event", _STANDARD_EVENT, _standard_event()),
    }


def _page(title: str, introduction: str, body: Iterable[str]) -> str:
    return "\n".join([f"# {title}", "", _NOTICE, "", introduction, "", *body]).rstrip() + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(head)
    yield _row(["---"] * len(head))
    yield from map(_row, rows)
    yield ""


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _codes(texts: Iterable[str]) -> str:
    return ", ".join(map(_code, texts))


# ------------------------------------------------------------------ settings


def _settings() -> Iterator[str]:
    for section, settings in groupby(describe_settings(), key=lambda each: each.name.rpartition(".")[0]):
        yield f"## {f'[{section}]' if section else 'Top level'}"
        yield ""
        yield from _table(("key", "default", "takes", "meaning", "variable"), map(_setting, settings))
    yield from ("## A write key", "", _WRITE_KEY, "")
    terms = ((_code(name), takes, meaning) for name, takes, meaning in _WRITE_KEY_TERMS)
    yield from _table(("key", "takes", "meaning"), terms)


def _setting(setting: Setting) -> tuple[str, ...]:
    key = setting.name.rpartition(".")[2]
    return (
        _code(key),
        _default(setting),
        setting.shape.expects,
        setting.summary,
        _code(setting.variable or ""),
    )


def _default(setting: Setting) -> str:
    match setting.default:
        case () | None:
            return "none"
        case bool() as switch:
            return _code(str(switch).lower())
        case int() | float() as number:
            return _code(str(number))
        case tuple() as texts:
            return _code("[" + ", ".join(f'"{each}"' for each in texts) + "]")
        case value:
            return _code(f'"{value}"')


# ------------------------------------------------------------------ functions


def _functions() -> Iterator[str]:
    for topic, functions in groupby(STANDARD.values(), key=_topic):
        yield f"## {topic.capitalize()}"
        yield ""
        for each in functions:
            yield from _function(each)


def _topic(function: Function) -> str:
    return function.code.__module__.rpartition(".")[2]


def _function(function: Function) -> Iterator[str]:
    yield f"### `{function.signature}`"
    yield ""
    yield function.summary
    if function.detail:
        yield from ("", function.detail)
    yield from _marks(function)
    yield from ("", "```", *map(_example, function.examples), "```", "")


def _marks(function: Function) -> Iterator[str]:
    if function.load_time:
        yield from ("", "Read when rules are loaded, so its arguments are constants.")
    if not function.keeps_pii:
        yield from ("", "Its result is not personal data, whatever its arguments are.")


def _example(example: Example) -> str:
    result = "missing" if example.result is None else json.dumps(example.result, ensure_ascii=False)
    return f"{example.expression}  ->  {result}"


# ------------------------------------------------------------------ catalogue


def _catalogue() -> Iterator[str]:
    yield from ("## Events", "")
    heads = ("event", *SOURCES, "status", "neutral names", "note")
    yield from _table(heads, map(_event, EVENTS.values()))
    yield "Other spellings that are understood: " + _renames(ALIASES.items())
    yield from ("", "Names that TikTok takes for another event, so no custom event may have them:")
    yield _renames(RESERVED.items())
    yield from ("", "## Fields of an event", "")
    yield from _fields(ENTRIES.values())
    yield from ("## Fields of a request", "", "The router sets these from the destination.", "")
    yield from _fields(REQUEST_ENTRIES.values())


def _renames(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"`{old}` → {new}" for old, new in pairs) + "."


def _event(event: EventType) -> tuple[str, ...]:
    marks = ["x" if source in event.sources else "" for source in SOURCES]
    status = f"{event.status}, now `{event.canonical}`" if event.canonical else event.status
    return (_code(event.name), *marks, status, _codes(event.neutral), event.note)


def _fields(entries: Iterable[Entry]) -> Iterator[str]:
    heads = ("field", "type", "sources", "hashing", "need", "meaning", "confidence", "source")
    yield from _table(heads, map(_field, entries))


def _field(entry: Entry) -> tuple[str, ...]:
    sources = (
        "all" if entry.sources == frozenset(SOURCES) else ", ".join(s for s in SOURCES if s in entry.sources)
    )
    hashing = f"{entry.hashing}, by `{entry.hash_with}`" if entry.hash_with else entry.hashing
    meaning = ". ".join(filter(None, (entry.summary, *_bounds(entry))))
    src = ", ".join(entry.src)
    return (
        _code(entry.path),
        _code(entry.type),
        sources,
        hashing,
        entry.need,
        meaning,
        entry.confidence,
        src,
    )


def _bounds(entry: Entry) -> Iterator[str]:
    if entry.options:
        yield "One of " + _codes(entry.options)
    if entry.max_length is not None:
        yield f"At most {entry.max_length} characters"
    if entry.max_items is not None:
        yield f"At most {entry.max_items} elements"


# ------------------------------------------------------------------ commands, metrics, diagnostics


def _commands(group: click.Group) -> Iterator[str]:
    yield from _command(group, "tagwright", None)


def _command(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    """The command, then whatever it has below it."""
    context = _context(command, name, parent)
    yield from (f"## {context.command_path}", "", "```", context.get_help(), "```", "")
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            if found is not None:
                yield from _command(found, each, context)


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    return click.Context(
        command,
        parent,
        name,
        terminal_width=_WIDTH,
        max_content_width=_WIDTH,
        help_option_names=["-h", "--help"],
    )


def _metrics() -> Iterator[str]:
    # The library offers no public way from a registry to the labels of a metric without samples.
    collectors = [
        each for each in Metrics().registry._collector_to_names if isinstance(each, MetricWrapperBase)
    ]
    yield from _table(("metric", "type", "labels", "meaning"), map(_metric, collectors))


def _metric(metric: Any) -> tuple[str, ...]:
    total = "_total" if metric._type == "counter" else ""
    return (_code(metric._name + total), metric._type, _codes(metric._labelnames), metric._documentation)


def _diagnostics() -> Iterator[str]:
    titles = all_codes()
    for family, codes in families():
        yield f"## {family}"
        yield ""
        yield from _table(("code", "what it stands for"), ((_code(code), titles[code]) for code in codes))
        for code in codes:
            yield from as_markdown(page(code))


# ------------------------------------------------------------------ the standard event


def _standard_event() -> Iterator[str]:
    yield from _table(("path", "type", "meaning"), _schema_rows())


def _schema_rows() -> Iterator[tuple[str, str, str]]:
    program = load([asset("rules/schemas/standard.rules")]).program
    if program is None:
        raise ValueError("the shipped schema has mistakes")
    for file in program.files:
        for declaration in file.declarations:
            if isinstance(declaration, t.Schema):
                yield from _schema_fields(declaration.fields, "")


def _schema_fields(fields: Iterable[t.SchemaField | t.Broken], prefix: str) -> Iterator[tuple[str, str, str]]:
    for field in fields:
        if isinstance(field, t.SchemaField):
            path = prefix + field.path.text
            marks = [word for word, on in (("required", field.required), ("personal", field.pii)) if on]
            yield _code(path), ", ".join([_type(field.type), *marks]), field.description or ""
            yield from _inner(field.type, path)


def _inner(kind: t.Type, path: str) -> Iterator[tuple[str, str, str]]:
    match kind:
        case t.ObjectType():
            yield from _schema_fields(kind.fields, f"{path}.")
        case t.ListType():
            yield from _inner(kind.element, f"{path}[]")
        case t.NamedType() | t.EnumType():
            pass
        case _:
            assert_never(kind)


def _type(kind: t.Type) -> str:
    match kind:
        case t.NamedType():
            return kind.name
        case t.ListType():
            return f"list of {_type(kind.element)}"
        case t.EnumType():
            return "one of " + _codes(str(option.value) for option in kind.options)
        case t.ObjectType():
            return "object"
        case _:
            assert_never(kind)
