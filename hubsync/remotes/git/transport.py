"""Fetching and pushing one branch, and what libgit2 says when that fails."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from copy import copy
from typing import Any, Final

import pygit2

from hubsync.errors import AccessDenied, HubsyncError, Unreachable
from hubsync.remotes.git import folder
from hubsync.remotes.git.failures import told
from hubsync.remotes.git.place import GitPlace
from hubsync.remotes.git.quick_push import opened_to_push
from hubsync.remotes.git.shallow import kept
from hubsync.report import Reporter

Credentials = Callable[[str, str | None, int], Any]
"""URL, user name in it and the kinds that are allowed -> what libgit2 takes; None: nothing left.
Asked again after a refusal."""

Heads = Callable[[], tuple[dict[str, str], str]]
"""As `Transport.heads`."""

_DENIED: Final = re.compile(r"status code: 40[13]\b|authenticat", re.IGNORECASE)
NO_MIRROR: Final = "no-mirror"
"""Nothing is there any more, which is a safety stop for those who knew something there (rule 9)."""
_TRY_AGAIN: Final = "Check the URL and the network, then run the command again."
_HINTS: Final = (
    ("object format", "Only repositories of SHA-1 can be synced, which is what forges make."),
    ("non-bare", "Somebody works in that folder. Sync with a bare one: git clone --bare."),
)
"""Part of what libgit2 says, and what helps."""
_TRIES: Final = 8
_TOLD: Final = 4000
pygit2.settings.server_connect_timeout = 15_000
pygit2.settings.server_timeout = 120_000  # ms without a byte; libgit2's own is for ever
_HEADS: Final = "refs/heads/"


class Transport:
    """One repository on the other side. ``requests`` counts by kind: list, fetch, push; ``listed``
    has its branches as they were when last asked for. ``heard``: what was answered to somebody else
    a moment ago, in place of the next question for them."""

    def __init__(self, repository: Any, place: GitPlace, credentials: Credentials) -> None:
        self._repository = repository
        self._place = place
        self._credentials = credentials
        self.requests: Counter[str] = Counter()
        self.listed: dict[str, str] = {}
        self.heard: Heads | None = None

    def heads(self) -> tuple[dict[str, str], str]:
        """Branches by name with their commits, and the one that HEAD names (``""``: none)."""
        self.requests["list"] += 1
        heard, self.heard = self.heard, None
        if heard is not None:
            self.listed, default = heard()
            return self.listed, default
        here = self._place.folder
        if here is not None and not os.path.isdir(here):
            raise Unreachable(f"There is no repository at {here}.", "Check the URL.", NO_MIRROR)
        calls = _Calls(self._credentials)
        try:
            listed = self._asked(lambda: self._remote(self._repository).list_heads(callbacks=calls))
        except (pygit2.GitError, KeyError, ValueError, OSError) as error:
            raise self._failed(error, calls) from error
        branches: dict[str, str] = {}
        default = ""
        for head in listed:
            if head.name == "HEAD" and head.symref_target:
                default = head.symref_target.removeprefix(_HEADS)
            elif head.name.startswith(_HEADS):
                branches[head.name.removeprefix(_HEADS)] = str(head.oid)
        self.listed = branches
        return branches, default

    def fetch(self, branch: str, into: str) -> None:
        """Bring the branch's commits here; the reference ``into`` then names its tip.

        Both may hold a ``*`` (git-fetch(1), refspec): then it is every branch.
        """
        self.requests["fetch"] += 1
        calls = _Calls(self._credentials)
        try:
            wanted = [f"+{_HEADS}{branch}:{into}"]
            with kept(self._repository) as repository:
                remote = self._remote(repository)
                self._asked(lambda: remote.fetch(wanted, callbacks=calls))
        except (pygit2.GitError, KeyError, ValueError, OSError) as error:
            raise self._failed(error, calls) from error

    def push(
        self, source: str, branch: str, reporter: Reporter, *, many: bool = False
    ) -> str | None:
        """Push the reference ``source``. None: it is there now; else why it was refused. ``many``:
        many new contents go with it.

        Never by force: what is there has to be an ancestor of what comes.
        """
        self.requests["push"] += 1
        calls = _Calls(self._credentials, reporter)
        repository = opened_to_push(self._repository.path, many=many)

        def send(name: str) -> None:
            remote = repository.remotes.create_anonymous(self._place.transport)
            remote.push([f"{source}:{name}"], callbacks=calls)

        try:
            if self._place.folder is not None:
                commit = str(self._repository.references[source].target)
                return folder.push(self._place.folder, commit, _HEADS + branch, send)
            send(_HEADS + branch)
        except (pygit2.GitError, KeyError, ValueError, OSError) as error:
            if _is_behind(str(error)):
                return folder.BEHIND
            from hubsync.remotes.git.rights import without_right

            raise without_right(self._place, self._failed(error, calls), str(error)) from error
        return calls.refused

    def _asked(self, work: Callable[[], Any]) -> Any:
        return work() if self._place.folder is None else folder.undisturbed(work)

    def _remote(self, repository: Any) -> Any:
        return repository.remotes.create_anonymous(self._place.transport)

    def _failed(self, error: Exception, calls: _Calls) -> HubsyncError:
        said = without_credentials(str(error))
        host = self._place.host or self._place.transport
        here = told(said) if self._place.folder is not None or "packfile" in said else None
        if here is not None:
            return here
        if calls.untrusted:
            return Unreachable(
                f"{calls.untrusted} could not show that it is the one it says it is: {said}",
                "For SSH, compare its host key with the one in ~/.ssh/known_hosts (connecting once "
                "with ssh adds it there); for HTTPS, check its certificate.",
                "untrusted-host",
            )
        if calls.exhausted or (_DENIED.search(said) and "resolve address" not in said):
            from hubsync.remotes.git.rights import login_hint

            return AccessDenied(
                f"{host} refused the credentials for {self._place.url}.",
                login_hint(self._place),
            )
        hint = next((hint for sign, hint in _HINTS if sign in said), _TRY_AGAIN)
        return Unreachable(f"The repository {self._place.url} cannot be reached: {said}", hint)


class _Calls(pygit2.RemoteCallbacks):
    """What libgit2 asks and tells during one request."""

    def __init__(self, credentials: Credentials, reporter: Reporter | None = None) -> None:
        super().__init__()
        self._ask = copy(credentials)  # a fresh one for each request: it remembers refusals
        self._reporter = reporter
        self._asked = 0
        self.exhausted = False
        self.untrusted = ""
        self.refused: str | None = None
        self._told = ""

    def credentials(self, url: str, username_from_url: str | None, allowed_types: Any) -> Any:
        self._asked += 1
        found = None
        if self._asked <= _TRIES:
            found = self._ask(url, username_from_url, int(allowed_types))
        if found is None:
            self.exhausted = True
            raise pygit2.GitError("there are no credentials left to try")
        return found

    def certificate_check(self, certificate: None, valid: bool, host: bytes) -> bool:
        """libgit2 knows the certificates and host keys that are trusted (SSH: known_hosts); to an
        untrusted server no key and no token is shown."""
        if not valid:
            self.untrusted = host.decode(errors="replace") if isinstance(host, bytes) else str(host)
        return bool(valid)

    def sideband_progress(self, string: str) -> None:
        self._told = (self._told + string)[-_TOLD:]

    def push_update_reference(self, refname: str, message: str | None) -> None:
        if message:
            reasons = [line.strip() for line in self._told.splitlines() if "error" in line.lower()]
            self.refused = "; ".join([message, *reasons[:2]])


def without_credentials(text: str) -> str:
    """A message, without what may stand before a host in a URL."""
    return re.sub(r"://[^/@\s]*@", "://", text)


def _is_behind(said: str) -> bool:
    return re.search(r"non-?fast-?forward|fastforward|not present locally", said, re.I) is not None
