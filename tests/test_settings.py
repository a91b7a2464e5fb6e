"""Settings: where they come from, what wins, and what each mistake says."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import pytest

from router.keyring import KEYS_FILE, Grant, added, change_keys, digest, revoked
from router.settings import (
    Address,
    EnvironmentVariables,
    Settings,
    WriteKey,
    describe_settings,
    listen_problem,
    load_settings,
)


def load(tmp_path: Path, text: str, environ: dict[str, str] | None = None, **overrides: Any) -> Any:
    path = tmp_path / "tagwright.toml"
    path.write_text(text, "utf-8")
    return load_settings(path, environ or {}, **overrides)


def test_without_anything_there_are_defaults() -> None:
    assert load_settings(None, {}) == (Settings(), ())


def test_the_command_line_beats_the_environment_beats_the_file(tmp_path: Path) -> None:
    text = 'listen = "127.0.0.1:1"\nadmin = "127.0.0.1:2"\nprofile = "test"\n[delivery]\nbatch_max = 7\n'
    environ = {
        "TAGWRIGHT_LISTEN": "127.0.0.1:3",
        "TAGWRIGHT_ADMIN": "[::1]:4",
        "TAGWRIGHT_DELIVERY_BATCH_MAX": "8",
    }
    settings, problems = load(tmp_path, text, environ, listen="127.0.0.1:5", data=None)
    assert problems == ()
    assert settings.listen == Address("127.0.0.1", 5)
    assert settings.admin == Address("::1", 4)
    assert settings.delivery.batch_max == 8
    assert settings.profile == "test"
    assert settings.data == Path("tagwright-data")


def test_every_setting_is_described_and_can_be_written(tmp_path: Path) -> None:
    names = [each.name for each in describe_settings()]
    assert len(names) == len(set(names)) == len({each.override for each in describe_settings()})
    for setting in describe_settings():
        assert setting.summary
        assert setting.shape.expects
        assert setting.name == "write_keys" or setting.shape.read(setting.default) in (setting.default, None)


def test_lists_and_tables(tmp_path: Path) -> None:
    text = (
        'cors_origins = ["https://shop.example", "http://localhost:3000"]\n'
        'trusted_proxies = ["10.0.0.0/8", "2001:db8::/32"]\n'
        '[consent.commanders_act]\n2 = "advertising"\n'
    )
    settings, problems = load(tmp_path, text)
    assert problems == ()
    assert settings.cors_origins == ("https://shop.example", "http://localhost:3000")
    assert settings.trusted_proxies == (
        ipaddress.ip_network("10.0.0.0/8"),
        ipaddress.ip_network("2001:db8::/32"),
    )
    assert settings.consent.commanders_act == (("2", "advertising"),)
    from_text, problems = load_settings(
        None, {"TAGWRIGHT_CORS_ORIGINS": "https://a.example, https://b.example"}
    )
    assert problems == ()
    assert from_text.cors_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize(
    ("text", "place", "says", "fix"),
    [
        ("lisen = 1", "lisen", "is not a setting", "did you mean listen?"),
        ("batch_max = 9", "batch_max", "is not a setting", "did you mean delivery.batch_max?"),
        ("[tiktok]\nbaseurl = 1", "tiktok.baseurl", "is not a setting", "did you mean tiktok.base_url?"),
        ("[limit]\ndepth = 3", "limit", "is not a setting", "did you mean limits?"),
        ("limits = 3", "limits", "must be a table", "[limits] on a line of its own"),
        ("listen = 8080", "listen", "must be HOST:PORT", None),
        ('listen = "localhost"', "listen", "must be HOST:PORT", None),
        ('listen = "localhost:99999"', "listen", "must be HOST:PORT", None),
        ('profile = "staging"', "profile", 'must be one of "test", "production"', None),
        ("[delivery]\nbatch_max = 1001", "delivery.batch_max", "must be a whole number from 1 to 1000", None),
        ("[delivery]\nbatch_max = true", "delivery.batch_max", "must be a whole number", None),
        ("[delivery]\nbatch_max = 1.5", "delivery.batch_max", "must be a whole number", None),
        ("[delivery]\ndrain_seconds = nan", "delivery.drain_seconds", "must be a number", None),
        ('trusted_proxies = ["*"]', "trusted_proxies", 'never "*"', None),
        ('trusted_proxies = "10.0.0.0/33"', "trusted_proxies", "must be a list of networks", None),
        ('cors_origins = ["*"]', "cors_origins", 'never "*"', None),
        ('cors_origins = ["https://shop.example/"]', "cors_origins", "must be a list of origins", None),
        ('[tiktok]\nbase_url = "http://api.example"', "tiktok.base_url", "must be an https address", None),
        (
            '[tiktok]\nbase_url = "https://user@api.example"',
            "tiktok.base_url",
            "must be an https address",
            None,
        ),
        ('[tiktok]\nbase_url = "https://["', "tiktok.base_url", "must be an https address", None),
        ("[consent]\ncommanders_act = { 2 = true }", "consent.commanders_act", "must be a table", None),
        ("write_keys = 3", "write_keys", "must be [[write_keys]] tables", None),
    ],
)
def test_a_mistake_names_its_place(tmp_path: Path, text: str, place: str, says: str, fix: str | None) -> None:
    settings, (problem,) = load(tmp_path, text)
    assert problem.place == f"{tmp_path / 'tagwright.toml'}: {place}"
    assert says in problem.message
    assert problem.fix == fix
    assert settings == Settings()


def test_a_mistake_in_the_environment_names_the_variable() -> None:
    _, (problem,) = load_settings(None, {"TAGWRIGHT_ADMIN": "9090"})
    assert str(problem).startswith("environment: TAGWRIGHT_ADMIN: must be HOST:PORT")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert "cannot be read" in load_settings(tmp_path / "none.toml", {})[1][0].message
    assert "line 2" in load(tmp_path, "\nlisten = 1 2")[1][0].message


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://localhost:1/", "http://[::1]:9", "https://x.example"]
)
def test_plain_http_is_for_this_machine(url: str) -> None:
    settings, problems = load_settings(None, {"TAGWRIGHT_TIKTOK_BASE_URL": url})
    assert problems == ()
    assert settings.tiktok.base_url == url.rstrip("/")


def test_write_keys_come_from_variables_and_files_and_never_show(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n", "utf-8")
    (tmp_path / "key").chmod(0o600)
    text = (
        '[[write_keys]]\nname = "shop"\nenv = "SHOP_KEY"\n'
        f'[[write_keys]]\nname = "crm"\nfile = "{tmp_path / "key"}"\nsender = "server"\nrate = 5\n'
    )
    variables = EnvironmentVariables({"SHOP_KEY": "from-a-variable", "TAGWRIGHT_WRITE_KEY": "lone-value"})
    path = tmp_path / "tagwright.toml"
    path.write_text(text, "utf-8")
    settings, problems = load_settings(path, variables)
    assert problems == ()
    assert settings.write_keys == (
        WriteKey("shop", "from-a-variable"),
        WriteKey("crm", "from-a-file", "server", 5.0),
        WriteKey("default", "lone-value"),
    )
    assert variables.secrets() == {"from-a-variable", "from-a-file", "lone-value"}
    for value in variables.secrets():
        assert value not in repr(settings) + repr(variables)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('name = "a"', "needs one of env and file"),
        ('name = "a"\nenv = "A"\nfile = "b"', "needs one of env and file"),
        ('env = "A"', "needs a name"),
        ('name = "a"\nenv = "NOT_SET"', "NOT_SET is not set"),
        ('name = "a"\nfile = "/nowhere"', "/nowhere is not set, not readable"),
        ('name = "a"\nvalue = "hush"', "must not stand here"),
        ('name = "a"\nenv = "A"\nsender = "robot"', "sender must be"),
        ('name = "a"\nenv = "A"\nrate = 0', "rate must be"),
        ('name = "a"\nenvv = "A"', "envv is not part of it"),
    ],
)
def test_a_mistake_in_a_write_key(tmp_path: Path, table: str, says: str) -> None:
    settings, (problem,) = load(tmp_path, f"[[write_keys]]\n{table}\n", {"A": "x"})
    assert says in problem.message
    assert "hush" not in str(problem)
    assert settings.write_keys == ()


def test_a_write_key_may_be_bound(tmp_path: Path) -> None:
    text = """
[[write_keys]]
name = "page"
env = "A"
sender = "browser"
origins = ["https://shop.example"]
events = ["page_view", "add_*"]
sources = ["web"]
rate = 0.5

[[write_keys]]
name = "hooks"
env = "SIGN"
signature = "standard"
"""
    settings, problems = load(tmp_path, text, {"A": "x", "SIGN": "whsec_c2VjcmV0"})
    assert problems == ()
    page, hooks = settings.write_keys
    assert page.grant == Grant(
        "page", "browser", ("web",), ("page_view", "add_*"), ("https://shop.example",), 0.5
    )
    assert hooks == WriteKey("hooks", "whsec_c2VjcmV0", signature="standard")


def test_a_browser_key_may_rely_on_the_origins_of_all(tmp_path: Path) -> None:
    key = '[[write_keys]]\nname = "a"\nenv = "A"\nsender = "browser"\n'
    settings, problems = load(tmp_path, f'cors_origins = ["https://shop.example"]\n{key}', {"A": "x"})
    assert (problems, settings.write_keys) == ((), (WriteKey("a", "x", "browser"),))


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('sources = ["moon"]', 'sources must be a list of "web", "app", "offline", "crm"'),
        ("sources = []", "sources must be"),
        ('events = "purchase"\norigins = 3', "origins must be a list of origins"),
        ('sender = "browser"', "needs the origins of the pages"),
        ('sender = "browser"\norigins = ["*"]', 'never "*"'),
        ('origins = ["https://shop.example"]', "origins are for browser keys"),
        ('signature = "hmac"', 'signature must be one of "standard", "shopify", "stripe"'),
        ('signature = "standard"', "the secret must be Base64"),
        ('sender = "browser"\norigins = ["https://a.example"]\nsignature = "shopify"', "do not sign"),
    ],
)
def test_a_mistake_in_the_scope_of_a_write_key(tmp_path: Path, table: str, says: str) -> None:
    text = f'[[write_keys]]\nname = "a"\nenv = "A"\n{table}\n'
    settings, (problem,) = load(tmp_path, text, {"A": "not %% base64"})
    assert says in problem.message
    assert "base64" not in str(problem)
    assert settings.write_keys == ()


def test_the_header_of_the_client_is_a_name(tmp_path: Path) -> None:
    settings, problems = load(tmp_path, 'client_ip_header = "CF-Connecting-IP"')
    assert (problems, settings.client_ip_header) == ((), "cf-connecting-ip")
    _, (problem,) = load(tmp_path, 'client_ip_header = "X Real IP"')
    assert problem.message == "must be the name of a header"


def test_keys_of_the_data_directory_count(tmp_path: Path) -> None:
    open_to_all = Settings(listen=Address("0.0.0.0", 80), data=tmp_path)
    assert listen_problem(open_to_all) is not None
    change_keys(tmp_path, lambda keys: added(keys, Grant("shop"), digest("value"), 1))
    assert listen_problem(open_to_all) is None
    change_keys(tmp_path, lambda keys: revoked(keys, "shop"))
    assert listen_problem(open_to_all) is not None


def test_keys_that_cannot_be_read_are_not_none(tmp_path: Path) -> None:
    (tmp_path / KEYS_FILE).write_text("{", "utf-8")
    problem = listen_problem(Settings(data=tmp_path))
    assert problem is not None
    assert "is damaged" in str(problem)


def test_without_keys_only_this_machine_is_listened_to() -> None:
    for host in ("127.0.0.1", "::1", "localhost", "127.9.9.9"):
        assert listen_problem(Settings(listen=Address(host, 80))) is None
    for host in ("0.0.0.0", "::", "192.0.2.1", "shop.example"):
        problem = listen_problem(Settings(listen=Address(host, 80)))
        assert problem is not None
        assert "TAGWRIGHT_WRITE_KEY" in str(problem)
        assert listen_problem(Settings(listen=Address(host, 80), write_keys=(WriteKey("a", "b"),))) is None


def test_variables_for_rules(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(" hush \n", "utf-8")
    (tmp_path / "token").chmod(0o600)
    (tmp_path / "empty").write_text("\n", "utf-8")
    variables = EnvironmentVariables(
        {
            "PIXEL": "C1",
            "EMPTY": "",
            "TOKEN_FILE": str(tmp_path / "token"),
            "GONE_FILE": str(tmp_path / "empty"),
        }
    )
    assert variables.env("PIXEL") == "C1"
    assert variables.env("EMPTY") is None
    assert variables.secret("TOKEN") == "hush"
    assert variables.secret("GONE") is None
    assert variables.secret("NEVER") is None


def test_an_override_that_is_no_setting_is_our_mistake() -> None:
    with pytest.raises(TypeError):
        load_settings(None, {}, lissen="x")
