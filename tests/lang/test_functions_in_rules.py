"""The examples of every function, written in the rule language and run by it."""

import pytest

from router.assets import asset
from router.functions import STANDARD
from router.functions.examples import EXAMPLE_CONTEXT
from router.lang import tree as t
from router.lang.check import check
from router.lang.library import Example
from router.lang.parse import parse
from router.lang.source import Source
from router.lang.walk import Evaluation
from router.rulebook import ENVIRONMENT

GRAMMAR = asset("grammar/rules.lark").read_text(encoding="utf-8")
AT_LOAD = 'destination d {{\n  type = "tiktok"\n  pixel = {0}\n  token = secret("TOKEN")\n}}\n'
SECRET = 'destination d {{\n  type = "tiktok"\n  pixel = "P"\n  token = {0}\n}}\n'
SCHEMA = "schema event { event_name: text }\n"


def _text(name: str, expression: str) -> str:
    if name == "secret":
        return SECRET.format(expression)
    return AT_LOAD.format(expression) if STANDARD[name].load_time else f"let it = {expression}\n"


def _written(declaration: t.Declaration, name: str) -> t.Expr:
    if isinstance(declaration, t.Let):
        return declaration.value
    assert isinstance(declaration, t.DestinationBlock)
    wanted = "token" if name == "secret" else "pixel"
    return next(
        each.value for each in declaration.lines if isinstance(each, t.Setting) and each.name.text == wanted
    )


@pytest.mark.parametrize(
    ("name", "example"),
    [
        pytest.param(name, example, id=example.expression)
        for name, function in STANDARD.items()
        for example in function.examples
    ],
)
def test_example(name: str, example: Example) -> None:
    source = Source("example.rules", SCHEMA + _text(name, example.expression))
    file, mistakes = parse(source, GRAMMAR)
    program, problems = check([file], ENVIRONMENT)
    assert not mistakes
    assert program, [each.message for each in problems]
    run = Evaluation(program, EXAMPLE_CONTEXT.arrival, variables=EXAMPLE_CONTEXT.variables)
    assert run.value(_written(file.declarations[1], name)) == example.result
