"""A workspace's clone and the repository that it is synced with, opened when first asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from msgspec.structs import replace

from hubsync.remotes.git import checkout, choosing, news
from hubsync.remotes.git.clone import Clone
from hubsync.remotes.git.history import History
from hubsync.remotes.git.locks import Announced
from hubsync.remotes.git.mode import Mode
from hubsync.remotes.git.news import News
from hubsync.remotes.git.place import GitPlace
from hubsync.remotes.git.transport import Credentials, Transport


class Opened:
    """``root``: the workspace. ``tip``: the remote's, as last fetched here; None before that."""

    def __init__(self, place: GitPlace, root: str, credentials: Credentials) -> None:
        self.place = place
        self.root = root
        self.news = News()
        self.tip: str | None = None
        self._credentials = credentials
        self._clone: Clone | None = None
        self._chosen: Mode | None = None
        self._closing = ExitStack()

    @property
    def requests(self) -> Mapping[str, int]:
        return self._clone.transport.requests if self._clone is not None else {}

    @property
    def is_new(self) -> bool:
        """Whether the workspace is no clone yet."""
        return not os.path.lexists(os.path.join(self.root, ".git"))

    def clone(self, *, linking: bool = False) -> Clone:
        """The clone, before its branch is known. ``linking``: it is made for a workspace that
        begins; else one was here."""
        if self._clone is None:
            again = self.is_new and not linking
            repository = checkout.open_checkout(self.root, self.place)
            announced = Announced(repository.path)
            announced.unfinished()
            for lock in announced.removed:
                self.news.tell(news.unlocked(lock))
            if again:
                self.news.tell(news.made_again(repository.path))
            transport = Transport(repository, self.place, self._credentials)
            self._clone = Clone(repository, transport, self.place, "", "", announced, self.news)
        return self._clone

    def repository(self) -> Any:
        return self.clone().repository

    def transport(self) -> Transport:
        return self.clone().transport

    def mode(self) -> Mode:
        """As it was when somebody last asked which one it is: a run stays with its branch."""
        return self._chosen or self.mode_of_now()

    def mode_of_now(self) -> Mode:
        self._chosen = choosing.mode_on(replace(self.clone(), place=self.place))
        return self._chosen

    def fetched(self) -> str:
        """The remote's tip, with everything that it needs here; ``""`` if it holds nothing."""
        heads, _ = self.transport().heads()
        self.tip = self.mode().tip(heads)
        return self.tip

    def history(self) -> History:
        self.mode_of_now()
        history = History(self.repository(), self.fetched())
        self._closing.callback(history.close)
        return history

    def close(self) -> None:
        self._closing.close()
        if self._clone is not None:
            self._clone.repository.free()
            self._clone.announced.close()
        self._clone = self._chosen = None
