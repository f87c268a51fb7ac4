"""Where credentials lie, told by an environment that is passed in."""

from __future__ import annotations

import os
from collections.abc import Mapping

from msgspec import Struct


class Places(Struct, frozen=True):
    """``env``: the environment of the shell; ``scoped``: the file of gh-scoped-creds."""

    env: Mapping[str, str]
    scoped: str = "/tmp/gh-scoped-creds"

    def __repr__(self) -> str:
        return f"Places({self.home!r})"  # the environment may hold tokens

    @property
    def home(self) -> str | None:
        """None: there is no home, so that nothing is found or kept in it."""
        home = self.env.get("HOME", "")
        return home if os.path.isabs(home) else None

    @property
    def netrc(self) -> str | None:
        return self.env.get("NETRC") or self.in_home(".netrc")

    @property
    def git_credentials(self) -> list[str]:
        """In the order of git-credential-store(1)."""
        return _there(self.in_home(".git-credentials"), self._config("git", "credentials"))

    @property
    def gh_hosts(self) -> str | None:
        """As `gh help environment` has it."""
        folder = self.env.get("GH_CONFIG_DIR")
        return os.path.join(folder, "hosts.yml") if folder else self._config("gh", "hosts.yml")

    @property
    def logins(self) -> str | None:
        """The file of `hubsync login`; its folder is its own.

        Its name is one of the built-in ignore rules: it never travels with a home (rule 8).
        """
        base = self.env.get("XDG_DATA_HOME", "")
        if not os.path.isabs(base):  # the specification: a relative path is to be ignored
            base = self.in_home(".local", "share") or ""
        return os.path.join(base, "hubsync", "credentials", "hubsync-logins.json") if base else None

    def in_home(self, *names: str) -> str | None:
        return None if self.home is None else os.path.join(self.home, *names)

    def _config(self, *names: str) -> str | None:
        base = self.env.get("XDG_CONFIG_HOME", "")
        return (
            os.path.join(base, *names) if os.path.isabs(base) else self.in_home(".config", *names)
        )


def _there(*paths: str | None) -> list[str]:
    return [path for path in paths if path is not None]
