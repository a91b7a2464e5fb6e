"""What people do at the shop: each journey is a kind of visitor, told as the events they leave behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from router.demo.people import BOT_AGENT, browser, phone_device
from router.demo.shop import PRODUCTS, SITE, Basket, Product, order
from router.demo.visit import Happening, Visit

_APP: Final = {"namespace": "example.shop.app", "name": "Shop", "version": "4.2.0"}
Events = Iterator[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Journey:
    """A kind of visitor; of two the one with twice the `weight` comes twice as often."""

    kind: str
    weight: int
    tell: Callable[[Visit], Iterator[Happening]]


# ------------------------------------------------------------------ in a browser


def _from_an_ad(visit: Visit) -> Iterator[Happening]:
    """The landing page has the click id in its address; TikTok's pixel then keeps it in a cookie."""
    ttclid = _ttclid(visit)
    yield _landing(visit, f"&ttclid={ttclid}")
    visit.cookies |= {"ttclid": ttclid}
    for event in _funnel(visit):
        yield visit.from_browser(event)


def _from_an_ad_without_cookies(visit: Visit) -> Iterator[Happening]:
    """The click id is in the address of the landing page, and then nowhere."""
    yield _landing(visit, f"&ttclid={_ttclid(visit)}")
    for event in _funnel(visit):
        yield visit.from_browser(event)


def _macro_not_filled_in(visit: Visit) -> Iterator[Happening]:
    yield _landing(visit, "&ttclid=__CLICKID__")
    visit.cookies["ttclid"] = "undefined"
    yield visit.from_browser(_look(visit, _some(visit)))


def _on_their_own(visit: Visit) -> Iterator[Happening]:
    yield _landing(visit, "", came_from="https://search.example/")
    if visit.dice.random() < 0.5:
        yield visit.from_browser(_search(visit))
    for event in _funnel(visit):
        yield visit.from_browser(event)


def _refuses_consent(visit: Visit) -> Iterator[Happening]:
    visit.consent = {"advertising": False, "analytics": True}
    yield from _on_their_own(visit)


def _was_not_asked(visit: Visit) -> Iterator[Happening]:
    visit.consent = None
    yield from _on_their_own(visit)


def _bot(visit: Visit) -> Iterator[Happening]:
    visit.browser = browser(visit.dice, BOT_AGENT)
    for product in visit.dice.sample(PRODUCTS, 5):
        yield visit.from_browser(visit.event("page_view", context=visit.page(f"/products/{product.id}")))


def _signs_up(visit: Visit) -> Iterator[Happening]:
    yield _landing(visit, f"&ttclid={_ttclid(visit)}")
    visit.user = {"email": visit.person.email}
    yield visit.from_browser(visit.event("sign_up", context=visit.page("/account/new")))
    yield visit.from_browser(visit.event("login", context=visit.page("/account")))
    name = visit.dice.choice(("contact", "file_download", "subscribe", "schedule", "find_location"))
    yield visit.from_browser(visit.event(name, context=visit.page("/service")))


def _names_of_their_own(visit: Visit) -> Iterator[Happening]:
    """Events of the shop that nobody has written a rule for."""
    for name in visit.dice.sample(("newsletter_read", "size_guide_opened", "quiz_finished", "PageView"), 2):
        yield visit.from_browser(visit.event(name, context=visit.page("/magazine")))


def _landing(visit: Visit, parameters: str, came_from: str = "https://www.tiktok.example/") -> Happening:
    product = _some(visit)
    campaign = f"?utm_source=tiktok&utm_campaign=autumn{parameters}" if parameters else ""
    url = f"{SITE}/products/{product.id}{campaign}"
    page = {"page": {"url": url, "referrer": came_from, "title": product.name}}
    return visit.from_browser(visit.event("page_view", context=page))


# ------------------------------------------------------------------ by the shop's server


def _told_by_server(visit: Visit) -> Iterator[Happening]:
    """The server knows the visitor's cookies and passes them on in the event."""
    visit.cookies |= {"ttclid": _ttclid(visit)}
    for event in _funnel(visit):
        event["context"]["device"] = visit.device()
        yield visit.through("server", event)


def _told_by_tag_manager(visit: Visit) -> Iterator[Happening]:
    """The tag manager has read the click id itself and sends it as a property."""
    found = {"tiktok": {"ttclid": _ttclid(visit), "ttp": visit.browser.ttp}}
    visit.user = visit.person.hashed()
    for event in _funnel(visit):
        yield visit.through("server", event | {"partners": found})


def _without_ids(visit: Visit) -> Iterator[Happening]:
    for _ in range(visit.dice.randint(1, 3)):
        event = _search(visit)
        del event["id"]
        yield visit.through("server", event)


def _sends_back(visit: Visit) -> Iterator[Happening]:
    basket = [(_some(visit), 1)]
    yield visit.through("server", visit.event("refund", order_id=_order_id(visit), **order(basket)))


def _commanders_act(visit: Visit) -> Iterator[Happening]:
    """Consent comes as the categories of Commanders Act's banner, and half of the events are version 1.0."""
    categories = ["1", "2"] if visit.dice.random() < 0.8 else ["1"]
    visit.consent = None
    visit.cookies |= {"ttclid": _ttclid(visit)}
    for event in _funnel(visit):
        event["user"] = {**event.get("user", {}), "consent_categories": categories}
        event["context"]["device"] = visit.device()
        yield visit.through("commanders_act", _version_1(event) if visit.dice.random() < 0.5 else event)


def _version_1(event: dict[str, Any]) -> dict[str, Any]:
    root = {key: event[key] for key in ("event_name", "user", "context")}
    return root | {"properties": {key: value for key, value in event.items() if key not in root}}


# ------------------------------------------------------------------ in the app


def _ios(visit: Visit) -> Iterator[Happening]:
    return _in_the_app(visit, "iOS")


def _android(visit: Visit) -> Iterator[Happening]:
    return _in_the_app(visit, "Android")


def _in_the_app(visit: Visit, system: str) -> Iterator[Happening]:
    about = {"app": _APP, "device": phone_device(visit.dice, system)}
    name = visit.dice.choice(("install_app", "launch_app", "launch_app"))
    yield visit.through("app", visit.event(name, context=about))
    yield visit.through("app", visit.event("login", context=about))
    for event in _funnel(visit):
        del event["context"]["page"]
        event["context"] |= about
        yield visit.through("app", event)


def _forgotten_app_id(visit: Visit) -> Iterator[Happening]:
    about = {"app": {"name": "Shop beta"}, "device": phone_device(visit.dice, "Android")}
    yield visit.through("app", visit.event("launch_app", context=about))


# ------------------------------------------------------------------ away from the screen


def _at_the_till(visit: Visit) -> Iterator[Happening]:
    visit.user = {"email": visit.person.email, "phone": visit.person.phone}
    sale = visit.event(
        "purchase",
        order_id=_order_id(visit),
        partners={"tiktok": {"event_source": "offline", "shop_id": "store-7"}},
        **order([(_some(visit), visit.dice.randint(1, 3))]),
    )
    yield visit.through("till", sale)


def _crm_lead(visit: Visit) -> Iterator[Happening]:
    visit.user = visit.person.account()
    lead = {"event_source": "crm", "lead_id": f"{visit.dice.randrange(10**15, 10**16)}"}
    yield visit.through("crm", visit.event("generate_lead", partners={"tiktok": lead}))


# ------------------------------------------------------------------ what most of them do


def _funnel(visit: Visit) -> Events:
    """Looks at products, and at each step some go on: cart, checkout, payment, order."""
    basket: Basket = []
    for product in visit.dice.sample(PRODUCTS, visit.dice.randint(1, 4)):
        yield _look(visit, product)
        if visit.dice.random() < 0.5:
            basket.append((product, visit.dice.randint(1, 2)))
            yield visit.event("add_to_cart", context=visit.page("/cart"), **order(basket[-1:]))
    if basket:
        yield visit.event("view_cart", context=visit.page("/cart"), **order(basket))
        if visit.dice.random() < 0.65:
            yield from _check_out(visit, basket)


def _check_out(visit: Visit, basket: Basket) -> Events:
    yield visit.event("begin_checkout", context=visit.page("/checkout"), **order(basket))
    visit.user = visit.user or visit.person.account()
    yield visit.event("add_payment_info", context=visit.page("/checkout/payment"), **order(basket))
    if visit.dice.random() < 0.8:
        thanks = visit.page("/checkout/thank-you")
        yield visit.event("purchase", order_id=_order_id(visit), context=thanks, **order(basket))


def _look(visit: Visit, product: Product) -> dict[str, Any]:
    return visit.event("view_item", context=visit.page(f"/products/{product.id}"), **order([(product, 1)]))


def _search(visit: Visit) -> dict[str, Any]:
    words = visit.dice.choice(("boots", "wool socks", "rain jacket", "stove", "käpt'n bag"))
    return visit.event("search", search_term=words, context=visit.page("/search"))


def _some(visit: Visit) -> Product:
    return visit.dice.choice(PRODUCTS)


def _ttclid(visit: Visit) -> str:
    return f"E.C.P.{visit.dice.getrandbits(240):060x}"


def _order_id(visit: Visit) -> str:
    return f"A-{visit.dice.randrange(10**6, 10**7)}"


JOURNEYS: Final = (
    Journey("ad click", 16, _from_an_ad),
    Journey("ad click, cookies refused", 3, _from_an_ad_without_cookies),
    Journey("click macro not filled in", 1, _macro_not_filled_in),
    Journey("organic visit", 10, _on_their_own),
    Journey("consent refused", 4, _refuses_consent),
    Journey("consent unknown", 2, _was_not_asked),
    Journey("bot", 2, _bot),
    Journey("sign-up", 4, _signs_up),
    Journey("unknown names", 2, _names_of_their_own),
    Journey("server-side visit", 24, _told_by_server),
    Journey("tag manager", 14, _told_by_tag_manager),
    Journey("events without ids", 5, _without_ids),
    Journey("refund", 4, _sends_back),
    Journey("Commanders Act", 16, _commanders_act),
    Journey("iOS app", 10, _ios),
    Journey("Android app", 10, _android),
    Journey("app without its id", 1, _forgotten_app_id),
    Journey("till sale", 30, _at_the_till),
    Journey("CRM lead", 20, _crm_lead),
)
