"""Settings from file, environment and command line, with every mistake in them as a value."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from router.keyring import KEYS_FILE, KeysUnusable, read_keys
from router.settings.keys import WriteKey
from router.settings.problem import SettingProblem, did_you_mean
from router.settings.read_keys import read_write_keys
from router.settings.shapes import is_loopback
from router.settings.table import Setting, Settings, describe_settings
from router.settings.variables import EnvironmentVariables


@dataclass(frozen=True, slots=True)
class _Given:
    setting: Setting
    raw: Any
    place: str


_Found = Iterator[_Given | SettingProblem]


def load_settings(
    path: Path | None, environ: Mapping[str, str] | EnvironmentVariables, **overrides: Any
) -> tuple[Settings, tuple[SettingProblem, ...]]:
    """The settings of file, environment and command line, the later ones stronger, and every mistake in them.

    A setting with a mistake keeps its default. An override is named like its key with `_` for dots
    (`tiktok_base_url`), and None is none. Variables are `TAGWRIGHT_` and that name in capitals;
    `TAGWRIGHT_WRITE_KEY` (or `…_FILE`) adds a write key called `default`.
    """
    variables = environ if isinstance(environ, EnvironmentVariables) else EnvironmentVariables(environ)
    problems: list[SettingProblem] = []
    values: dict[str, Any] = {}
    for found in _everything(path, variables, overrides):
        if isinstance(found, SettingProblem):
            problems.append(found)
            continue
        value = found.setting.shape.read(found.raw)
        if value is None:
            problems.append(SettingProblem(found.place, f"must be {found.setting.shape.expects}"))
        else:
            values[found.setting.name] = value
    variables.takes_open_files = values.get("secret_files") == "any"
    origins = values.get("cors_origins", ())
    keys = [*read_write_keys(values.get("write_keys", []), variables, origins)]
    problems += [key for key in keys if isinstance(key, SettingProblem)]
    values["write_keys"] = tuple(key for key in keys if isinstance(key, WriteKey))
    return _build(Settings, values), tuple(problems)


def listen_problem(settings: Settings) -> SettingProblem | None:
    """Why the daemon must not listen where it is told to.

    Without write keys, of the settings or of the data directory, only this machine may post; and keys that
    cannot be read are not none.
    """
    try:
        keys = (*read_keys(settings.data), *settings.write_keys)
    except KeysUnusable as problem:
        fix = f"put back a copy of {KEYS_FILE}, or delete it and make new keys"
        return SettingProblem("write keys", str(problem), fix)
    if keys or is_loopback(settings.listen.host):
        return None
    return SettingProblem(
        f"listen = {settings.listen}",
        "anybody who reaches this address could post events, because no write key is set",
        "export TAGWRIGHT_WRITE_KEY=$(python3 -c 'import secrets; print(secrets.token_urlsafe(32))'), "
        f"or tagwright keys add shop --data {settings.data}, "
        f'or listen = "127.0.0.1:{settings.listen.port}"',
    )


def _everything(path: Path | None, variables: EnvironmentVariables, overrides: Mapping[str, Any]) -> _Found:
    tree = _read_file(path) if path else {}
    if isinstance(tree, SettingProblem):
        yield tree
    else:
        yield from _from_tree(tree, str(path))
    yield from _from_environment(variables)
    yield from _from_overrides(overrides)


def _read_file(path: Path) -> dict[str, Any] | SettingProblem:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return SettingProblem(str(path), f"is not TOML: {error}")
    except OSError as error:
        return SettingProblem(str(path), f"cannot be read: {error.strerror}")


def _from_tree(tree: Mapping[str, Any], file: str, prefix: str = "") -> _Found:
    known = {each.name: each for each in describe_settings()}
    sections = {name.partition(".")[0] for name in known if "." in name}
    for key, raw in tree.items():
        name = prefix + key
        place = f"{file}: {name}"
        if name in known:
            yield _Given(known[name], raw, place)
        elif name not in sections:
            yield SettingProblem(place, "is not a setting", did_you_mean(name, [*known, *sections]))
        elif isinstance(raw, dict):
            yield from _from_tree(raw, file, f"{name}.")
        else:
            yield SettingProblem(place, "must be a table", f"[{name}] on a line of its own")


def _from_environment(variables: EnvironmentVariables) -> Iterator[_Given]:
    for setting in describe_settings():
        raw = variables.env(setting.variable) if setting.variable else None
        if raw is not None:
            yield _Given(setting, raw, f"environment: {setting.variable}")


def _from_overrides(overrides: Mapping[str, Any]) -> Iterator[_Given]:
    known = {each.override: each for each in describe_settings()}
    for name, raw in overrides.items():
        if name not in known:
            raise TypeError(f"{name} is not a setting")
        if raw is not None:
            yield _Given(known[name], raw, f"--{name.replace('_', '-')}")


def _build(kind: type, values: Mapping[str, Any], prefix: str = "") -> Any:
    known: dict[str, Any] = {}
    for each in fields(kind):
        if "shape" not in each.metadata and isinstance(each.default_factory, type):
            known[each.name] = _build(each.default_factory, values, f"{prefix}{each.name}.")
        elif prefix + each.name in values:
            known[each.name] = values[prefix + each.name]
    return kind(**known)
