"""The grammar itself: no conflicts, and a word for everything that a message could name."""

from lark import Lark

from router.assets import asset
from router.lang import recover
from router.lang.grammar import Newlines

TEXT = asset("grammar/rules.lark").read_text(encoding="utf-8")


def test_the_grammar_has_no_conflict_and_no_two_terminals_that_collide() -> None:
    Lark(TEXT, parser="lalr", lexer="contextual", postlex=Newlines(), strict=True)


def test_every_terminal_has_a_word_or_is_kept_out_of_messages() -> None:
    parser = Lark(TEXT, parser="lalr", lexer="contextual", postlex=Newlines())
    for terminal in parser.terminals:
        if terminal.name in parser.ignore_tokens or terminal.name in recover.NOT_SHOWN:
            continue
        spelled = terminal.pattern.value.lower() == terminal.name.lower()
        assert terminal.name in recover.WORDS or spelled, terminal.name
    assert not set(recover.WORDS) & recover.NOT_SHOWN
