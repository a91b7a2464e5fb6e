"""The few forms of Python that rules become, as syntax trees; and the proof that there are no others."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Final

LOAD: Final = ast.Load()
STORE: Final = ast.Store()

_SIGN_KINDS: Final = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)
ALLOWED: Final = frozenset({
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Assign, ast.If, ast.For, ast.Expr,
    ast.Name, ast.Load, ast.Store, ast.Constant, ast.Attribute, ast.Call, ast.Subscript, ast.Tuple, ast.Dict,
    ast.List, ast.IfExp, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.Compare, ast.Is, ast.IsNot,
    ast.In, ast.NotIn, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.BinOp, ast.FloorDiv, ast.Sub,
})  # fmt: skip
"""No import, no global, no class, no comprehension, no way to reach a name outside."""
ATTRIBUTES: Final = frozenset(
    {"get", "append", "pop", "reason", "is_integer", "cookies", "headers", "__class__"}
)
PLAIN: Final = frozenset({str, int, float, bool, type(None), frozenset})
"""Kinds of constants that stand in the tree. Sets hold texts only."""
_SIGNS: Final = frozenset(kind for kind in ALLOWED if issubclass(kind, _SIGN_KINDS))
"""Allowed, and with nothing inside that would have to be looked at."""
_WITHOUT_PLACE: Final = _SIGNS | {ast.Module, ast.arguments}
_TEXTS: Final[dict[type[ast.AST], str]] = {
    ast.Name: "id", ast.arg: "arg", ast.FunctionDef: "name", ast.Attribute: "attr", ast.Constant: "value",
}  # fmt: skip
"""Where a node has what is no node."""
_NO_NODES: Final = frozenset({"ctx", "kind", "type_comment"})
_INSIDE: Final = {
    kind: tuple(each for each in fields if each not in _NO_NODES and each != _TEXTS.get(kind))
    for kind, fields in ((kind, getattr(kind, "_fields")) for kind in ALLOWED)  # noqa: B009 - not in typeshed
}
"""Where a node has others."""
_NAME: Final = re.compile(r"[a-z]+[0-9]*")
_OPERATORS: Final[dict[str, type[ast.cmpop]]] = {
    "is": ast.Is, "is not": ast.IsNot, "in": ast.In, "not in": ast.NotIn, "==": ast.Eq, "!=": ast.NotEq,
    "<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE,
}  # fmt: skip


class NotAllowedError(Exception):
    """Generated code holds something that rules never become: a bug of ours, caught before it runs."""


def name(text: str) -> ast.expr:
    return ast.Name(text, LOAD)


def plain(value: str | int | float | bool | frozenset[str] | None) -> ast.expr:
    """A constant in the tree: data for the compiler, never read as text."""
    # The compiler takes sets of texts here too, as it makes them itself.
    return ast.Constant(value)  # type: ignore[arg-type]  # typeshed knows what can be written only


def attribute(value: ast.expr, attr: str) -> ast.expr:
    return ast.Attribute(value, attr, LOAD)


def call(function: ast.expr, *args: ast.expr) -> ast.expr:
    return ast.Call(function, list(args), [])


def method(value: ast.expr, attr: str, *args: ast.expr) -> ast.expr:
    return call(attribute(value, attr), *args)


def item(value: ast.expr, index: ast.expr) -> ast.expr:
    return ast.Subscript(value, index, LOAD)


def compare(left: ast.expr, *rest: str | ast.expr) -> ast.expr:
    """`compare(a, "<", b, "<", c)` is `a < b < c`."""
    operators = [_OPERATORS[each]() for each in rest if isinstance(each, str)]
    return ast.Compare(left, operators, [each for each in rest if isinstance(each, ast.expr)])


def is_none(value: ast.expr) -> ast.expr:
    return compare(value, "is", plain(None))


def not_none(value: ast.expr) -> ast.expr:
    return compare(value, "is not", plain(None))


def of_class(value: ast.expr, kind: ast.expr, *, negated: bool = False) -> ast.expr:
    """Exactly this class: a truth value is a whole number in Python, and must not pass for one."""
    return compare(attribute(value, "__class__"), "is not" if negated else "is", kind)


def both(*terms: ast.expr) -> ast.expr:
    return terms[0] if len(terms) == 1 else ast.BoolOp(ast.And(), list(terms))


def either(*terms: ast.expr) -> ast.expr:
    return terms[0] if len(terms) == 1 else ast.BoolOp(ast.Or(), list(terms))


def negated(value: ast.expr) -> ast.expr:
    if isinstance(value, ast.Constant):
        return plain(not value.value)
    return ast.UnaryOp(ast.Not(), value)


def choose(test: ast.expr, then: ast.expr, otherwise: ast.expr) -> ast.expr:
    return ast.IfExp(test, then, otherwise)


def arithmetic(left: ast.expr, operator: ast.operator, right: ast.expr) -> ast.expr:
    return ast.BinOp(left, operator, right)


def tuple_of(*values: ast.expr) -> ast.expr:
    return ast.Tuple(list(values), LOAD)


def new_list(*values: ast.expr) -> ast.expr:
    return ast.List(list(values), LOAD)


def new_dict(*pairs: tuple[ast.expr, ast.expr]) -> ast.expr:
    return ast.Dict([key for key, _ in pairs], [value for _, value in pairs])


def assign(target: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(target, STORE)], value)


def put(owner: ast.expr, key: ast.expr, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Subscript(owner, key, STORE)], value)


def run(value: ast.expr) -> ast.stmt:
    return ast.Expr(value)


def returned(value: ast.expr) -> ast.stmt:
    return ast.Return(value)


def when(test: ast.expr, body: list[ast.stmt], otherwise: list[ast.stmt] | None = None) -> ast.stmt:
    return ast.If(test, body, otherwise or [])


def loop(target: str, values: ast.expr, body: list[ast.stmt]) -> ast.stmt:
    return ast.For(ast.Name(target, STORE), values, body or [run(plain(None))], [])


def function(title: str, parameters: Sequence[str], body: list[ast.stmt]) -> ast.stmt:
    takes = ast.arguments([], [ast.arg(each) for each in parameters], None, [], [], None, [])
    return ast.FunctionDef(title, takes, body, [])


def checked(module: ast.Module) -> ast.Module:
    """The module itself, every node with the line of its statement.

    Raises NotAllowedError when it holds anything but the forms above.
    """
    _check(module, 1, set())
    return module


def _check(node: ast.AST, line: int, names: set[str]) -> None:
    """`names` are those that were looked at before: most stand in many places."""
    kind = type(node)
    if kind not in ALLOWED:
        raise NotAllowedError(kind.__name__)
    if kind in _TEXTS:
        _check_text(kind, getattr(node, _TEXTS[kind]), names)
    if kind not in _WITHOUT_PLACE:
        line = node.lineno = getattr(node, "lineno", line)  # type: ignore[attr-defined]  # it has a place
        node.col_offset = 0  # type: ignore[attr-defined]  # it has a place
    for field in _INSIDE[kind]:
        found = getattr(node, field, None)
        for each in found if type(found) is list else (found,):
            if each is not None and type(each) not in _SIGNS:
                _check(each, line, names)


def _check_text(kind: type[ast.AST], text: object, names: set[str]) -> None:
    if kind is ast.Constant:
        allowed = type(text) in PLAIN
    elif kind is ast.Attribute:
        allowed = text in ATTRIBUTES
    else:
        allowed = text in names or _NAME.fullmatch(str(text)) is not None
        names.add(str(text))
    if not allowed:
        raise NotAllowedError(repr(text))
