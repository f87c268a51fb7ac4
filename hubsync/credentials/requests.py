"""One request to GitHub: a form, an object or nothing goes there, a JSON object comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from hubsync.credentials.login import is_loopback
from hubsync.credentials.secret import Secret
from hubsync.errors import Unreachable

_TIMEOUT: Final = 30.0
_LARGEST: Final = 1 << 20


class Answer(Struct, frozen=True):
    """``fields``: the object, empty where there was none; ``items``: the objects of a list. May
    hold secrets as plain text."""

    status: int
    fields: Mapping[str, Any]
    items: tuple[Mapping[str, Any], ...] = ()

    def __repr__(self) -> str:
        return f"Answer({self.status})"

    def text(self, name: str) -> str:
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int | None:
        value = self.fields.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None


class Json(Struct, frozen=True):
    """What the REST API is given: an object, without secrets."""

    fields: Mapping[str, str | bool]


_API_VERSION: Final = "2022-11-28"
Form = Mapping[str, str | Secret]
Ask = Callable[[str, Form | Json | None, Secret | None], Answer]
"""URL, what is sent (None: a GET), token -> answer. Raises Unreachable."""


def asking(env: Mapping[str, str]) -> Ask:
    """Requests as the environment wants them: ``HTTPS_PROXY``, ``NO_PROXY``."""

    def ask(url: str, form: Form | Json | None, token: Secret | None) -> Answer:
        return _asked(url, form, token, env)

    return ask


def _asked(
    url: str, form: Form | Json | None, token: Secret | None, env: Mapping[str, str]
) -> Answer:
    import http.client
    import json
    import urllib.error
    import urllib.request
    from urllib.parse import urlencode, urlsplit

    headers = {"Accept": "application/json", "User-Agent": "hubsync"}
    data = None
    if isinstance(form, Json):
        data = json.dumps(form.fields).encode()
        headers["Content-Type"] = "application/json"
    elif form is not None:
        plain = {key: _plain(value) for key, value in form.items()}
        data = urlencode(plain).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if token is not None:
        headers["Authorization"] = f"Bearer {token.reveal()}"
        headers["Accept"] = "application/vnd.github+json"
        headers["X-GitHub-Api-Version"] = _API_VERSION

    class Stay(urllib.request.HTTPRedirectHandler):
        """A redirect is an answer like any other: a secret goes to no second place."""

        def redirect_request(self, *args: Any) -> None:
            return None

    host = urlsplit(url).netloc
    opener = urllib.request.build_opener(
        Stay, urllib.request.ProxyHandler(_proxies(urlsplit(url).scheme, host, env))
    )
    request = urllib.request.Request(url, data, headers)
    try:
        try:
            response = opener.open(request, timeout=_TIMEOUT)
        except urllib.error.HTTPError as refused:
            response = refused
        with response:
            return _answer(response.status, response.read(_LARGEST))
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
        raise Unreachable(
            f"{host} cannot be reached: {reason or type(error).__name__}.",
            "Check the host's name and the network, then run the command again.",
        ) from error


def _plain(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _answer(status: int, data: bytes) -> Answer:
    import json

    try:
        found = json.loads(data)
    except ValueError:  # a page for people, as from a proxy; the status tells enough
        return Answer(status, {})
    if isinstance(found, list):
        return Answer(status, {}, tuple(one for one in found if isinstance(one, dict)))
    return Answer(status, found if isinstance(found, dict) else {})


def _proxies(scheme: str, host: str, env: Mapping[str, str]) -> dict[str, str]:
    """As curl has it: domains in ``NO_PROXY`` mean what is below them too. This very machine is not
    reached through another one."""
    if is_loopback(host):
        return {}
    without = (env.get("no_proxy") or env.get("NO_PROXY") or "").lower()
    for domain in filter(None, (one.strip().lstrip(".") for one in without.split(","))):
        if domain == "*" or f".{host.partition(':')[0]}".endswith(f".{domain}"):
            return {}
    variables = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY")
    proxy = next((env[one] for one in variables if env.get(one)), None)
    return {scheme: proxy} if proxy else {}
