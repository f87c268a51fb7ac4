"""The logins that `hubsync login` made, each renewed before its end."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from hubsync.credentials.github import GitHub, Grant
from hubsync.credentials.login import Login
from hubsync.credentials.places import Places
from hubsync.credentials.requests import Ask
from hubsync.credentials.secret import Secret
from hubsync.credentials.stored import Stored, StoredLogin
from hubsync.errors import AccessDenied, LocalError, RemoteUnavailable, UsageError

SOURCE = "hubsync login"
_EARLY = 600
"""A token is renewed so many seconds before it expires, so that no transfer outlives it."""


class Own:
    """What is kept in the file that ``places`` names. ``clock``: seconds since the epoch."""

    def __init__(self, places: Places, ask: Ask, clock: Callable[[], float]) -> None:
        self._stored = Stored(places.logins) if places.logins is not None else None
        self._ask = ask
        self._clock = clock

    def all(self) -> dict[str, StoredLogin]:
        """By host. Raises LocalError."""
        return self._stored.read() if self._stored is not None else {}

    def place(self) -> Stored:
        """Raises UsageError if there is none."""
        if self._stored is None:
            raise UsageError(
                "There is no home directory to keep a login in.",
                "Set HOME, or XDG_DATA_HOME, to a folder of your own.",
                "no-home",
            )
        return self._stored

    def keep(self, host: str, login: StoredLogin) -> None:
        stored = self.place()
        with stored.held():
            stored.put(host, login)

    def forget(self, host: str) -> bool:
        """Whether there was anything. A file that others could read, or that is damaged, goes as a
        whole."""
        stored = self.place()
        try:
            if host not in stored.read():
                return False
        except LocalError:
            return stored.remove()
        with stored.held():
            stored.put(host, None)
        return True

    def current(self, host: str) -> Login | None:
        """The login for a host, renewed if its end is near; None: there is none any more. Raises
        Unreachable if it has ended and nobody answers who could renew it."""
        kept = self.all().get(host)
        if kept is not None and self._ends(kept):
            kept = self._renewed(host, kept)
        return Login(kept.user, kept.secret, SOURCE) if kept is not None else None

    def refused(self, host: str, secret: Secret, *, forget: bool = False) -> None:
        """The host refused what `current` gave: from now on it counts as expired. ``forget``: it
        goes if it cannot be renewed."""
        kept = self.all().get(host)
        if kept is None or kept.secret != secret:
            return
        stored = self.place()
        with stored.held():
            now = stored.read().get(host)
            if now is None or now.secret != secret:
                return
            if now.refresh is not None:
                stored.put(host, replace(now, expires=0))
            elif forget:
                stored.put(host, None)

    def granted(self, grant: Grant, user: str, client_id: str) -> StoredLogin:
        """What is kept of a grant."""
        now = int(self._clock())
        return StoredLogin(
            user,
            grant.token,
            client_id,
            None if grant.lifetime is None else now + grant.lifetime,
            grant.refresh,
        )

    def _ends(self, login: StoredLogin) -> bool:
        return login.expires is not None and login.expires - self._clock() < _EARLY

    def _renewed(self, host: str, kept: StoredLogin) -> StoredLogin | None:
        """A refresh token can be used once: whoever holds the lock uses it, the others see what
        came of it."""
        stored = self.place()
        with stored.held():
            now = stored.read().get(host)
            if now is None or now != kept:
                return now
            try:
                if kept.refresh is None:
                    raise AccessDenied(f"The login at {host} has expired.")
                grant = GitHub(host, kept.client_id, self._ask).renewed(kept.refresh)
            except RemoteUnavailable as error:
                # What is left of the old token's time is used; the server tells when it is over.
                if kept.expires is not None and kept.expires > self._clock():
                    return kept
                if not isinstance(error, AccessDenied):
                    raise
                stored.put(host, None)
                return None
            renewed = self.granted(grant, kept.user, kept.client_id)
            stored.put(host, renewed)
            return renewed
