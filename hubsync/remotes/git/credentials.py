"""What libgit2 is given when a server asks who is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pygit2
from pygit2.enums import CredentialType

from hubsync.credentials import helpers, keys, own
from hubsync.credentials.login import Login, Site, Unusable, site_of
from hubsync.credentials.logins import Logins
from hubsync.credentials.places import Places
from hubsync.credentials.secret import Secret


class Finder:
    """Credentials for one host, one after the other: it is asked again after a refusal.

    Each request to the server begins with a copy, which knows of no refusal of a key yet; what was
    refused of a user name and a secret is known to all copies, and not tried again. So an expired
    token ends in one error. A secret is told to the host that it was found for, and to no other.
    """

    def __init__(self, host: str, env: Mapping[str, str], places: Places | None = None) -> None:
        self._host = host
        self._places = places or Places(env)
        self._logins = Logins(env, places=self._places)
        self._refused: set[tuple[str, Secret]] = set()
        self._begin()

    def __copy__(self) -> Finder:
        new = object.__new__(Finder)
        new._host, new._places, new._logins = self._host, self._places, self._logins
        new._refused = self._refused
        new._begin()
        return new

    def __call__(self, url: str, user: str | None, allowed: int) -> Any:
        if allowed & CredentialType.USERPASS_PLAINTEXT and not allowed & CredentialType.SSH_KEY:
            return self._user_and_secret(site_of(url), user)
        if allowed & CredentialType.USERNAME:
            return None if self._named else self._name(user)
        if allowed & CredentialType.SSH_KEY:
            return self._key(user)
        return None

    def _begin(self) -> None:
        self._named = False
        self._keys: Iterator[Any] | None = None
        self._found: Iterator[Login | Unusable] | None = None
        self._last: Login | None = None

    def _name(self, user: str | None) -> Any:
        self._named = True
        return pygit2.Username(user or "git")

    def _key(self, user: str | None) -> Any:
        if self._keys is None:
            self._keys = self._keypairs(user or "git")
        return next(self._keys, None)

    def _keypairs(self, user: str) -> Iterator[Any]:
        if keys.has_agent(self._places):
            yield pygit2.KeypairFromAgent(user)
        for private in keys.private_keys(self._places):
            yield pygit2.Keypair(user, keys.public_half(private), private, "")

    def _user_and_secret(self, site: Site, user: str | None) -> Any:
        if site.name != self._host.lower().strip("[]"):  # such as after a redirect
            return None
        if self._found is None:
            self._found = self._logins.for_site(site, user)
        login = self._after_refusal(site) if self._last is not None else None
        while login is None:
            one = next(self._found, None)
            if one is None:
                return None
            if isinstance(one, Login) and (one.user, one.secret) not in self._refused:
                login = one
        self._last = login
        return pygit2.UserPass(login.user, login.secret.reveal())

    def _after_refusal(self, site: Site) -> Login | None:
        """The last one was refused: whoever gave it is told, and may have another."""
        last = self._last
        assert last is not None
        self._refused.add((last.user, last.secret))
        if last.source == helpers.SOURCE:
            helpers.reject(site, last, self._places)
        if last.source == own.SOURCE:
            return self._logins.after_refusal(site.host, last.secret)
        return None
