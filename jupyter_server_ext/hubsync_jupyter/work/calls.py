"""Which calls there are, and what they work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from hubsync.model import Identity
from hubsync_jupyter.work.frames import Open

if TYPE_CHECKING:
    from hubsync import Logins, Reporter, Workspace


class Desk:
    """Whose workspace it is, and who hears how a call goes on."""

    def __init__(
        self, opening: Open, reporter: Reporter, note: Callable[[dict[str, Any]], None]
    ) -> None:
        self.root = opening.root
        self.env: Mapping[str, str] = opening.env
        self.data_home = opening.data_home
        self.identity = Identity(opening.author, opening.hub)
        self.reporter = reporter
        self.note = note

    def workspace(self) -> Workspace:
        """Opened anew for each call, as a command does. Raises NotAWorkspace, ConfigError."""
        from hubsync import Workspace

        return Workspace.open(self.root, env=self.env)

    def logins(self) -> Logins:
        from hubsync import Logins

        return Logins(self.env)


Function = Callable[..., object]


def _all() -> dict[str, Function]:
    from hubsync_jupyter.work import (
        beginning,
        conflicts,
        history,
        linking,
        logins,
        remotes,
        rules,
        syncing,
    )

    themes = (syncing, history, conflicts, rules, remotes, beginning, logins, linking)
    return {name: function for theme in themes for name, function in theme.CALLS.items()}


CALLS: Final = _all()
