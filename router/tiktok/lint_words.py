"""W53x and W54x: rules that are right by the language, and lose or falsify something at TikTok."""

from __future__ import annotations

from router.lang.diagnostics import Diagnostic, Fix, Help, Mark, Note, code
from router.lang.source import Span


@code("W530", "an event that TikTok renamed")
def renamed(span: Span, name: str, current: str) -> Diagnostic:
    return Diagnostic(
        f"TikTok has reported `{name}` as `{current}` since 2025-05-01",
        Mark(span, "the old name"),
        remarks=(
            Help("write the current name, in the pixel too", Fix(span, current)),
            Note('or rename all on the way out: settings { event_names = "current" }'),
        ),
    )


@code("W531", "an event name that differs from TikTok's in case or signs only")
def other_case(span: Span, name: str, known: str, *, sure: bool) -> Diagnostic:
    return Diagnostic(
        f"TikTok spells `{name}` as `{known}`",
        Mark(span, "names are case-sensitive"),
        remarks=(Help("write it as TikTok does", Fix(span, known, sure)),),
    )


@code("W532", "an event that TikTok will give up")
def deprecated(span: Span, name: str) -> Diagnostic:
    instead = {"PlaceAnOrder": "Purchase"}.get(name)
    help_text = f"send `{instead}`" if instead else "send the event that the click leads to, such as Lead"
    return Diagnostic(
        f"TikTok supports `{name}` until 2027 only",
        Mark(span, "deprecated"),
        remarks=(Help(help_text, Fix(span, instead) if instead else None),),
    )


@code("W533", "a custom name that TikTok counts as another event")
def reserved(span: Span, name: str, counted: str) -> Diagnostic:
    return Diagnostic(
        f"`{name}` is a name that TikTok counts as {counted}",
        Mark(span, "reserved"),
        remarks=(Help("send that event if it is meant, else choose another name"),),
    )


@code("W534", "a custom name that TikTok does not take, or that is close to a standard one")
def not_taken(span: Span, name: str, problem: str) -> Diagnostic:
    return Diagnostic(
        f"`{name}` cannot be a custom event",
        Mark(span, problem),
        remarks=(Help("letters, digits, `_` and `-`, beginning with a letter, at most 50"),),
    )


def near_miss(span: Span, name: str, known: str) -> Diagnostic:
    """The other form of W534."""
    return Diagnostic(
        f"the custom event `{name}` is close to `{known}`",
        Mark(span, "reported, never optimised for"),
        remarks=(Help("send the standard event if it is meant", Fix(span, known)),),
        code="W534",
        severity="warning",
    )


@code("W535", "an event id that does not tell events apart, or attempts together")
def unstable_id(span: Span, why: str) -> Diagnostic:
    return Diagnostic(
        "this cannot be the id of an event",
        Mark(span, why),
        remarks=(
            Help("use the id that the page gave this one event, or an order number"),
            Note("TikTok counts an event id once within 48 hours, for pixel and server together"),
        ),
    )


@code("W536", "an event id that two events share")
def shared_id(span: Span) -> Diagnostic:
    return Diagnostic(
        "every event gets the same id",
        Mark(span, "a constant"),
        remarks=(
            Help("use the id that the page gave this one event"),
            Note("TikTok counts the first and drops all others for 48 hours"),
        ),
    )


def counted_once(second: Span, first: Span) -> Diagnostic:
    """The other form of W536."""
    return Diagnostic(
        f"`{first.text}` and `{second.text}` are one event to TikTok, with one id",
        Mark(second, "counted once"),
        others=(Mark(first, "the first"),),
        remarks=(Help("send one of them"),),
        code="W536",
        severity="warning",
    )


@code("W537", "a value without a currency")
def no_currency(span: Span) -> Diagnostic:
    return Diagnostic(
        "this value has no currency",
        Mark(span, "TikTok cannot count it"),
        remarks=(Help("add: properties.currency = event.currency"),),
    )


@code("W538", "a price and a value that are mixed up")
def price_as_value(span: Span) -> Diagnostic:
    return Diagnostic(
        "this is the price of one item, not the value of the event",
        Mark(span, "a price"),
        remarks=(Help("the value is the total: event.value, or a sum over the items"),),
    )


def value_as_price(span: Span) -> Diagnostic:
    """The other form of W538."""
    return Diagnostic(
        "this is the value of the event, not the price of one item",
        Mark(span, "a total"),
        remarks=(Help("use the price that the item itself has"),),
        code="W538",
        severity="warning",
    )


@code("W539", "a click id whose old cookie wins over the page address")
def stale_click(span: Span, address: Span) -> Diagnostic:
    return Diagnostic(
        "an older click wins over the one that led here",
        Mark(span, "may be from weeks ago"),
        others=(Mark(address, "the newest click"),),
        remarks=(
            Help("put the page address before the cookie"),
            Note("integrations differ: Commanders Act reads the cookie first, most others the address"),
        ),
    )


@code("W542", "an id or variable name that looks wrong")
def odd_credential(span: Span, name: str, problem: str) -> Diagnostic:
    return Diagnostic(
        f"this `{name}` {problem}",
        Mark(span, "looks wrong"),
        remarks=(Help("copy it again from TikTok's Events Manager, without blanks"),),
    )


@code("W543", "a test code that is written out")
def unguarded_test_code(span: Span) -> Diagnostic:
    return Diagnostic(
        "a test code in a rule file outlives the test",
        Mark(span, "test events are not counted"),
        remarks=(
            Help("read it from the environment", Fix(span, 'env("TIKTOK_TEST_CODE")')),
            Note("the router uses test codes in its test profile only"),
        ),
    )


@code("W544", "web events without the address of their page")
def no_page(span: Span) -> Diagnostic:
    return Diagnostic(
        "this web event never has a page address",
        Mark(span, "no line sets page.url"),
        remarks=(Help("add: page.url = event.context.page.url"),),
    )


@code("W545", "content ids without a content type")
def no_content_type(span: Span) -> Diagnostic:
    return Diagnostic(
        "these ids have no content type",
        Mark(span, "products or groups?"),
        remarks=(Help('add: properties.content_type = "product", or "product_group"'),),
    )


@code("W546", "a currency that is written out")
def fixed_currency(span: Span, text: str) -> Diagnostic:
    return Diagnostic(
        "every event gets this currency",
        Mark(span, "whatever was paid in"),
        remarks=(Help("take the event's own first", Fix(span, f"event.currency ?? {text}")),),
    )


@code("W547", "a custom event, which TikTok reports and does not optimise for")
def custom_event(span: Span, name: str) -> Diagnostic:
    return Diagnostic(
        f"`{name}` is a custom event",
        Mark(span, "reported, never optimised for"),
        remarks=(
            Help("send a standard event where one fits; `tagwright docs catalogue` lists them"),
            Note("custom events serve reports, audiences and custom conversions"),
        ),
    )


@code("W548", "two events of one page that become the same TikTok event")
def two_views(second: Span, first: Span, names: tuple[str, str], event: str) -> Diagnostic:
    here = first.source is second.source
    return Diagnostic(
        f"`{names[0]}` and `{names[1]}` both become {event}",
        Mark(second, "one visit of a product's page counts twice"),
        others=(Mark(first, "here, too"),) if here and first != second else (),
        remarks=(
            Help("send one of the two, or give both the same event id"),
            Note("in the shipped rules `view_content_from` decides"),
        ),
    )


@code("W549", "an external id in small letters")
def lower_case_id(span: Span) -> Diagnostic:
    return Diagnostic(
        "the hash of this id is not that of the id as it is written",
        Mark(span, "lower-cased"),
        remarks=(
            Help("hash the id as it is, unless the pixel is given it in small letters, too"),
            Note("TikTok's own templates keep the case; Segment and Stape lower-case"),
        ),
    )
