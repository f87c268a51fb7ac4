"""How GitHub, or a GitHub Enterprise Server, gives a token: device flow, refresh, and whose it is.

Sources: docs.github.com, "Authorizing OAuth apps" (device flow), "Generating a user access token
for a GitHub App", "Refreshing user access tokens"; RFC 8628, section 3.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from hubsync.credentials.login import github_url, login_command
from hubsync.credentials.requests import Answer, Ask, Form
from hubsync.credentials.secret import Secret, may_be_secret
from hubsync.errors import AccessDenied, HubsyncError, Unreachable, UsageError

_DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
_INTERVAL: Final = 5
_LIFETIME: Final = 900
_LONGEST_PAUSE: Final = 60
"""Seconds."""

_WITH_TOKEN: Final = (
    "Or use a personal access token: hubsync login github --with-token < file-with-the-token"
)


class DeviceCode(Struct, frozen=True):
    """What a person is shown (``user_code``, ``link``), and what is asked with meanwhile.
    ``interval`` and ``lifetime`` in seconds."""

    user_code: str
    link: str
    code: Secret
    interval: int
    lifetime: int


class Grant(Struct, frozen=True):
    """A token. ``lifetime`` in seconds from now; None: it does not expire."""

    token: Secret
    lifetime: int | None = None
    refresh: Secret | None = None


class GitHub:
    """One GitHub, asked in the name of the app ``client_id``."""

    def __init__(self, host: str, client_id: str, ask: Ask) -> None:
        self.host = host
        self._client_id = client_id
        self._ask = ask

    def device_code(self) -> DeviceCode:
        """Begin a device flow. Raises UsageError, AccessDenied, Unreachable."""
        form = {"client_id": self._client_id, "scope": "repo"}
        answer = self._ask(f"{github_url(self.host)}/login/device/code", form, None)
        if answer.status == 404:
            raise UsageError(
                f"{self.host} knows no app with the client id {self._client_id!r}.",
                "Check GH_SCOPED_CREDS_CLIENT_ID or --client-id. " + _WITH_TOKEN,
                "unknown-client-id",
            )
        if answer.text("error"):
            raise self._refused(answer)
        code, user_code = answer.text("device_code"), answer.text("user_code")
        if not may_be_secret(code) or not user_code:
            raise self._foreign(answer)
        return DeviceCode(
            user_code,
            answer.text("verification_uri") or f"{github_url(self.host)}/login/device",
            Secret(code),
            max(answer.number("interval") or _INTERVAL, 1),
            answer.number("expires_in") or _LIFETIME,
        )

    def wait(
        self, code: DeviceCode, clock: Callable[[], float], pause: Callable[[float], None]
    ) -> Grant:
        """Ask again and again until the code was entered. Raises AccessDenied, Unreachable.

        ``clock`` in seconds. No question comes sooner than GitHub allows; where it cannot be
        reached for a while, the questions become rarer (RFC 8628).
        """
        interval = code.interval
        end = clock() + code.lifetime
        form: Form = {
            "client_id": self._client_id,
            "device_code": code.code,
            "grant_type": _DEVICE_GRANT,
        }
        while clock() + interval < end:
            pause(interval)
            try:
                answer = self._token(form)
            except Unreachable:
                interval = min(2 * interval, _LONGEST_PAUSE)
                continue
            error = answer.text("error")
            if not error:
                return self._grant(answer)
            if error == "slow_down":
                interval = max(interval + 5, answer.number("interval") or 0)
            elif error != "authorization_pending":
                raise self._refused(answer)
        raise self._expired()

    def renewed(self, refresh: Secret) -> Grant:
        """A new token for a refresh token, which is used up by that. Raises AccessDenied,
        Unreachable."""
        form: Form = {
            "client_id": self._client_id,
            "grant_type": "refresh_token",
            "refresh_token": refresh,
        }
        answer = self._token(form)
        if answer.text("error"):
            raise self._refused(answer)
        return self._grant(answer)

    def user(self, token: Secret) -> str:
        """Whose token it is. Raises AccessDenied, Unreachable."""
        answer = self._ask(f"{api_url(self.host)}/user", None, token)
        if answer.status == 401:
            raise AccessDenied(
                f"{self.host} refused the token: it is expired, revoked, or of another host.",
                f"Make a new one, or run '{login_command(self.host)}'.",
            )
        if answer.status == 403:
            raise AccessDenied(
                f"{self.host} knows the token and allows it nothing (HTTP status 403).",
                "Check its permissions, and whether single sign-on has to be authorised for it.",
            )
        name = answer.text("login")
        if answer.status != 200 or not name:
            raise self._foreign(answer)
        return name

    def _token(self, form: Form) -> Answer:
        # A form in the body: secrets in a URL would stand in the logs of proxies.
        answer = self._ask(f"{github_url(self.host)}/login/oauth/access_token", form, None)
        if answer.status >= 500 or not answer.fields:
            raise self._foreign(answer)
        return answer

    def _grant(self, answer: Answer) -> Grant:
        token, refresh = answer.text("access_token"), answer.text("refresh_token")
        if not may_be_secret(token):
            raise self._foreign(answer)
        return Grant(
            Secret(token),
            answer.number("expires_in"),
            Secret(refresh) if may_be_secret(refresh) else None,
        )

    def _refused(self, answer: Answer) -> HubsyncError:
        """The documented errors in users' words."""
        code = re.sub(r"[^a-z_]", "", answer.text("error").lower())[:40]
        if code in ("expired_token", "token_expired"):
            return self._expired()
        again = self._again()
        words, hint = {
            "access_denied": ("The login was declined on {host}.", again),
            "incorrect_device_code": ("{host} does not know the code any more.", again),
            "bad_refresh_token": ("The login at {host} has expired or was revoked.", again),
            "incorrect_client_credentials": (
                "{host} does not take the client id of the app.",
                "Check GH_SCOPED_CREDS_CLIENT_ID or --client-id. " + _WITH_TOKEN,
            ),
            "device_flow_disabled": (
                "The app does not allow logging in with a code (device flow).",
                "Its owner can enable it in the app's settings. " + _WITH_TOKEN,
            ),
        }.get(code, (f"{{host}} refused the login ({code or 'no reason given'}).", again))
        return AccessDenied(words.format(host=self.host), hint)

    def _again(self) -> str:
        return f"Run '{login_command(self.host)}' again."

    def _expired(self) -> AccessDenied:
        return AccessDenied(
            f"The code for {self.host} expired before it was entered.", self._again()
        )

    def _foreign(self, answer: Answer) -> Unreachable:
        return Unreachable(
            f"{self.host} did not answer as GitHub does (HTTP status {answer.status}).",
            "Check the host's name; if it is right, try again later.",
        )


def api_url(host: str) -> str:
    """Where the REST API is: docs.github.com, "Getting started with the REST API"."""
    if host == "github.com" or host.endswith(".ghe.com"):
        return f"https://api.{host}"
    return f"{github_url(host)}/api/v3"
