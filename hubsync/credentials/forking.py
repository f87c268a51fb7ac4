"""A fork at GitHub: a repository of one's own, made of one that one may only read.

Source: docs.github.com, REST API, "Create a fork" (asynchronous; who has a fork already is given
that one), "Get a branch"; "About forks" for how a pull request names both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from msgspec import Struct

from hubsync.credentials.github import api_url
from hubsync.credentials.login import Unusable, github_url, login_command, site_of
from hubsync.credentials.logins import Logins
from hubsync.credentials.repository import FULL_NAME, Repository
from hubsync.credentials.requests import Answer, Ask, Json
from hubsync.credentials.secret import Secret
from hubsync.errors import AccessDenied, HubsyncError, Interrupted, Unreachable, UsageError

_TOKEN_REFUSED: Final = "token-refused"
_PATIENCE: Final = 300
"""Seconds after which GitHub's documentation says that something is wrong."""
_LONGEST_PAUSE: Final = 8


class Waiting(Struct, frozen=True):
    """``pause`` waits so many seconds; ``stopping``: whether somebody wants it to end."""

    pause: Callable[[float], None]
    stopping: Callable[[], bool]


def forked(logins: Logins, ask: Ask, of: Repository, waiting: Waiting) -> Repository:
    """The fork of a repository, made if there is none yet; its contents are there.

    The first login that GitHub takes is used. Raises UsageError, AccessDenied, Unreachable,
    Interrupted.
    """
    for login in logins.for_site(site_of(github_url(of.host)), None):
        if isinstance(login, Unusable):
            continue
        secret: Secret | None = login.secret
        while secret is not None:
            try:
                return _made(of, secret, ask, waiting)
            except AccessDenied as error:
                if error.code != _TOKEN_REFUSED:
                    raise
            again = logins.after_refusal(of.host, secret)
            secret = again.secret if again is not None else None
    raise AccessDenied(
        f"A fork at {of.host} needs a login there, and there is none that it takes.",
        f"Run '{login_command(of.host)}', then the command again.",
    )


def _made(of: Repository, token: Secret, ask: Ask, waiting: Waiting) -> Repository:
    api = f"{api_url(of.host)}/repos"
    answer = ask(f"{api}/{of.full_name}/forks", Json({"default_branch_only": False}), token)
    if answer.status != 202:
        raise _refused(answer, of)
    found = FULL_NAME.fullmatch(answer.text("full_name"))
    branch = answer.text("default_branch")
    if found is None or not branch:
        raise _foreign(answer, of)
    fork = Repository(of.host, found[1], found[2])
    if fork.full_name.lower() == of.full_name.lower():
        raise UsageError(
            f"{of.full_name} is your own repository, which cannot be forked.",
            "Run the command without --fork.",
            "fork-of-own",
        )
    _wait(f"{api}/{fork.full_name}/branches/{quote(branch, safe='')}", fork, token, ask, waiting)
    return fork


def _wait(url: str, fork: Repository, token: Secret, ask: Ask, waiting: Waiting) -> None:
    """Until Git's objects are there, which GitHub copies after it has answered."""
    waited, pause = 0, 1
    while True:
        try:
            status = ask(url, None, token).status
        except Unreachable:
            status = 0  # for a moment, perhaps; the limit is the same
        if status == 200:
            return
        if waiting.stopping():
            raise Interrupted("Stopped; the fork may be there.", "Run the command again.")
        if waited >= _PATIENCE:
            raise Unreachable(
                f"{fork.host} has made the fork {fork.full_name}, but its contents are not there "
                "after 5 minutes.",
                "Run the command again later; it finds that fork.",
            )
        waiting.pause(pause)
        waited, pause = waited + pause, min(2 * pause, _LONGEST_PAUSE)


def _refused(answer: Answer, of: Repository) -> HubsyncError:
    said = answer.text("message").rstrip(".")[:200]
    if answer.status == 401:
        return AccessDenied(
            f"{of.host} refused the token.", f"Run '{login_command(of.host)}'.", _TOKEN_REFUSED
        )
    by_hand = f"Fork it in the browser ({of.page}/fork), then: hubsync remote set origin --url URL"
    if answer.status == 404:
        return AccessDenied(
            f"{of.host} knows no repository {of.full_name}, or your login may not see it.",
            f"Check the URL; for a private one, log in as somebody who may read it. {by_hand}",
        )
    if answer.status == 403:
        return AccessDenied(
            f"{of.host} allows no fork of {of.full_name}: {said or 'HTTP status 403'}.",
            "A fine-grained token needs 'Administration: write' and 'Contents: read'. " + by_hand,
            "fork-refused",
        )
    if answer.status in (400, 422):
        return UsageError(
            f"{of.host} makes no fork of {of.full_name}: {said or 'it says no more'}.",
            by_hand,
            "fork-refused",
        )
    if answer.status in (301, 302, 307, 308):
        return UsageError(
            f"{of.full_name} is elsewhere by now.",
            f"Look at {of.page} and set its new address: hubsync remote set origin --url URL",
            "fork-refused",
        )
    return _foreign(answer, of)


def _foreign(answer: Answer, of: Repository) -> Unreachable:
    return Unreachable(
        f"{of.host} did not answer as GitHub does (HTTP status {answer.status}).",
        "Forks can be made at GitHub alone. If this is one, try again later.",
    )
