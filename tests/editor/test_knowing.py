"""What hover, completion and signatures say, and where navigation leads; no protocol in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.editor.actions import quick_fixes
from router.editor.completion import complete
from router.editor.hover import hover
from router.editor.lenses import explain_sample, lenses, run_test
from router.editor.navigation import Refusal, definition, references, rename
from router.editor.positions import plain, to_offset, to_position
from router.editor.signatures import signature
from router.editor.symbols import outline
from router.lang.source import Source

from .texts import SHOP, Desk, with_cursor

HEAD = 'language 1\nuse "standard.rules"\nlet tier = "gold"\nmapping broken {\n  = = \n}\n'


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def shown(desk: Desk, before: str, after: str) -> str:
    found = hover(desk.rules, desk.source(), desk.offset(before, after))
    assert found is not None
    return found[0]


def offered(tmp_path: Path, text: str) -> dict[str, str]:
    """The texts offered at the cursor, with their shapes; a broken mapping always stands before."""
    whole, offset = with_cursor(HEAD + text)
    desk = Desk(tmp_path, whole)
    files = desk.workspace.usable_from(desk.shop)
    return {each.text: each.shape for each in complete(desk.rules, whole, offset, files)}


# ------------------------------------------------------------------ hover


def test_hover_on_a_value_shows_its_comment_and_type(desk: Desk) -> None:
    text = shown(desk, "let good", "_tiers")
    assert "What we call a good customer." in text
    assert "Type: list of text" in text


def test_hover_on_an_event_field_shows_its_declared_type_and_description(desk: Desk) -> None:
    text = shown(desk, "  when event.loyalty", "_tier in good_tiers {")
    assert "event.loyalty_tier: text" in text
    assert "gold, silver or none" in text


def test_hover_on_a_field_inside_a_list_follows_the_loop_variable(desk: Desk) -> None:
    assert "event.items.product.price: number" in shown(desk, "item.product.pri", "ce")


def test_hover_on_a_payload_field_shows_the_catalogue_and_the_line_that_counts(desk: Desk) -> None:
    text = shown(desk, "  properties.curr", 'ency = event.currency ?? "EUR"')
    assert "confidence" in text
    assert '`properties.currency = event.currency ?? "EUR"`' in text
    assert "(when event.loyalty_tier in good_tiers)" in text
    assert "Type" not in text


def test_hover_in_an_included_mapping_says_who_replaces_the_line(desk: Desk) -> None:
    offset = desk.offset("  properties.curr", "ency = event.currency\n", desk.money)
    found = hover(desk.rules, desk.source(desk.money), offset)
    assert found is not None
    assert "In `order`, which includes it" in found[0]


def test_hover_on_a_function_shows_its_signature_and_examples(desk: Desk) -> None:
    text = shown(desk, "pixel = en", "v(")
    assert "env(name: text) -> text" in text


def test_hover_on_a_tiktok_event_shows_its_sources(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SHOP.replace('"GiftGiven"', "CompletePayment"))
    assert "TikTok event for" in shown(desk, "gift_given | Complete", "Payment")


# ------------------------------------------------------------------ completion


@pytest.mark.parametrize(
    ("text", "expected", "absent"),
    [
        ("‸", {"mapping": "keyword", "events": "keyword"}, {"include", "event"}),
        ("mapping m {\n  ‸", {"user.email": "payload", "require": "keyword"}, {"lower"}),
        (
            "mapping m {\n  user.email = hash_email(event.user.‸",
            {"email": "field", "phone": "field"},
            {"user"},
        ),
        ("mapping m {\n  event_id = ‸", {"tier": "value", "event": "value", "lower": "function"}, {"base"}),
        ("mapping m {\n  include ‸", {"base": "mapping", "broken": "mapping"}, {"tier"}),
        ("events with ba‸", {"base": "mapping"}, {"tiktok_web"}),
        ("events {\n  event | ‸", {"web": "source", "crm": "source"}, {"Search"}),
        ("events {\n  event | web | app\n  x | ‸", {"CompletePayment": "target"}, {"AchieveLevel"}),
        ("events {\n  event | web | app\n  x | - | ‸", {"AchieveLevel": "target"}, {"ClickButton"}),
        ("events {\n  event | web\n  pur‸", {"purchase": "name"}, {"web"}),
        ("on purchase for app {\n  send ‸", {"Checkout": "target", "custom": "keyword"}, {"ClickButton"}),
        ("on purchase {\n  send Purchase to ‸", {"tiktok_web": "destination"}, {"base"}),
        ("destination d {\n  ‸", {"token": "name", "requires": "keyword"}, {"user.email"}),
        ("let x = event.id ‸", {"starts_with": "keyword", "is": "keyword"}, {"event"}),
        ("extend schema event { x: ‸", {"text": "type", "one": "keyword"}, {"event"}),
        ('use "‸', {"shared/money.rules": "file", "standard.rules": "file"}, {"shop.rules"}),
        ('test "t" {\n  given {\n    event.user.‸', {"email": "field"}, {"cookie"}),
        ('test "t" {\n  given {\n    ‸', {"cookie": "value", "now": "value"}, {"user.email"}),
        ('test "t" {\n  expect send ‸', {"Search": "target"}, {"base"}),
    ],
)
def test_what_is_offered_is_what_fits(
    tmp_path: Path, text: str, expected: dict[str, str], absent: set[str]
) -> None:
    found = offered(tmp_path, text)
    assert expected.items() <= found.items()
    assert not absent & found.keys()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("properties.contents = each item in event.items {\n    price = item.product.‸", "price"),
        ("properties.contents = each item in event.items where item.‸", "quantity"),
    ],
)
def test_a_loop_variable_offers_the_fields_of_its_list(tmp_path: Path, text: str, wanted: str) -> None:
    assert offered(tmp_path, "mapping m {\n  " + text)[wanted] == "field"


def test_lines_of_an_each_are_fields_of_the_element(tmp_path: Path) -> None:
    found = offered(tmp_path, "mapping m {\n  properties.contents = each item in event.items {\n    ‸")
    assert found["content_id"] == "payload"
    assert "user.email" not in found


@pytest.mark.parametrize("text", ["# event.‸", 'let x = "event.‸', "mapping m {\n  event_id = event.id # ‸"])
def test_nothing_is_offered_in_comments_and_texts(tmp_path: Path, text: str) -> None:
    assert offered(tmp_path, text) == {}


# ------------------------------------------------------------------ signatures


@pytest.mark.parametrize(
    ("text", "name", "parameter"),
    [
        ("let x = hash_phone(‸", "hash_phone", 0),
        ('let x = hash_phone(event.user.phone, "‸', "hash_phone", 1),
        ("let x = replace(lower(event.id), ‸", "replace", 1),
        ('let x = concat("(,", event.id, "a", ‸', "concat", 0),
    ],
)
def test_the_signature_of_the_innermost_call(tmp_path: Path, text: str, name: str, parameter: int) -> None:
    whole, offset = with_cursor(HEAD + text)
    found = signature(Desk(tmp_path, whole).rules, whole, offset)
    assert found is not None
    assert (found.function.name, found.parameter) == (name, parameter)


def test_no_signature_outside_a_call(tmp_path: Path) -> None:
    whole, offset = with_cursor(HEAD + "let x = lower(event.id) ‸")
    assert signature(Desk(tmp_path, whole).rules, whole, offset) is None


# ------------------------------------------------------------------ navigation


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("  when event.loyalty", "_tier in good_tiers {", "  loyalty_tier: text"),
        ("in good", "_tiers {", "let good_tiers"),
        ("tiktok_web, e", "u {", "destination eu {"),
        ("content_id = ite", "m.id", "  properties.contents = each item in"),
    ],
)
def test_a_name_leads_to_its_declaration(desk: Desk, before: str, after: str, line: str) -> None:
    (found,) = definition(desk.rules, desk.source(), desk.offset(before, after))
    assert found.source.lines[found.line - 1].startswith(line)


@pytest.mark.parametrize("wanted", ["shared/money.rules", "standard.rules"])
def test_use_leads_to_the_file(desk: Desk, wanted: str) -> None:
    (found,) = definition(desk.rules, desk.source(), desk.offset('use "', wanted))
    assert found.source.name.endswith(wanted)
    assert found.start == 0


def test_references_are_all_places_of_a_name_in_all_files(desk: Desk) -> None:
    offset = desk.offset("include base, mon", "ey")
    found = references(desk.rules, desk.source(), offset)
    assert {Path(each.source.name).name for each in found} == {"shop.rules", "money.rules"}
    without = references(desk.rules, desk.source(), offset, declaration=False)
    assert [Path(each.source.name).name for each in without] == ["shop.rules"]


@pytest.mark.parametrize(
    ("before", "after", "old", "new"),
    [
        ("let good", "_tiers", "good_tiers", "best"),
        ("include base, mon", "ey", "money", "cash"),
        ("destination e", "u", "eu", "europe"),
        ("each ite", "m in", "item", "line"),
        ("mapping ord", "er {", "order", "basket"),
    ],
)
def test_a_renamed_rule_set_says_the_same(desk: Desk, before: str, after: str, old: str, new: str) -> None:
    places = rename([desk.rules], desk.source(), desk.offset(before, after), new)
    assert isinstance(places, list)
    assert {each.text for each in places} == {old}
    texts = {each.span.source: each.span.source.text for each in desk.rules.files}
    for span in sorted(places, key=lambda each: each.start, reverse=True):
        text = texts[span.source]
        texts[span.source] = text[: span.start] + new + text[span.end :]
    for source, text in texts.items():
        if source.name.startswith(str(desk.shop.parent)):
            desk.workspace.put(Path(source.name), text)
    assert desk.rules.problems == ()


@pytest.mark.parametrize(
    ("before", "after", "new", "why"),
    [
        ("let good", "_tiers", "platform", "already a named value"),
        ("let good", "_tiers", "item", "already a loop variable"),
        ("each ite", "m in", "good_tiers", "already a named value"),
        ("mapping ord", "er {", "base", "already a mapping"),
        ("destination e", "u", "tiktok_app", "already a destination"),
        ("let good", "_tiers", "event", "cannot be a name"),
        ("let good", "_tiers", "9lives", "cannot be a name"),
        ("let good", "_tiers", "with space", "cannot be a name"),
        ("  when event.loyalty", "_tier in good_tiers {", "tier", "only names that rule files give"),
    ],
)
def test_a_name_that_would_clash_is_refused(desk: Desk, before: str, after: str, new: str, why: str) -> None:
    found = rename([desk.rules], desk.source(), desk.offset(before, after), new)
    assert isinstance(found, Refusal)
    assert why in found.message


def test_a_line_that_does_not_read_and_may_use_the_name_stops_a_rename(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SHOP + "let more = = good_tiers\n")
    found = rename([desk.rules], desk.source(), desk.offset("let good", "_tiers"), "best")
    assert isinstance(found, Refusal)
    assert "mend it first" in found.message


# ------------------------------------------------------------------ files and positions


def test_a_file_is_checked_with_the_file_that_uses_it(desk: Desk) -> None:
    rules = desk.workspace.rule_set(desk.money)
    assert rules.file(desk.shop) is not None
    assert rules.problems == ()


def test_a_file_that_uses_itself_is_its_own_rule_set(tmp_path: Path) -> None:
    desk = Desk(tmp_path, 'language 1\nuse "shop.rules"\n')
    assert [each.file(desk.shop) is not None for each in desk.workspace.rule_sets(desk.shop)] == [True]


def test_the_open_buffer_counts_until_it_is_closed(desk: Desk) -> None:
    desk.workspace.put(desk.money, "language 1\n")
    assert [each.code for each in desk.rules.problems] == ["E205"]
    desk.workspace.close(desk.money)
    assert desk.rules.problems == ()


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 9 + 4), ("utf-16", 9 + 2), ("utf-32", 9 + 1)])
def test_columns_count_what_the_editor_counts(encoding: str, column: int) -> None:
    source = Source("x", 'let a = "🎁x"\n')
    offset = source.text.index("x")
    assert to_position(source, offset, encoding) == (0, column)  # type: ignore[arg-type]  # a literal by its values
    assert to_offset(source, 0, column, encoding) == offset  # type: ignore[arg-type]  # a literal by its values


def test_line_ends_of_every_kind_keep_their_lines() -> None:
    assert plain("a\r\nb\rc\nd\ud83c") == "a\nb\nc\nd\ufffd"


# ------------------------------------------------------------------ fixes, outline, lenses


def test_a_fix_mends_the_file(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SHOP.replace("price      = item.product.price", "price      = item.product.prise"))
    (problem,) = desk.rules.problems
    span = problem.mark.span
    (found,) = quick_fixes(desk.rules.problems, span.start, span.start)
    assert found.fix.sure
    text = span.source.text
    desk.workspace.put(
        desk.shop, text[: found.fix.span.start] + found.fix.replacement + text[found.fix.span.end :]
    )
    assert desk.rules.problems == ()


def test_the_outline_names_every_declaration(desk: Desk) -> None:
    file = desk.rules.file(desk.shop)
    assert file is not None
    names = [(each.shape, each.name) for each in outline(file)]
    assert ("mapping", "order") in names
    assert ("test", "a gift is sent") in names
    schema = next(each for each in outline(file) if each.shape == "schema")
    assert [each.name for each in schema.inside] == ["loyalty_tier", "birthday"]


def test_lenses_run_and_explain(desk: Desk) -> None:
    file = desk.rules.file(desk.shop)
    assert file is not None
    commands = [(each.command, each.name) for each in lenses(file)]
    assert commands == [
        ("explain", "gift_given"),
        ("explain", "gift_taken"),
        ("runTest", "a gift is sent"),
        ("runTest", "a gift that never comes"),
    ]
    assert run_test(desk.rules, "a gift is sent") == "pass: a gift is sent"
    assert run_test(desk.rules, "no such test") == 'there is no test "no such test"'
    assert "send GiftGiven" in explain_sample(desk.rules, desk.shop.parent, "gift_given", 1_767_261_600)


def test_rules_with_mistakes_are_not_run(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SHOP + "let more = no_such_name\n")
    assert run_test(desk.rules, "a gift is sent") == "the rules have 1 error; mend them first"


def test_a_sample_that_is_no_object_is_named(desk: Desk) -> None:
    fixtures = desk.shop.parent / "fixtures"
    fixtures.mkdir()
    (fixtures / "purchase.json").write_text("[1, 2]", "utf-8")
    assert "is not a JSON object" in explain_sample(desk.rules, desk.shop.parent, "x", 0)
