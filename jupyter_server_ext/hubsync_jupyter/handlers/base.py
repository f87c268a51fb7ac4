"""What all routes have in common: who may ask, how a body is read, and how an error is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from msgspec import Struct, json
from tornado import web

from hubsync.errors import HubsyncError
from hubsync_jupyter.permission import CODE as NOT_PERMITTED
from hubsync_jupyter.work.clerk import CallFailed, failure

if TYPE_CHECKING:
    from hubsync_jupyter.service import Service
    from hubsync_jupyter.work.frames import Trouble

T = TypeVar("T")
Answer = dict[str, Any] | bytes
Method = Callable[..., Awaitable[Answer]]

_STATUS: Final = {
    "usage": 400,
    "absent": 404,
    "conflict": 409,
    "remote": 424,
    "local": 503,
    "slow": 504,
    "disk-full": 507,
}
_WORDS: Final = {
    400: ("bad-request", "The request cannot be read."),
    401: ("unauthenticated", "You are not logged in."),
    403: ("forbidden", "This request is not allowed."),
    404: ("not-found", "There is nothing of that name."),
    405: ("method-not-allowed", "That cannot be done with this."),
}
_RELOAD: Final = "Reload the page, and log in again if you are asked to."


class Body(Struct, frozen=True, forbid_unknown_fields=True):
    """What a request brings along; a subclass names its fields."""


class Handler(APIHandler):
    """Base of all routes that answer JSON."""

    auth_resource = "hubsync"

    def initialize(self, service: Service, names: tuple[str, ...]) -> None:
        self.service = service
        self.names = names

    @property
    def _track_activity(self) -> bool:  # type: ignore[override]
        """Who only looks, as a browser does by itself, keeps no idle server alive."""
        return self.request.method not in ("GET", "HEAD")

    def read(self, kind: type[T]) -> T:
        """The body as a value. Raises CallFailed."""
        try:
            return json.decode(self.request.body or b"{}", type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise failure("usage", "bad-request", f"The request cannot be read: {error}.") from None

    def query(self, name: str, default: str | None = None) -> str:
        """A parameter of the URL. Raises CallFailed where it is missing and has no default."""
        found = self.get_query_argument(name, default, strip=False)
        if found is None:
            raise failure("usage", "bad-request", f"The parameter {name!r} is missing.")
        return found

    def number(self, name: str, default: int) -> int:
        given = self.query(name, str(default))
        if not (given.isascii() and given.isdigit() and len(given) < 10 and int(given) > 0):
            raise failure("usage", "bad-request", f"{name} is a number above 0.")
        return int(given)

    def refuse(self, trouble: Trouble) -> None:
        """Answer with an error."""
        status = 403 if trouble.code == NOT_PERMITTED else _STATUS.get(trouble.kind, 500)
        self.set_status(status)
        self.finish(
            {"code": trouble.code, "message": trouble.message, "hint": trouble.hint},
        )

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Whatever goes wrong elsewhere, in the same form. Details are for the log alone."""
        code, message = _WORDS.get(status_code, ("internal", "Something failed that should not."))
        hint = {401: _RELOAD, 403: _RELOAD, 500: "The server's log says more."}
        self.set_status(status_code, reason=_reason(status_code))
        self.finish({"code": code, "message": message, "hint": hint.get(status_code, "")})


class Missing(Handler):
    """Any other route."""

    async def prepare(self, **how: Any) -> Any:
        await super().prepare(**how)
        raise web.HTTPError(404)


def answers(method: Method) -> Callable[..., Any]:
    """A route: for whoever is logged in and authorised; what it returns is the answer."""

    @wraps(method)
    async def told(self: Handler) -> None:
        try:
            answer = await method(self, *self.names)
        except CallFailed as error:
            self.refuse(error.trouble)
        except HubsyncError as error:
            from hubsync_jupyter.work.frames import Trouble

            self.refuse(Trouble("usage", error.code, error.message, error.hint))
        else:
            self.set_header("Cache-Control", "no-store")
            self.finish(answer if isinstance(answer, bytes) else json.encode(answer))

    return web.authenticated(authorized(told))


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
