"""Options of stores, by name: which are credentials, and what is said of an unknown one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from hubsync.errors import ConfigError
from hubsync.stores.objects_options import OBJECT_OPTIONS

SECRET_OPTIONS: Final = frozenset(
    {
        "password",
        "passphrase",
        "secret",
        "secret_key",
        "secret_access_key",
        "access_key",
        "access_key_id",
        "key",
        "session_token",
        "token",
        "bearer_token",
        "account_key",
        "sas",
        "sas_key",
        "sas_token",
        "client_secret",
        "connection_string",
        "service_account_key",
    }
)
"""Options that are credentials: they may be passed, but never written into a configuration."""

SFTP_OPTIONS: Final = frozenset({"user", "password", "key_file", "passphrase", "known_hosts"})
WEBDAV_OPTIONS: Final = frozenset({"user", "password", "token"})

_SOUNDS_SECRET: Final = re.compile(
    r"secret|passw|passphrase|token|credential|(^|_)(pass|pwd|pat|tok|sas|auth|key|key_id)$"
)
_NAMES_A_FILE: Final = ("_file", "_filename", "_path")


def is_secret(option: str) -> bool:
    """Whether an option of a store is a credential: one that hubsync knows, or that sounds like
    one."""
    name = option.strip().lower().replace("-", "_")
    if name in SECRET_OPTIONS:
        return True
    if name in OBJECT_OPTIONS or name.endswith(_NAMES_A_FILE):
        return False
    return _SOUNDS_SECRET.search(name) is not None


def unknown_option(scheme: str, names: Iterable[str], known: Iterable[str]) -> ConfigError:
    """The error for options that a place does not take; credentials are not offered as a choice,
    since they would be refused."""
    unknown = ", ".join(repr(name) for name in sorted(names))
    offered = ", ".join(sorted(name for name in known if not is_secret(name)))
    return ConfigError(
        f"{scheme}:// has no option {unknown}.",
        f"It has: {offered}." if offered else "It takes none: leave it out.",
        "unknown-option",
    )
