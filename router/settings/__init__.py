"""What an operator can set, and where it comes from."""

from router.settings.keys import Scheme, WriteKey, signing_secret
from router.settings.load import listen_problem, load_settings
from router.settings.problem import SettingProblem
from router.settings.secret_files import EXPOSED, closing, secret_mark
from router.settings.shapes import Address, DatabaseUrl, Network, is_loopback
from router.settings.system_keyring import (
    KeyringPlace,
    KeyringUnusable,
    delete_keyring,
    keyring_place,
    keyring_problem,
    read_keyring,
    write_keyring,
)
from router.settings.table import (
    CloudEvents,
    Consent,
    Delivery,
    Limits,
    Logs,
    MParticle,
    Reload,
    Setting,
    Settings,
    Shopify,
    Store,
    TikTok,
    Traces,
    Visitors,
    describe_settings,
)
from router.settings.variables import EnvironmentVariables

__all__ = [
    "EXPOSED",
    "Address",
    "CloudEvents",
    "Consent",
    "DatabaseUrl",
    "Delivery",
    "EnvironmentVariables",
    "KeyringPlace",
    "KeyringUnusable",
    "Limits",
    "Logs",
    "MParticle",
    "Network",
    "Reload",
    "Scheme",
    "Setting",
    "SettingProblem",
    "Settings",
    "Shopify",
    "Store",
    "TikTok",
    "Traces",
    "Visitors",
    "WriteKey",
    "closing",
    "delete_keyring",
    "describe_settings",
    "is_loopback",
    "keyring_place",
    "keyring_problem",
    "listen_problem",
    "load_settings",
    "read_keyring",
    "secret_mark",
    "signing_secret",
    "write_keyring",
]
