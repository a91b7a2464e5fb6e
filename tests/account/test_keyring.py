"""Secrets in the system's keyring: found by `NAME_KEYRING`, kept by a login, told apart when missing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from router.account.keeping import KeepingFailed, TokenFile, keep, kept, remove, unsuitable
from router.cli.credentials import place_of_token
from router.daemon.deployment import NotReady, deploy
from router.rulebook import load
from router.settings import EnvironmentVariables, KeyringPlace, keyring_place, load_settings, read_keyring

TOKEN = "a-token-in-a-keyring-0123456789abcdef"


class Memory(KeyringBackend):
    """A keyring of the tests' own."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.held.pop((service, username), None) is None:
            raise PasswordDeleteError(username)


class Locked(KeyringBackend):
    """One that nobody opens, and that says too much."""

    priority = 1.0

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError(f"cannot unlock for {TOKEN}")

    set_password = delete_password = get_password  # type: ignore[assignment] # every call fails alike


@pytest.fixture
def memory() -> Iterator[Memory]:
    before, ours = keyring.get_keyring(), Memory()
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(before)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("tagwright/tiktok", KeyringPlace("tagwright", "tiktok")),
        ("org/shop/token", KeyringPlace("org/shop", "token")),
        (" a/b ", KeyringPlace("a", "b")),
        ("tagwright", None),
        ("/tiktok", None),
        ("tagwright/", None),
        ("", None),
    ],
)
def test_places(text: str, place: KeyringPlace | None) -> None:
    assert keyring_place(text) == place


def test_a_secret_is_found_in_the_keyring(memory: Memory) -> None:
    memory.held["tagwright", "tiktok"] = f"{TOKEN}\n"
    variables = EnvironmentVariables({"TOKEN_KEYRING": "tagwright/tiktok"})
    assert variables.secret("TOKEN") == TOKEN
    assert variables.secrets() == {TOKEN}
    assert TOKEN not in repr(variables) + repr(read_keyring("tagwright/tiktok"))
    assert variables.secret("OTHER") is None


def test_a_variable_and_a_file_come_first(memory: Memory, tmp_path: Path) -> None:
    memory.held["tagwright", "tiktok"] = TOKEN
    place = tmp_path / "token"
    place.write_text("of-the-file")
    place.chmod(0o600)
    named = {"TOKEN_KEYRING": "tagwright/tiktok"}
    assert EnvironmentVariables({**named, "TOKEN": "of-the-variable"}).secret("TOKEN") == "of-the-variable"
    with_file = {**named, "TOKEN_FILE": str(place)}
    assert EnvironmentVariables(with_file).secret("TOKEN") == "of-the-file"
    place.chmod(0o644)
    assert EnvironmentVariables(with_file).secret("TOKEN") is None, (
        "a file that is refused is not passed over"
    )


def test_what_a_start_says_of_a_keyring_that_has_no_token(memory: Memory, tmp_path: Path) -> None:
    rules = tmp_path / "shop.rules"
    rules.write_text('language 1\nuse "standard.rules"\n')

    def told(place: str) -> str:
        environ = {"TIKTOK_PIXEL": "CPIXEL0000000000001", "TIKTOK_TOKEN_KEYRING": place}
        found = deploy(load([rules]), EnvironmentVariables(environ), "production", "live")
        assert isinstance(found, NotReady)
        return found.problems[0]

    assert "the keyring has nothing at tagwright/tiktok" in told("tagwright/tiktok")
    assert "TIKTOK_TOKEN_KEYRING" in told("tagwright/tiktok")
    assert "must be SERVICE/NAME" in told("tagwright")


def test_a_write_key_that_the_keyring_lacks_is_not_simply_left_out(memory: Memory) -> None:
    environ = {"TAGWRIGHT_WRITE_KEY_KEYRING": "tagwright/key"}
    _, problems = load_settings(None, environ)
    assert "the keyring has nothing at tagwright/key" in str(problems[0])
    memory.held["tagwright", "key"] = "a-key"
    settings, problems = load_settings(None, environ)
    assert (problems, [each.name for each in settings.write_keys]) == ((), ["default"])


def test_a_token_is_kept_read_and_removed(memory: Memory) -> None:
    place = KeyringPlace("tagwright", "tiktok")
    keep(place, TOKEN)
    assert kept(place) == TOKEN
    remove(place)
    assert memory.held == {}
    with pytest.raises(KeepingFailed, match="nothing at tagwright/tiktok"):
        kept(place)
    with pytest.raises(KeepingFailed, match="PasswordDeleteError"):
        remove(place)


def test_a_login_uses_the_place_where_the_rules_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIKTOK_TOKEN_FILE", raising=False)
    assert place_of_token(None, None) == TokenFile(Path("tiktok-token"))
    monkeypatch.setenv("TIKTOK_TOKEN_KEYRING", "tagwright/tiktok")
    assert place_of_token(None, None) == KeyringPlace("tagwright", "tiktok")
    monkeypatch.setenv("TIKTOK_TOKEN_FILE", "token")
    assert place_of_token(None, None) == TokenFile(Path("token"))
    assert place_of_token(Path("x"), None) == TokenFile(Path("x"))


def test_a_keyring_that_cannot_keep_a_token_is_found_before_there_is_one(memory: Memory) -> None:
    assert unsuitable(KeyringPlace("tagwright", "tiktok")) is None
    keyring.set_keyring(Locked())
    assert "cannot be used (RuntimeError)" in str(unsuitable(KeyringPlace("tagwright", "tiktok")))


def test_a_keyring_that_fails_is_a_value_without_its_words(memory: Memory) -> None:
    keyring.set_keyring(Locked())
    found = read_keyring("tagwright/tiktok")
    assert (found.value, found.problem) == (None, "the keyring of this system cannot be used (RuntimeError)")
    with pytest.raises(KeepingFailed) as caught:
        keep(KeyringPlace("a", "b"), TOKEN)
    assert TOKEN not in str(caught.value)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert "pip install 'tagwright[keyring]'" in read_keyring("a/b").problem
