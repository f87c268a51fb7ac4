"""The one place that reads environment variables and the machine's names."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping

from hubsync.model import Identity


def identity(environ: Mapping[str, str] = os.environ) -> Identity:
    """Who syncs from where, as it will stand in the history."""
    return Identity(author=_author(environ), hub=_hub(environ))


def _author(environ: Mapping[str, str]) -> str:
    for variable in ("HUBSYNC_AUTHOR", "JUPYTERHUB_USER", "USER", "LOGNAME"):
        if environ.get(variable):
            return environ[variable]
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # usual in a container: the user has a number and no name
        return f"uid {os.getuid()}"


def _hub(environ: Mapping[str, str]) -> str:
    if environ.get("HUBSYNC_HUB"):
        return environ["HUBSYNC_HUB"]
    for variable in ("JUPYTERHUB_PUBLIC_URL", "JUPYTERHUB_BASE_URL", "BINDER_LAUNCH_HOST"):
        host = _host(environ.get(variable, ""))
        if host:
            return host
    return os.uname().nodename


def _host(url: str) -> str:
    """The host of ``https://user@host:port/path``, or nothing if it names none."""
    _, separator, rest = url.partition("://")
    if not separator:
        return ""
    return rest.partition("/")[0].rpartition("@")[2]


def for_remotes() -> Mapping[str, str]:
    """The variables that a storage may use (``AWS_PROFILE`` and the like)."""
    return dict(os.environ)


def app_page(environ: Mapping[str, str] = os.environ) -> str:
    """Where a person chooses what the hub's GitHub app may see; ``""`` if nobody says."""
    return environ.get("GH_SCOPED_CREDS_APP_URL", "")


def data_home(environ: Mapping[str, str] = os.environ) -> str:
    """Where embedded local remotes live (XDG base directory specification)."""
    base = environ.get("XDG_DATA_HOME", "")
    if not os.path.isabs(base):  # the specification: a relative path is to be ignored
        base = os.path.join(os.path.expanduser("~"), ".local", "share")
    return os.path.join(base, "hubsync")


def colour_wanted(environ: Mapping[str, str] = os.environ) -> bool:
    """https://no-color.org, and terminals that know no escape sequences."""
    return not environ.get("NO_COLOR") and cursor_moves(environ)


def cursor_moves(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a line on the terminal can be drawn again."""
    return environ.get("TERM", "dumb") not in ("dumb", "")


def completion_request(environ: Mapping[str, str] = os.environ) -> str | None:
    """What a shell's completion function asks for (``"bash_complete"``), if one calls."""
    return environ.get(COMPLETION_VARIABLE)


COMPLETION_VARIABLE = "_HUBSYNC_COMPLETE"
