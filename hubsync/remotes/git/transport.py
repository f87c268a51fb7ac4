"""Fetching and pushing one branch, and what libgit2 says when that fails."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from copy import copy
from typing import Any, Final

import pygit2

from hubsync.errors import AccessDenied, HubsyncError, Unreachable
from hubsync.remotes.git.place import GitPlace
from hubsync.report import Reporter

Credentials = Callable[[str, str | None, int], Any]
"""URL, user name in it and the kinds that are allowed -> what libgit2 takes; None: nothing left.
Asked again after a refusal."""

_DENIED: Final = re.compile(r"status code: 40[13]\b|authenticat", re.IGNORECASE)
_TRIES: Final = 8
_TOLD: Final = 4000
pygit2.settings.server_connect_timeout = 15_000
pygit2.settings.server_timeout = 120_000  # ms without a byte; libgit2's own is for ever
_HEADS: Final = "refs/heads/"


class Transport:
    """One repository on the other side. ``requests`` counts by kind: list, fetch, push."""

    def __init__(self, repository: Any, place: GitPlace, credentials: Credentials) -> None:
        self._repository = repository
        self._place = place
        self._credentials = credentials
        self.requests: Counter[str] = Counter()

    def heads(self) -> tuple[dict[str, str], str]:
        """Branches by name with their commits, and the one that HEAD names (``""``: none)."""
        self.requests["list"] += 1
        calls = _Calls(self._credentials)
        try:
            listed = self._remote().list_heads(callbacks=calls)
        except (pygit2.GitError, KeyError, ValueError, OSError) as error:
            raise self._failed(error, calls) from error
        branches: dict[str, str] = {}
        default = ""
        for head in listed:
            if head.name == "HEAD" and head.symref_target:
                default = head.symref_target.removeprefix(_HEADS)
            elif head.name.startswith(_HEADS):
                branches[head.name.removeprefix(_HEADS)] = str(head.oid)
        return branches, default

    def fetch(self, branch: str, into: str) -> None:
        """Bring the branch's commits here; the reference ``into`` then names its tip."""
        self.requests["fetch"] += 1
        calls = _Calls(self._credentials)
        try:
            self._remote().fetch([f"+{_HEADS}{branch}:{into}"], callbacks=calls)
        except (pygit2.GitError, KeyError, ValueError, OSError) as error:
            raise self._failed(error, calls) from error

    def push(self, source: str, branch: str, reporter: Reporter) -> str | None:
        """Push the reference ``source``. None: it is there now; else why it was refused.

        Never by force: what is there has to be an ancestor of what comes.
        """
        self.requests["push"] += 1
        calls = _Calls(self._credentials, reporter)
        try:
            self._remote().push([f"{source}:{_HEADS}{branch}"], callbacks=calls)
        except (pygit2.GitError, KeyError, ValueError, OSError) as error:
            if _is_behind(str(error)):
                return "not a descendant of what is there"
            raise self._failed(error, calls) from error
        return calls.refused

    def _remote(self) -> Any:
        return self._repository.remotes.create_anonymous(self._place.transport)

    def _failed(self, error: Exception, calls: _Calls) -> HubsyncError:
        said = without_credentials(str(error))
        host = self._place.host or self._place.transport
        if calls.untrusted:
            return Unreachable(
                f"{calls.untrusted} could not show that it is the one it says it is: {said}",
                "For SSH, compare its host key with the one in ~/.ssh/known_hosts (connecting once "
                "with ssh adds it there); for HTTPS, check its certificate.",
                "untrusted-host",
            )
        if calls.exhausted or (_DENIED.search(said) and "resolve address" not in said):
            return AccessDenied(
                f"{host} refused the credentials for {self._place.url}.",
                "Run 'hubsync login github', or set GITHUB_TOKEN; for SSH, add your key.",
            )
        return Unreachable(
            f"The repository {self._place.url} cannot be reached: {said}",
            "Check the URL and the network, then run the command again.",
        )


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
