"""Credentials that are looked for when a server asks for them: many never do."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any


class Later:
    """As `credentials.Finder` for ``host``, which is made when it is first asked. Copies share what
    is known of refusals, as its own do."""

    def __init__(self, host: str, env: Mapping[str, str]) -> None:
        self._host = host
        self._env = env
        self._shared: list[Any] = []
        self._own: Any = None

    def __copy__(self) -> Later:
        new = Later(self._host, self._env)
        new._shared = self._shared
        return new

    def __call__(self, url: str, user: str | None, allowed: int) -> Any:
        if not self._shared:
            from hubsync.remotes.git.credentials import Finder

            self._shared.append(Finder(self._host, self._env))
        if self._own is None:
            self._own = copy(self._shared[0])
        return self._own(url, user, allowed)
