"""A login from the printed address to the token's file, with a browser that is a script."""

from __future__ import annotations

import socket
import stat
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from router.tiktok.mock import MockTikTok

from .conftest import APP, SECRET, Shell

EVENT = {
    "event_source": "web",
    "event_source_id": "CPIXEL0000000000001",
    "data": [
        {
            "event": "ViewContent",
            "event_time": 1_795_255_200,
            "event_id": "e-1",
            "user": {"ttp": "visitor-of-a-test"},
            "page": {"url": "https://shop.example/"},
        }
    ],
}


def browse(address: str) -> httpx.Response:
    """What a browser does whose user says yes."""
    return httpx.get(address, follow_redirects=True, trust_env=False, timeout=10)


def back(address: str, **changes: str) -> str:
    """Where the browser is sent, with other things in the query."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    return f"{asked['redirect_uri']}?{urlencode({'state': asked['state'], **changes})}"


def is_taken(tiktok: MockTikTok, token: str) -> bool:
    answer: dict[str, Any] = httpx.post(
        tiktok.track_url, json=EVENT, headers={"Access-Token": token}, trust_env=False
    ).json()
    return answer["code"] == 0


def private(said: str, *more: str) -> bool:
    return not any(secret in said for secret in (SECRET, *more))


def token_of(shell: Shell, name: str = "tiktok-token") -> str:
    return (shell.folder / name).read_text("utf-8").strip()


def test_a_login_from_the_address_to_a_token_that_sends(shell: Shell, tiktok: MockTikTok) -> None:
    running = shell.start("login")
    page = browse(running.address())
    status, out, said = running.end()
    assert (status, out) == (0, "")
    token = token_of(shell)
    assert stat.S_IMODE((shell.folder / "tiktok-token").stat().st_mode) == 0o600
    assert sorted(path.name for path in shell.folder.iterdir()) == ["tiktok-token"]
    assert f"TIKTOK_TOKEN_FILE={shell.folder / 'tiktok-token'}" in said
    assert "7000000000000000001" in said
    assert is_taken(tiktok, token)
    code = parse_qs(page.url.query.decode())["auth_code"][0]
    assert private(said, token, code)
    assert page.status_code == 200
    assert "You can close this window" in page.text
    assert private(page.text, token, code)
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"


def test_the_address_asks_for_this_app_and_an_unguessable_state(shell: Shell) -> None:
    states = set()
    for _ in range(2):
        running = shell.start("login")
        asked = parse_qs(urlsplit(running.address()).query)
        assert asked["app_id"] == [APP]
        assert asked["redirect_uri"][0].startswith("http://127.0.0.1:")
        assert len(asked["state"][0]) >= 43
        states.add(asked["state"][0])
        running.talk.process.kill()
    assert len(states) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "guessed", "auth_code": "c" * 40}, "its state is another one"),
        ({"state": "", "auth_code": "c" * 40}, "its state is another one"),
        ({"error": "access_denied"}, "the access was denied (access_denied)"),
        ({"error": "<script>"}, "the access was denied\n"),
        ({}, "the access was denied\n"),
        ({"auth_code": "a b\n"}, "no authorisation code"),
    ],
    ids=["other state", "no state", "denied", "odd error", "nothing", "no code"],
)
def test_what_the_browser_brings_is_looked_at(shell: Shell, changes: dict[str, str], words: str) -> None:
    running = shell.start("login")
    page = browse(back(running.address(), **changes))
    status, out, said = running.end()
    assert (status, out) == (1, "")
    assert words in said
    assert "fix: " in said
    assert page.status_code == 400
    assert "script" not in page.text
    assert not (shell.folder / "tiktok-token").exists()


def test_only_the_callback_counts_and_only_once(shell: Shell) -> None:
    running = shell.start("login")
    address = running.address()
    here = running.waiting_on().removesuffix("/callback")
    assert httpx.get(f"{here}/favicon.ico", trust_env=False).status_code == 404
    assert httpx.post(f"{here}/callback", trust_env=False).status_code == 501
    assert browse(address).status_code == 200
    assert running.end()[0] == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{here}/callback", trust_env=False)


def test_a_silent_connection_holds_nobody_up(shell: Shell) -> None:
    running = shell.start("login")
    address = running.address()
    parts = urlsplit(running.waiting_on())
    with socket.create_connection((parts.hostname, parts.port)):
        assert browse(address).status_code == 200
        assert running.end()[0] == 0


def test_nobody_comes(shell: Shell) -> None:
    status, out, said = shell.run("login", "--timeout", "1s")
    assert (status, out) == (1, "")
    assert "nobody came back within 1 s" in said


def test_a_code_is_good_once(shell: Shell, tiktok: MockTikTok) -> None:
    answer = httpx.get(
        f"{tiktok.base_url}/portal/auth",
        params={"app_id": APP, "redirect_uri": "https://shop.example/tiktok", "state": "any"},
        trust_env=False,
    )
    pasted = answer.headers["location"]
    code = parse_qs(urlsplit(pasted).query)["auth_code"][0]
    assert shell.run("login", "--code", pasted)[0] == 0
    first = token_of(shell)
    for repeat in (pasted, code):
        status, out, said = shell.run("login", "--code", repeat)
        assert (status, out) == (1, "")
        assert "code 40110" in said
        assert "used before" in said
        assert private(said, code)
    assert token_of(shell) == first


def test_a_redirect_elsewhere_is_pasted_and_its_state_is_looked_at(shell: Shell) -> None:
    def pasted(state: str | None) -> tuple[int, str, str]:
        running = shell.start("login", "--redirect-uri", "https://shop.example/tiktok", "--print")
        address = running.address()
        ends = httpx.get(address, trust_env=False).headers["location"]
        return running.end((ends if state is None else ends.partition("&state=")[0] + state) + "\n")

    status, out, said = pasted(None)
    token = out.strip()
    assert (status, len(token)) == (0, 40)
    assert private(said, token)
    assert not list(shell.folder.iterdir())
    status, out, said = pasted("&state=other")
    assert (status, out) == (1, "")
    assert "its state is another one" in said


def test_a_redirect_to_this_machine_is_waited_for_where_it_says(shell: Shell) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = shell.start("login", "--redirect-uri", f"http://localhost:{port}/back")
    page = browse(running.address())
    assert str(page.url).startswith(f"http://localhost:{port}/back?")
    assert running.end()[0] == 0


@pytest.mark.parametrize(
    ("arguments", "env", "words"),
    [
        ([], {"TIKTOK_LOGIN_APP_ID": None}, "which developer app?"),
        ([], {"TIKTOK_LOGIN_APP_SECRET": None}, "the app secret is not set"),
        (["--secret-file", "nowhere"], {}, "nowhere is empty or cannot be read"),
        (["--secret-file", "open"], {}, "can be read or written by every user"),
        (["--token-file", "."], {}, ". is a directory"),
        (["--token-file", "no/where"], {}, "there is no directory no"),
        (["--token-file", "letter"], {}, "something else than a token"),
        (["--print", "--token-file", "x"], {}, "--print stores nothing"),
        (["--keyring", "x"], {}, "write SERVICE/NAME"),
        (["--keyring", "a/b", "--token-file", "x"], {}, "exclude each other"),
        (["--redirect-uri", "shop"], {}, "write for example https://shop.example/tiktok"),
        ([], {"TAGWRIGHT_TIKTOK_BASE_URL": "http://else.example"}, "must be an https address"),
    ],
)
def test_what_cannot_run_says_so_before_anybody_consents(
    shell: Shell, arguments: list[str], env: dict[str, str | None], words: str
) -> None:
    (shell.folder / "letter").write_text("dear reader\n")
    (shell.folder / "open").write_text(SECRET)
    (shell.folder / "open").chmod(0o644)
    status, out, said = shell.run("login", *arguments, env=env)
    assert (status, out) == (2, "")
    assert words in " ".join(said.split())
    assert "/portal/auth" not in said
    assert private(said)


def test_a_port_that_is_taken(shell: Shell, tiktok: MockTikTok) -> None:
    port = urlsplit(tiktok.base_url).port
    status, _, said = shell.run("login", "--port", str(port))
    assert status == 2
    assert f"cannot listen on 127.0.0.1:{port}" in said
    assert "choose another --port" in said


def test_a_secret_that_is_wrong(shell: Shell) -> None:
    running = shell.start("login", env={"TIKTOK_LOGIN_APP_SECRET": "not-the-secret-of-this-app"})
    browse(running.address())
    status, _, said = running.end()
    assert status == 1
    assert "code 40101" in said
    assert "do not belong together" in said
    assert private(said, "not-the-secret-of-this-app")


def test_a_login_replaces_the_token_that_a_daemon_reads(shell: Shell) -> None:
    place = shell.folder / "token"
    place.write_text("an-older-token\n")
    place.chmod(0o640)
    running = shell.start("login", env={"TIKTOK_TOKEN_FILE": "token"})
    browse(running.address())
    assert running.end()[0] == 0
    assert len(token_of(shell, "token")) == 40
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_a_logout_revokes_and_removes(shell: Shell, tiktok: MockTikTok) -> None:
    running = shell.start("login")
    browse(running.address())
    running.end()
    token = token_of(shell)
    status, out, said = shell.run("logout")
    assert (status, said) == (0, "")
    assert out == "The token is revoked.\ntiktok-token is removed.\n"
    assert not is_taken(tiktok, token)
    assert not list(shell.folder.iterdir())
    status, _, said = shell.run("logout")
    assert status == 2
    assert "tiktok-token cannot be read: No such file" in said


def test_a_token_that_tiktok_forgot_is_removed(shell: Shell) -> None:
    (shell.folder / "tiktok-token").write_text("of-another-year\n")
    status, out, _ = shell.run("logout")
    assert (status, "did not know the token" in out) == (0, True)
    assert not list(shell.folder.iterdir())


def test_what_was_not_revoked_stays_unless_it_is_forgotten(shell: Shell) -> None:
    (shell.folder / "tiktok-token").write_text("a-token\n")
    wrong = {"TIKTOK_LOGIN_APP_SECRET": "wrong"}
    assert shell.run("logout", env=wrong)[0] == 1
    assert token_of(shell) == "a-token"
    status, out, said = shell.run("logout", env={"TAGWRIGHT_TIKTOK_BASE_URL": "http://127.0.0.1:9"})
    assert (status, "there was no answer (ConnectError)" in said) == (1, True)
    assert private(said, "a-token")
    status, out, said = shell.run("logout", "--forget", env={"TIKTOK_LOGIN_APP_ID": None})
    assert (status, out) == (0, "tiktok-token is removed.\n")
