"""What the operator and the user set, as one value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from hubsync.errors import HubsyncError, UsageError, WorkspaceBusy
from hubsync.model import METADATA_DIR, Identity
from hubsync_jupyter.addresses import refuse_relative
from hubsync_jupyter.permission import permit
from hubsync_jupyter.template import filled

if TYPE_CHECKING:
    from hubsync import Pace


class Fault(Struct, frozen=True):
    """As in `HubsyncError`. ``kind``: one of the words of a session's trouble."""

    code: str
    message: str
    hint: str = ""
    kind: str = "failed"


def fault_of(error: HubsyncError) -> Fault:
    kind = "busy" if isinstance(error, WorkspaceBusy) else "failed"
    return Fault(error.code, error.message, error.hint, kind)


def refused(error: Exception) -> Fault:
    """What is told where an operator's settings cannot be used."""
    return Fault(
        "bad-settings",
        f"Sync is off here, for the settings of the server cannot be used: {error}",
        "Whoever runs this server has to correct them and start it again.",
    )


NOTHING: Final = ("nothing, until the settings of the server are corrected",)
"""Patterns of remotes that permit none, as people are told them."""


class Intervals(Struct, frozen=True):
    """Seconds, as `Pace` has them; what is not given is as usual."""

    debounce: float | None = None
    behind: float | None = None
    look: float | None = None
    full: float | None = None
    first: float | None = None
    longest: float | None = None

    def pace(self) -> Pace:
        from hubsync import Pace

        given = {name: getattr(self, name) for name in self.__struct_fields__}
        return Pace(**{name: value for name, value in given.items() if value is not None})


class Settings(Struct, frozen=True):
    """``root``: absolute, as is ``server_root``, the one of Jupyter's contents. ``default_remote``:
    None without one, or if ``fault`` says why it cannot be used. ``skeleton``: names that may lie
    in a home that counts as new."""

    root: str
    server_root: str
    identity: Identity
    env: Mapping[str, str]
    data_home: str
    default_remote: str | None = None
    fault: Fault | None = None
    mode: str | None = None
    auto_start: bool = True
    intervals: Intervals = Intervals()
    flush_timeout: float = 10.0
    allowed: tuple[str, ...] = ()
    restore_on_start: bool = False
    skeleton: tuple[str, ...] = ()
    app_page: str = ""
    base_url: str = "/"

    @property
    def can_login(self) -> bool:
        return bool(self.env.get("GH_SCOPED_CREDS_CLIENT_ID"))

    @property
    def github(self) -> str:
        return self.env.get("GH_HOST") or "github.com"


def default_remote(
    template: str, env: Mapping[str, str], hub: str, allowed: tuple[str, ...]
) -> tuple[str | None, Fault | None]:
    """The operator's remote for this user, or why there is none."""
    if not template:
        return None, None
    try:
        url = filled(template, env, hub)
        refuse_relative(url)
        permit(url, {}, allowed)
    except UsageError as error:
        return None, fault_of(error)
    return url, None


def found_workspace(root: str) -> str | None:
    """The workspace that holds ``root``, found upwards as the library does, without loading it."""
    directory = os.path.realpath(root)
    while not os.path.isfile(os.path.join(directory, METADATA_DIR, "config.toml")):
        above = os.path.dirname(directory)
        if above == directory:
            return None
        directory = above
    return directory


def config_stamp(root: str) -> tuple[int, int] | None:
    """Another one whenever the workspace's configuration is written."""
    try:
        status = os.stat(os.path.join(root, METADATA_DIR, "config.toml"))
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


class Home(Struct, frozen=True):
    """Whether nothing of a person's lies in a folder, and whether nothing lies there at all."""

    new: bool
    vacant: bool


def look_at_home(root: str, skeleton: tuple[str, ...]) -> Home:
    """A home is new if it holds only hidden files, which an image brings along, and what
    ``skeleton`` names."""
    try:
        names = os.listdir(root)
    except FileNotFoundError:
        return Home(True, True)
    except OSError:
        return Home(False, False)
    brought = ("lost+found", *skeleton)
    new = all(one.startswith(".") or any(fnmatchcase(one, p) for p in brought) for one in names)
    return Home(new, not names)
