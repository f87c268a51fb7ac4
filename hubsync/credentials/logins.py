"""Logging in and out, and who one is: what the shells and the Git remote call."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from hubsync.credentials import found, protocol
from hubsync.credentials.github import DeviceCode, GitHub
from hubsync.credentials.login import (
    Login,
    Site,
    Unusable,
    github_url,
    login_command,
    site,
    site_of,
)
from hubsync.credentials.own import SOURCE, Own
from hubsync.credentials.places import Places
from hubsync.credentials.requests import asking
from hubsync.credentials.secret import Secret, may_be_secret
from hubsync.credentials.stored import StoredLogin
from hubsync.errors import AccessDenied, Unreachable, UsageError

if TYPE_CHECKING:
    from hubsync.credentials.choosing import Offered, Offers

_HOST = re.compile(r"(?:[a-z0-9][a-z0-9.-]*|\[[0-9a-f:]+\])(?::\d+)?")


class Account(Struct, frozen=True):
    """Who one is at a host. ``source``: where the login is from; ``expires``: seconds since the
    epoch; None: not known, or never."""

    host: str
    user: str
    source: str
    expires: int | None = None


class Begun(Struct, frozen=True):
    """A login that waits for a person, who opens ``link`` and enters ``code`` within so many
    ``minutes``."""

    host: str
    client_id: str
    device: DeviceCode

    @property
    def code(self) -> str:
        return self.device.user_code

    @property
    def link(self) -> str:
        return self.device.link

    @property
    def minutes(self) -> int:
        return self.device.lifetime // 60


class Logins:
    """The logins of one user. ``env``: the environment; ``clock``: seconds since the epoch;
    ``pause``: waits so many seconds."""

    def __init__(
        self,
        env: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
        places: Places | None = None,
    ) -> None:
        self._places = places or Places(env)
        self._clock = clock
        self._pause = pause
        self._ask = asking(env)
        self._own = Own(self._places, self._ask, clock)

    def default_host(self) -> str:
        """The GitHub that is meant where none is named: ``GH_HOST``, else github.com."""
        return found.github_hosts(self._places)[-1]

    def url(self, host: str) -> str:
        """The host as Git's configuration names it."""
        return github_url(_host(host))

    def begin(self, host: str, client_id: str = "") -> Begun:
        """Ask GitHub for a code that a person enters there. Raises UsageError, RemoteUnavailable.

        ``client_id``: of the app; empty: that of ``GH_SCOPED_CREDS_CLIENT_ID``, or of the login
        before.
        """
        host = _host(host)
        self._own.place()
        before = self._own.all().get(host)
        client_id = (
            client_id
            or self._places.env.get("GH_SCOPED_CREDS_CLIENT_ID", "")
            or (before.client_id if before else "")
        )
        if not client_id:
            raise UsageError(
                "No GitHub app is configured here to log in with.",
                "Use a personal access token (hubsync login github --with-token < file), or ask"
                " whoever runs this hub to set GH_SCOPED_CREDS_CLIENT_ID.",
                "no-client-id",
            )
        return Begun(host, client_id, self._github(host, client_id).device_code())

    def finish(self, begun: Begun) -> Account:
        """Wait until the code was entered, and keep the login. Raises RemoteUnavailable."""
        github = self._github(begun.host, begun.client_id)
        grant = github.wait(begun.device, self._clock, self._pause)
        login = self._own.granted(grant, github.user(grant.token), begun.client_id)
        return self._kept(begun.host, login)

    def with_token(self, host: str, token: str) -> Account:
        """Keep a personal access token, once GitHub has said whose it is. Raises UsageError,
        RemoteUnavailable."""
        host = _host(host)
        token = token.strip()
        if not may_be_secret(token):
            raise UsageError(
                "That is no token: a token is one line of text.",
                "Give it on standard input: hubsync login github --with-token < file",
                "no-token",
            )
        secret = Secret(token)
        return self._kept(host, StoredLogin(self._github(host).user(secret), secret))

    def forget(self, host: str) -> bool:
        """Whether there was a login to forget. The token itself stays valid at its host."""
        return self._own.forget(_host(host))

    def who(self, host: str) -> Account:
        """Who one is at a GitHub now: it is asked with each login until one is taken.

        Raises AccessDenied, Unreachable.
        """
        host = _host(host)
        failed: list[str] = []
        for one in self.for_site(site_of(github_url(host)), None):
            if isinstance(one, Unusable):
                failed.append(f"{one.source}: {one.reason}")
                continue
            try:
                user = self._github(host).user(one.secret)
            except AccessDenied:
                failed.append(f"what {one.source} gave was refused")
                continue
            kept = self._own.all().get(host) if one.source == SOURCE else None
            return Account(host, user, one.source, kept.expires if kept else None)
        said = f" ({'; '.join(failed)})" if failed else ""
        raise AccessDenied(
            f"You are not logged in at {host}{said}.", f"Run '{login_command(host)}'."
        )

    def everywhere(self) -> list[Account]:
        """Who one is at each GitHub that `hubsync login` knows, and at the default one.

        Raises AccessDenied, Unreachable.
        """
        known = self._own.all()
        accounts = [self.who(host) for host in sorted(known)]
        if self.default_host() not in known:
            try:
                accounts.append(self.who(self.default_host()))
            except AccessDenied:
                if not accounts:  # else nobody said that there is a login
                    raise
        return accounts

    def repositories(self, host: str, page: int = 1) -> Offers:
        """The repositories at a GitHub that one may choose from. Raises AccessDenied,
        Unreachable."""
        from hubsync.credentials import choosing  # nobody else needs it

        return choosing.offered(self, self._ask, _host(host), page)

    def new_repository(self, host: str, name: str, *, private: bool = True) -> Offered:
        """Make an empty repository at a GitHub. Raises UsageError, AccessDenied, Unreachable."""
        from hubsync.credentials import choosing

        return choosing.created(self, self._ask, _host(host), name, private=private)

    def for_site(self, site: Site, user: str | None) -> Iterator[Login | Unusable]:
        """All logins that there are for a site, the best first: that of `hubsync login`, then what
        is found. ``user``: the one that the URL names. Raises Unreachable at the end, where the one
        of `hubsync login` may be good once it can be renewed."""
        asleep: Unreachable | None = None
        try:
            own = self._own.current(site.host) if site.private else None
        except Unreachable as error:
            own, asleep = None, error
        if own is not None:
            yield own
        yield from found.logins(site, user, self._places)
        if asleep is not None:
            raise asleep

    def after_refusal(self, host: str, secret: Secret) -> Login | None:
        """The host refused what `hubsync login` keeps. Another login, if GitHub renews it."""
        self._own.refused(host, secret)
        now = self._own.current(host)
        return None if now is None or now.secret == secret else now

    def answer(self, operation: str, request: bytes) -> bytes:
        """What a credential helper says to Git: gitcredentials(7), "Custom helpers".

        It knows the logins of `hubsync login` alone. ``store`` is passed over: only a login keeps
        anything. So is whatever Git may ask one day.
        """
        asked = protocol.decoded(request)
        where = site(asked.get("protocol", ""), asked.get("host", ""))
        if not where.private or where.protocol not in ("https", "http"):
            return b""
        if operation == "erase" and may_be_secret(asked.get("password", "")):
            self._own.refused(where.host, Secret(asked["password"]), forget=True)
        if operation != "get":
            return b""
        login = self._own.current(where.host)
        if login is None or asked.get("username", login.user) != login.user:
            return b""
        return protocol.encoded({"username": login.user, "password": login.secret.reveal()})

    def _kept(self, host: str, login: StoredLogin) -> Account:
        self._own.keep(host, login)
        return Account(host, login.user, SOURCE, login.expires)

    def _github(self, host: str, client_id: str = "") -> GitHub:
        return GitHub(host, client_id, self._ask)


def _host(host: str) -> str:
    """A host as it is compared. Raises UsageError."""
    named = site("https", host.strip().removeprefix("https://").rstrip("/")).host
    if _HOST.fullmatch(named) is None:
        raise UsageError(f"{host!r} is no host.", "Write it like github.example.org.", "bad-host")
    return named
