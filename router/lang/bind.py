"""Destinations with their ids and secrets, read from the environment when rules are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.lang.library import Variables
from router.lang.outcome import Arrival
from router.lang.program import Destination, Program
from router.lang.walk import Evaluation

TOKEN = "token"  # noqa: S105 - the name of a setting


@dataclass(frozen=True, slots=True)
class Bound:
    """A destination as it runs. `ids` holds the event source id of each source it is active for."""

    name: str
    ids: Mapping[str, str]
    settings: Mapping[str, str]
    token: str | None = field(default=None, repr=False)
    inactive: Mapping[str, str] = field(default_factory=dict)
    """Sources without an id, with the expression that gave none."""
    token_text: str = ""
    """The expression that gives the token, for messages."""


def bind(program: Program, variables: Variables) -> dict[str, Bound]:
    """Every destination with what the environment holds now; without its id a source is inactive."""
    evaluation = Evaluation(program, Arrival({}, 0), variables=variables)
    return {name: _bind(each, evaluation) for name, each in program.destinations.items()}


def _bind(destination: Destination, evaluation: Evaluation) -> Bound:
    ids = {source: evaluation.text(node) for source, node in destination.ids.items()}
    settings = {name: evaluation.text(node) for name, node in destination.settings.items()}
    return Bound(
        destination.name,
        {source: value for source, value in ids.items() if value},
        {name: value for name, value in settings.items() if value and name != TOKEN},
        settings.get(TOKEN),
        {source: destination.ids[source].span.text for source, value in ids.items() if not value},
        destination.settings[TOKEN].span.text,
    )
