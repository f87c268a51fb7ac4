"""Calls about who one is at GitHub. No secret is ever answered."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from hubsync.errors import HubsyncError, Interrupted
from hubsync_cli import documents, words

if TYPE_CHECKING:
    from hubsync_jupyter.work.calls import Desk, Function

_LOOK: Final = 0.2
"""Seconds between two looks whether somebody gave up."""


def accounts(desk: Desk, host: str | None) -> object:
    logins = desk.logins()
    try:
        found = [logins.who(host)] if host else logins.everywhere()
    except HubsyncError as error:
        told = {"code": error.code, "message": error.message, "hint": error.hint}
        return {"accounts": [], "error": told}
    return {"accounts": [documents.account_document(one) for one in found], "error": None}


def login(desk: Desk, host: str | None) -> object:
    """The device flow: a note with the code, then the account once the code was entered."""
    from hubsync import Logins

    def pause(seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if desk.reporter.stopping():
                raise Interrupted("The login was given up.")
            time.sleep(min(left, _LOOK))

    logins = Logins(desk.env, pause=pause)
    begun = logins.begin(host or logins.default_host())
    expires = time.time_ns() + begun.device.lifetime * 10**9
    desk.note(
        {
            "host": begun.host,
            "code": begun.code,
            "link": begun.link,
            "interval": 2,
            "expires": words.iso(expires),
        }
    )
    return {"account": documents.account_document(logins.finish(begun))}


def with_token(desk: Desk, token: str, host: str | None) -> object:
    logins = desk.logins()
    account = logins.with_token(host or logins.default_host(), token)
    return {"account": documents.account_document(account)}


def forget(desk: Desk, host: str | None) -> object:
    logins = desk.logins()
    host = host or logins.default_host()
    return {"host": host, "forgotten": logins.forget(host)}


def repositories(desk: Desk, host: str | None, page: int) -> object:
    logins = desk.logins()
    found = logins.repositories(host or logins.default_host(), page)
    return {"repositories": [_offer(one) for one in found.repositories], "next": found.next}


def new_repository(desk: Desk, name: str, private: bool, host: str | None) -> object:
    logins = desk.logins()
    made = logins.new_repository(host or logins.default_host(), name, private=private)
    return {"repository": _offer(made)}


def _offer(one: Any) -> dict[str, Any]:
    return {
        "full_name": one.full_name,
        "url": one.url,
        "private": one.private,
        "can_push": one.can_push,
        "description": one.description,
    }


CALLS: Final[dict[str, Function]] = {
    "accounts": accounts,
    "login": login,
    "login-token": with_token,
    "logout": forget,
    "repositories": repositories,
    "new-repository": new_repository,
}
