"""The event, cookies, headers and variables that examples of functions look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.lang.library import Context
from router.lang.outcome import Arrival


@dataclass(frozen=True, slots=True)
class NamedValues:
    """Variables from a mapping; secrets are the names listed apart. Values never show."""

    plain: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    def env(self, name: str) -> str | None:
        return self.plain.get(name)

    def secret(self, name: str) -> str | None:
        return self.secrets.get(name)


EXAMPLE_CONTEXT = Context(
    arrival=Arrival(
        event={"event_name": "page_view", "context": {"device": {"cookie": {"ttclid": "E.C.P.device"}}}},
        now=1795253223,
        cookies={"_ttp": "2e60deb4175e0f8ec46943b26e7"},
        headers={"user-agent": "ExampleBrowser/1.0"},
    ),
    variables=NamedValues({"SHOP_REGION": "eu"}, {"SHOP_TOKEN": "example"}),
)
