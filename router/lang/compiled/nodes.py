"""The few forms of Python that rules become, as syntax trees; and the proof that there are no others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Final

LOAD: Final = ast.Load()
STORE: Final = ast.Store()

_SIGN_KINDS: Final = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)
ALLOWED: Final = frozenset({
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Assign, ast.If, ast.For, ast.Expr,
    ast.Name, ast.Load, ast.Store, ast.Constant, ast.Attribute, ast.Call, ast.Subscript, ast.Tuple, ast.Dict,
    ast.List, ast.IfExp, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.Compare, ast.Is, ast.IsNot,
    ast.In, ast.NotIn, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.BinOp, ast.FloorDiv, ast.Mod,
    ast.Add,
})  # fmt: skip
"""No import, no global, no class, no comprehension, no way to reach a name outside."""
ATTRIBUTES: Final = frozenset(
    {"get", "append", "pop", "reason", "startswith", "cookies", "headers", "__class__"}
)
PLAIN: Final = frozenset({str, int, float, bool, type(None), frozenset})
"""Kinds of constants that stand in the tree. Sets hold texts only."""
_SIGNS: Final = frozenset(kind for kind in ALLOWED if issubclass(kind, _SIGN_KINDS))
"""Allowed, and with nothing inside that would have to be looked at."""
_FIELDS: Final[dict[type[ast.AST], tuple[str, ...]]] = {
    ast.Name: (),
    ast.Constant: (),
    ast.Attribute: ("value",),
}
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
    waiting: list[tuple[ast.AST, int]] = [(module, 1)]
    while waiting:
        node, line = waiting.pop()
        _check(node)
        if isinstance(node, ast.expr | ast.stmt | ast.arg):
            line = node.lineno = getattr(node, "lineno", line)
            node.col_offset = 0
        waiting += [(each, line) for each in _inside(node) if type(each) not in _SIGNS]
    return module


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    for name in _FIELDS.get(type(node), node._fields):
        found = getattr(node, name, None)
        if isinstance(found, list):
            yield from found
        elif isinstance(found, ast.AST):
            yield found


def _check(node: ast.AST) -> None:
    kind = type(node)
    if kind is ast.Name:
        _check_name(node.id)  # type: ignore[attr-defined]  # its class is `Name`
    elif kind is ast.Constant:
        if type(node.value) not in PLAIN:  # type: ignore[attr-defined]  # its class is `Constant`
            raise NotAllowedError(repr(node))
    elif kind not in ALLOWED:
        raise NotAllowedError(kind.__name__)
    elif isinstance(node, ast.Attribute) and node.attr not in ATTRIBUTES:
        raise NotAllowedError(f".{node.attr}")
    elif isinstance(node, ast.arg):
        _check_name(node.arg)
    elif isinstance(node, ast.FunctionDef):
        _check_name(node.name)


def _check_name(text: str) -> None:
    if not _NAME.fullmatch(text):
        raise NotAllowedError(text)
