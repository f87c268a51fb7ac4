"""Whether a clone in branch mode and its repository are as they were when there was nothing to do.

What decides on a sync beside the files of the workspace is: where the branch, HEAD and what was
last seen of the remote stand; which paths Git tracks (the index); the rules and settings outside of
the working directory; and that nobody is at work. All of it has a name, the *bearings*. They have
none unless all stands at one commit, which is what a sync leaves behind that did everything.

Little is imported here, so that most of the time in which nothing happened is spent on asking.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pygit2
from blake3 import blake3
from pygit2.enums import RepositoryOpenFlag, RepositoryState

from hubsync.errors import HubsyncError
from hubsync.remotes.git.excludes import outside, text_of
from hubsync.remotes.git.layout import common_folder
from hubsync.remotes.git.place import GitPlace
from hubsync.remotes.git.transport import Credentials, Heads, Transport
from hubsync.remotes.protocol import Bearings

_HEADS: Final = "refs/heads/"
_SEAL: Final = 20
"""Bytes at the end of an index: the SHA-1 of all before; see gitformat-index(5)."""
_UNFINISHED: Final = ("hubsync-missing", os.path.join("hubsync", "begun"))
"""In the repository's folder: what a sync has yet to do, or could not; see `missing`, `locks`."""


class GitWitness:
    """``root``: the workspace. See `protocol.Witness`."""

    def __init__(self, place: GitPlace, root: str, *, credentials: Credentials) -> None:
        self._place = place
        self._root = root
        self._credentials = credentials
        self._repository: Any = None
        self._branch = ""
        self._answer: tuple[dict[str, str], str] | HubsyncError | None = None
        self.requests: Mapping[str, int] = Counter()

    def bearings(self) -> Bearings | None:
        self.close()
        try:
            self._repository = pygit2.Repository(self._root, RepositoryOpenFlag.NO_SEARCH)
            revision = self._stands_at()
            if not revision:
                return None
            named = blake3(self._branch.encode())
            for fact in _facts(self._repository):
                named.update(len(fact).to_bytes(8, "big"))
                named.update(fact)
            return Bearings(named.hexdigest(), revision)
        except (pygit2.GitError, OSError, KeyError, ValueError):
            return None  # the full way says what is amiss

    def is_still_at(self, revision: str, seen: str) -> bool:
        """One request. There is nothing to be seen that no revision tells."""
        transport = Transport(self._repository, self._place, self._credentials)
        self.requests = transport.requests
        try:
            self._answer = transport.heads()
        except HubsyncError as error:
            self._answer = error
            return False
        return self._answer[0].get(self._branch) == revision

    @property
    def answer(self) -> Heads | None:
        """What was answered, for `GitRemote.heard`; None if nobody was asked."""
        return self._again if self._answer is not None else None

    def close(self) -> None:
        if self._repository is not None:
            self._repository.free()

    def _again(self) -> tuple[dict[str, str], str]:
        assert self._answer is not None
        if isinstance(self._answer, HubsyncError):
            raise self._answer
        return self._answer

    def _stands_at(self) -> str:
        """The commit at which everything stands; ``""`` if it does not, or if somebody is in the
        middle of something."""
        repository, references = self._repository, self._repository.references
        head = str(references["HEAD"].target)
        self._branch = head.removeprefix(_HEADS)
        if not head.startswith(_HEADS) or self._place.branch not in ("", self._branch):
            return ""
        remote = next((one.name for one in repository.remotes if self._is_there(one)), "")
        if not remote or repository.state() != RepositoryState.NONE or _is_held(repository, head):
            return ""
        here = str(references[head].target)
        there = str(references[f"refs/remotes/{remote}/{self._branch}"].target)
        return here if here == there else ""

    def _is_there(self, remote: Any) -> bool:
        return bool(remote.url == self._place.transport)


def _is_held(repository: Any, head: str) -> bool:
    """Whether there is a lock for which a sync waits or stops, or a note of what one left."""
    names = [f"{name}.lock" for name in ("index", "HEAD", "config", "packed-refs", head)]
    folders = {repository.path, common_folder(repository)}
    places = (os.path.join(at, one) for at in folders for one in (*names, *_UNFINISHED))
    return any(map(os.path.lexists, places))


def _facts(repository: Any) -> Iterator[bytes]:
    """What else is named."""
    yield _index(os.path.join(repository.path, "index"))
    for setting in repository.config:
        yield f"{setting.name}={setting.value}".encode("utf-8", "surrogateescape")
    own = (common_folder(repository), "config"), (repository.path, "config.worktree")
    for path in (os.path.join(*one) for one in own):
        yield _file(path)
    for name, path in outside(repository):
        yield name.encode("utf-8", "surrogateescape")
        yield _file(path)
    yield common_folder(repository).encode("utf-8", "surrogateescape")


def _index(path: str) -> bytes:
    with open(path, "rb") as file:
        now = _evidence(os.fstat(file.fileno()))
        file.seek(-_SEAL, os.SEEK_END)
        return now + file.read()


def _file(path: str) -> bytes:
    """What a file says, and whether it is the one that said it, nothing having been written in
    between."""
    try:
        now = _evidence(os.stat(path))
    except OSError:
        return b""
    return now + text_of(path).encode("utf-8", "surrogateescape")


def _evidence(now: os.stat_result) -> bytes:
    return repr((now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)).encode()
