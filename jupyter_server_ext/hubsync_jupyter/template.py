"""The operator's remote, with what the hub says of this server filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from hubsync.errors import ConfigError

_FIELD: Final = re.compile(r"\{([^{}]*)\}")
_PATHS: Final = ("file:", "sftp:", "webdav")
"""Addresses that are unescaped once more: what is escaped in them would be a path all the same."""
_NAMES: Final = {
    "username": ("JUPYTERHUB_USER", "NB_USER"),
    "servername": ("JUPYTERHUB_SERVER_NAME",),
    "image": ("JUPYTER_IMAGE_SPEC", "JUPYTER_IMAGE"),
    "binder_repo": ("BINDER_REPO_URL",),
}
"""What may stand in a template, and the variables that are asked for it, in this order."""


def fields() -> tuple[str, ...]:
    """The names that a template may use."""
    return ("hub", *_NAMES)


def filled(template: str, env: Mapping[str, str], hub: str) -> str:
    """The URL. A value becomes one part of a path: what could lead elsewhere is escaped.

    Raises ConfigError for a field that nobody knows, or that the hub says nothing of.
    """
    paths = template.startswith(_PATHS)
    url = _FIELD.sub(
        lambda found: _value(found[1], env, hub).replace("%2F", "%252F" if paths else "%2F"),
        template,
    )
    if "{" in url or "}" in url:
        raise ConfigError(
            f"HubSync.remote cannot be read: {template!r} has a brace that is no field's.",
            f"Fields are written like {{username}}. There are: {', '.join(fields())}.",
            "bad-template",
        )
    return url


def _value(name: str, env: Mapping[str, str], hub: str) -> str:
    if name == "hub":
        found, variables = hub, "HUBSYNC_HUB"
    elif name in _NAMES:
        found = next((env[one] for one in _NAMES[name] if env.get(one)), "")
        variables = " or ".join(_NAMES[name])
    else:
        raise ConfigError(
            f"HubSync.remote names the field {{{name}}}, which there is not.",
            f"There are: {', '.join(fields())}.",
            "no-such-field",
        )
    if found in ("", ".", ".."):
        raise ConfigError(
            f"HubSync.remote needs {{{name}}}, and this hub says nothing of it.",
            f"Set {variables}, or write the remote without it.",
            "no-value-for-field",
        )
    return quote(found, safe="@+=")
