"""What each line does: an expression is computed, a line that begins with a dot is a command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from router.explain import as_text, explain
from router.inputs.bodies import NOT_JSON, read_body
from router.inputs.request import Fault
from router.lang import tree as t
from router.lang.diagnostics import Diagnostic
from router.lang.draw import draw
from router.lang.kinds import Kind
from router.lang.outcome import Arrival
from router.lang.program import Program
from router.lang.suggest import closest
from router.prompt.expression import Answer, Mistaken, answer, read
from router.settings import Limits

HELP = """\
Type an expression of the rule language to see its value, its type and why it is missing:
  event.user.email                      a field of the sample event
  hash_email(event.user.email)          a function
  event.id ?? cookie("id") ?? "none"    which alternative gave the value, and why the others did not
Commands:
  .event                                show the sample event and its cookies
  .set event.path = value               change it: JSON, or an expression; missing takes the field away
  .cookie name=value                    set a cookie of the request; without a value it goes away
  .explain                              what becomes of the event under the rules
  .fields [word]                        fields of the event, their types and what the sample has
  .help                                 this
  .quit                                 leave (also Ctrl-D)"""


@dataclass(frozen=True, slots=True)
class Reply:
    """What to show. A mistake counts for the exit status where nobody sits at the terminal."""

    text: str
    mistake: bool = False
    leave: bool = False


@dataclass(slots=True)
class Session:
    """A rule set and the sample event that lines are tried on. It arrives at `now`, in epoch seconds."""

    program: Program
    event: dict[str, Any]
    now: int
    colour: bool = False
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def arrival(self) -> Arrival:
        return Arrival(self.event, self.now, self.cookies)

    def line(self, text: str) -> Reply:
        """Do what a line says; nothing for an empty one or a comment."""
        text = text.strip()
        if not text or text.startswith("#"):
            return Reply("")
        if text.startswith("."):
            return self._command(text)
        return self._expression(text)

    # -------------------------------------------------------------- expressions

    def _expression(self, text: str) -> Reply:
        checked = read(self.program, text)
        if isinstance(checked, Mistaken):
            return _meant_command(text) or self._mistakes(checked.problems)
        found = answer(checked, self.arrival)
        warnings = [draw(each, colour=self.colour) + "\n" for each in found.warnings]
        return Reply("\n".join([*warnings, *_shown(found)]))

    def _mistakes(self, problems: Iterable[Diagnostic]) -> Reply:
        return Reply("\n\n".join(draw(each, colour=self.colour) for each in problems), mistake=True)

    # -------------------------------------------------------------- commands

    def _command(self, text: str) -> Reply:
        name, _, rest = text.partition(" ")
        command = COMMANDS.get(name)
        if command is not None:
            return command(self, rest.strip())
        near = closest(name, COMMANDS)
        meant = f", did you mean `{near}`?" if near else "; .help shows them all"
        return Reply(f"there is no command `{name}`{meant}", mistake=True)

    def show_event(self, rest: str) -> Reply:
        shown = [_json(self.event, indent=2)]
        shown += [f"cookie {name}={value}" for name, value in self.cookies.items()]
        return Reply("\n".join(shown))

    def set(self, rest: str) -> Reply:
        path, sign, value = rest.partition("=")
        if not sign or not path.strip() or not value.strip():
            return Reply(".set event.path = value, as in: .set event.value = 12.5", mistake=True)
        place = read(self.program, path.strip())
        if isinstance(place, Mistaken):
            return self._mistakes(place.problems)
        steps = _steps(place.node)
        if steps is None:
            return Reply(
                f"`{path.strip()}` is no field of the event; write for example event.value", mistake=True
            )
        return self._put(steps, value.strip())

    def _put(self, steps: list[str | int], text: str) -> Reply:
        value = _arriving(text)
        if isinstance(value, Fault):
            checked = read(self.program, text)
            if isinstance(checked, Mistaken):
                return self._mistakes(checked.problems)
            value = answer(checked, self.arrival).value
        changed = _with(self.event, steps, value)
        if not isinstance(changed, dict):
            return Reply("the event is an object; it cannot be something else", mistake=True)
        self.event = changed
        return Reply("")

    def cookie(self, rest: str) -> Reply:
        name, sign, value = (part.strip() for part in rest.partition("="))
        if not sign or not name:
            return Reply(".cookie name=value, as in: .cookie ttclid=E.C.P.x", mistake=True)
        self.cookies = {key: each for key, each in self.cookies.items() if key != name}
        if value:
            self.cookies[name] = value
        return Reply("")

    def explain(self, rest: str) -> Reply:
        return Reply(as_text(explain(self.program, self.arrival)))

    def fields(self, rest: str) -> Reply:
        rows = [row for row in _fields(self.program.schema, "event", self.event) if rest in row[0]]
        if not rows:
            return Reply(f"the event has no field with `{rest}` in its name", mistake=True)
        width, kinds = (max(len(row[index]) for row in rows) for index in (0, 1))
        return Reply(
            "\n".join(f"{path:<{width}}  {kind:<{kinds}}  {value}".rstrip() for path, kind, value in rows)
        )

    def help(self, rest: str) -> Reply:
        return Reply(HELP)

    def quit(self, rest: str) -> Reply:
        return Reply("", leave=True)


def _meant_command(text: str) -> Reply | None:
    """A line that is no expression, but nearly a command."""
    if f".{text}" in COMMANDS:
        return Reply(f"commands begin with a dot: .{text}", mistake=True)
    if re.match(r"event[\w.\[\]\"]*[ \t]*=(?!=)", text):
        return Reply(f"`==` compares; to change the event: .set {text}", mistake=True)
    return None


COMMANDS: dict[str, Callable[[Session, str], Reply]] = {
    ".event": Session.show_event,
    ".set": Session.set,
    ".cookie": Session.cookie,
    ".explain": Session.explain,
    ".fields": Session.fields,
    ".help": Session.help,
    ".quit": Session.quit,
}


# ------------------------------------------------------------------ showing


def _shown(found: Answer) -> Iterator[str]:
    kind = f"{found.kind}{', personal data' if found.kind.pii else ''}"
    if found.value is None:
        yield f"missing  ({kind}): {found.why}"
    else:
        yield f"{_json(found.value)}  ({kind})"
    if found.choice is not None:
        yield f"  from {found.choice}"
    for number, each in enumerate(found.tried, 1):
        yield f"  {number} {each.text}  {each.why}"
    for note in found.notes:
        yield f"  left out, it does not fit: {note}"


def _json(value: Any, indent: int | None = None) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return text.encode("utf-8", "backslashreplace").decode()


def _fields(kind: Kind, path: str, value: Any) -> Iterator[tuple[str, str, str]]:
    """Each leaf of the schema with its type and what the sample has, of a list its first element."""
    if kind.base == "list" and kind.of is not None and kind.of.base == "object":
        kind, path, value = kind.of, path + "[]", value[0] if isinstance(value, list) and value else None
    if kind.base == "object" and kind.fields:
        for name, inner in kind.fields.items():
            below = value.get(name) if isinstance(value, dict) else None
            yield from _fields(inner, f"{path}.{_name(name)}", below)
    else:
        yield path, f"{kind}{' pii' if kind.pii else ''}", "" if value is None else _json(value)


def _name(name: str) -> str:
    return name if name.isidentifier() and name.isascii() else f'"{name}"'


# ------------------------------------------------------------------ changing the event


def _arriving(text: str) -> Any:
    """The JSON value of a text, as an event that arrives is read; a `Fault` where it is none."""
    found = read_body(
        b"[%s]" % text.encode("utf-8", "surrogatepass"), lines=False, batch_key=None, limits=Limits()
    )
    return found[0] if isinstance(found, list) and len(found) == 1 else NOT_JSON


def _steps(node: t.Expr) -> list[str | int] | None:
    """The keys and positions of a path of the event; a column is many places, and none of them."""
    if not isinstance(node, t.Ref) or node.name.text != "event":
        return None
    steps: list[str | int] = []
    for step in node.steps:
        if isinstance(step, t.Column):
            return None
        steps.append(step.text if isinstance(step, t.Word) else step.number)
    return steps


def _with(value: Any, steps: list[str | int], new: Any) -> Any:
    """A copy with the new value at the place; None takes the place away. Objects on the way are made."""
    if not steps:
        return new
    first, *rest = steps
    if isinstance(first, int):
        items = list(value) if isinstance(value, list) else []
        return _in_list(items, first, rest, new)
    fields = dict(value) if isinstance(value, dict) else {}
    inner = _with(fields.get(first), rest, new)
    if inner is None:
        fields.pop(first, None)
    else:
        fields[first] = inner
    return fields


def _in_list(items: list[Any], at: int, rest: list[str | int], new: Any) -> list[Any]:
    """A position beyond the end is the next one."""
    inner = _with(items[at] if at < len(items) else None, rest, new)
    return [*items[:at], *([] if inner is None else [inner]), *items[at + 1 :]]
