"""What an operator can set, and where it comes from."""

from router.settings.load import SettingProblem, listen_problem, load_settings
from router.settings.shapes import Address, Network, is_loopback
from router.settings.table import (
    Consent,
    Delivery,
    Limits,
    Logs,
    Setting,
    Settings,
    Store,
    TikTok,
    WriteKey,
    describe_settings,
)
from router.settings.variables import EnvironmentVariables

__all__ = [
    "Address",
    "Consent",
    "Delivery",
    "EnvironmentVariables",
    "Limits",
    "Logs",
    "Network",
    "Setting",
    "SettingProblem",
    "Settings",
    "Store",
    "TikTok",
    "WriteKey",
    "describe_settings",
    "is_loopback",
    "listen_problem",
    "load_settings",
]
