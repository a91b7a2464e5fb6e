"""Write keys from `[[write_keys]]` tables and `TAGWRIGHT_WRITE_KEY`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from router.keyring import SENDERS, SOURCES
from router.settings.keys import WriteKey, signing_secret
from router.settings.problem import SettingProblem, did_you_mean
from router.settings.secret_files import EXPOSED, closing
from router.settings.shapes import ORIGINS, TEXTS, Shape, amount, choice, choices
from router.settings.system_keyring import read_keyring
from router.settings.variables import EnvironmentVariables

_KEY = "TAGWRIGHT_WRITE_KEY"
_PLACE: Final = ("name", "env", "file")
_TERMS: Final[Mapping[str, Shape]] = {
    "sender": choice(*SENDERS),
    "rate": amount(0.001, 1_000_000),
    "sources": choices(*SOURCES),
    "events": TEXTS,
    "origins": ORIGINS,
    "signature": choice("standard", "shopify", "stripe"),
}


def read_write_keys(
    tables: list[dict[str, Any]], variables: EnvironmentVariables, cors_origins: tuple[str, ...]
) -> Iterator[WriteKey | SettingProblem]:
    """Every key, or the mistake in its place. `cors_origins` are for browser keys without their own."""
    for number, table in enumerate(tables, 1):
        place = f"write_keys, number {number}"
        yield _place_problem(place, table) or _write_key(place, table, variables, cors_origins)
    yield from _lone_key(variables)


def _lone_key(variables: EnvironmentVariables) -> Iterator[WriteKey | SettingProblem]:
    value, file = variables.secret(_KEY), variables.env(f"{_KEY}_FILE")
    if value:
        yield WriteKey("default", value)
    elif file:
        # Without its key the daemon would take events of anybody on this machine.
        yield _no_secret(f"environment: {_KEY}_FILE", file, variables)
    elif place := variables.env(f"{_KEY}_KEYRING"):
        yield SettingProblem(f"environment: {_KEY}_KEYRING", read_keyring(place).problem)


def _no_secret(place: str, name: str, variables: EnvironmentVariables) -> SettingProblem:
    """`name` is of a variable or of a file."""
    for file in (name, variables.env(f"{name}_FILE")):
        if file and variables.refuses(file):
            return SettingProblem(place, f"{file} {EXPOSED}", closing(file))
    return SettingProblem(place, f"{name} is not set, not readable or empty")


def _place_problem(place: str, table: Mapping[str, Any]) -> SettingProblem | None:
    known = [*_PLACE, *_TERMS]
    for part in table:
        if part == "value":
            return SettingProblem(place, "the key itself must not stand here", 'env = "NAME_OF_A_VARIABLE"')
        if part not in known:
            return SettingProblem(place, f"{part} is not part of it", did_you_mean(part, known))
    if not (isinstance(table.get("name"), str) and table["name"]):
        return SettingProblem(place, "needs a name")
    if isinstance(table.get("env"), str) == isinstance(table.get("file"), str):
        return SettingProblem(place, "needs one of env and file", 'env = "NAME_OF_A_VARIABLE"')
    return None


def _write_key(
    place: str, table: Mapping[str, Any], variables: EnvironmentVariables, cors_origins: tuple[str, ...]
) -> WriteKey | SettingProblem:
    terms = {part: _TERMS[part].read(raw) for part, raw in table.items() if part in _TERMS}
    for part, term in terms.items():
        if term is None:
            return SettingProblem(place, f"{part} must be {_TERMS[part].expects}")
    env, file = table.get("env"), table.get("file")
    value = variables.secret(env) if isinstance(env, str) else variables.secret_file(str(file))
    if value is None:
        return _no_secret(place, str(env or file), variables)
    key = WriteKey(table["name"], value, **terms)
    return _contradiction(place, key, cors_origins) or key


def _contradiction(place: str, key: WriteKey, cors_origins: tuple[str, ...]) -> SettingProblem | None:
    if key.sender == "browser" and not (key.origins or cors_origins):
        fix = 'origins = ["https://shop.example"]'
        return SettingProblem(place, "a browser key needs the origins of the pages it stands in", fix)
    if key.origins and key.sender != "browser":
        return SettingProblem(place, "origins are for browser keys", 'sender = "browser"')
    if key.signature and key.sender == "browser":
        return SettingProblem(place, "browsers do not sign: their secret would be public")
    if key.signature and signing_secret(key.signature, key.value) is None:
        return SettingProblem(place, 'the secret must be Base64, with or without "whsec_" before it')
    return None
