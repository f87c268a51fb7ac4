"""The repositories at a GitHub that a person may choose from, and a new one.

Source: docs.github.com, REST API, "List repositories for the authenticated user", "Create a
repository for the authenticated user".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from hubsync.credentials.github import api_url
from hubsync.credentials.login import Unusable, github_url, login_command, site_of
from hubsync.credentials.logins import Logins
from hubsync.credentials.repository import FULL_NAME
from hubsync.credentials.requests import Answer, Ask, Json
from hubsync.errors import AccessDenied, HubsyncError, Unreachable, UsageError

_PAGE: Final = 50
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")


class Offered(Struct, frozen=True):
    """A repository. ``url``: as a remote's; ``can_push``: whether the login may write to it."""

    full_name: str
    url: str
    private: bool
    can_push: bool
    description: str = ""


class Offers(Struct, frozen=True):
    """One page of repositories, the latest used first; ``next``: the number of the next page."""

    repositories: tuple[Offered, ...]
    next: int | None = None


def offered(logins: Logins, ask: Ask, host: str, page: int = 1) -> Offers:
    """Raises AccessDenied, Unreachable."""
    query = f"sort=pushed&per_page={_PAGE}&page={max(page, 1)}"
    answer = _asked(logins, ask, host, f"user/repos?{query}", None)
    if answer.status != 200:
        raise _refused(answer, host, "list its repositories")
    found = tuple(one for one in (_offer(host, item) for item in answer.items) if one is not None)
    return Offers(found, max(page, 1) + 1 if len(answer.items) == _PAGE else None)


def created(logins: Logins, ask: Ask, host: str, name: str, *, private: bool) -> Offered:
    """A new, empty repository. Raises UsageError, AccessDenied, Unreachable."""
    if _NAME.fullmatch(name) is None or name in (".", ".."):
        raise UsageError(
            f"{name!r} cannot be the name of a repository.",
            "Use letters, digits, '-', '_' and '.'.",
            "bad-repository-name",
        )
    answer = _asked(logins, ask, host, "user/repos", Json({"name": name, "private": private}))
    offer = _offer(host, answer.fields) if answer.status == 201 else None
    if offer is None:
        raise _refused(answer, host, f"make the repository {name}")
    return offer


def _asked(logins: Logins, ask: Ask, host: str, what: str, sent: Json | None) -> Answer:
    """With the first login that is taken."""
    for login in logins.for_site(site_of(github_url(host)), None):
        if isinstance(login, Unusable):
            continue
        answer = ask(f"{api_url(host)}/{what}", sent, login.secret)
        if answer.status == 401:
            again = logins.after_refusal(host, login.secret)
            if again is None:
                continue
            answer = ask(f"{api_url(host)}/{what}", sent, again.secret)
        if answer.status != 401:
            return answer
    raise AccessDenied(f"You are not logged in at {host}.", f"Run '{login_command(host)}'.")


def _offer(host: str, fields: Mapping[str, Any]) -> Offered | None:
    name = fields.get("full_name")
    if not isinstance(name, str) or FULL_NAME.fullmatch(name) is None:
        return None
    rights = fields.get("permissions")
    described = fields.get("description")
    prefix = "" if github_url(host).startswith("https://") else "git+"
    return Offered(
        name,
        f"{prefix}{github_url(host)}/{name}.git",
        bool(fields.get("private")),
        bool(isinstance(rights, dict) and rights.get("push")),
        described[:300] if isinstance(described, str) else "",
    )


def _refused(answer: Answer, host: str, what: str) -> HubsyncError:
    said = answer.text("message").rstrip(".")[:200] or f"HTTP status {answer.status}"
    if answer.status in (403, 404):
        return AccessDenied(
            f"{host} does not let this login {what}: {said}.",
            "The hub's app, or the token, may lack that right. Make or choose it in the browser.",
            "not-allowed-there",
        )
    if answer.status == 422:
        return UsageError(
            f"{host} does not {what}: {said}.",
            "Perhaps there is one of that name: choose it, or take another name.",
            "not-created",
        )
    return Unreachable(
        f"{host} did not answer as GitHub does (HTTP status {answer.status}).",
        "Try again later.",
    )
