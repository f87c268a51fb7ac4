"""``hubsync/open``: a link that brings a workspace here and opens a file of it, once the person has
said yes.

The page asks and does nothing: what changes anything is the form's POST, which needs the XSRF
token of this very server. No other page may show it in a frame, and it runs no script.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from msgspec import Struct, json
from tornado import web

from hubsync.errors import HubsyncError, UsageError
from hubsync_jupyter import pages
from hubsync_jupyter.permission import is_bare
from hubsync_jupyter.places import places_of
from hubsync_jupyter.work.clerk import CallFailed
from hubsync_jupyter.work.frames import Trouble
from hubsync_jupyter.work.office import Lane

if TYPE_CHECKING:
    from hubsync_jupyter.service import Service

_LONGEST: Final = 2000
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


class Wish(Struct, frozen=True):
    """What a link asks for. ``path``: in the workspace, ``""`` for the folder itself."""

    remote: str
    path: str
    branch: str | None


class Plan(Struct, frozen=True):
    """What would be done. ``action``: ``"clone"`` or ``"pull"``, in ``directory``."""

    action: str
    directory: str
    url: str


class Page(JupyterHandler):
    """Base of the pages."""

    auth_resource = "hubsync"

    def initialize(self, service: Service, names: tuple[str, ...]) -> None:
        self.service = service
        if not _is_bare(self.request.query_arguments.get("remote", [b""])):
            # It is refused. Neither Jupyter's log nor the page of a login repeats what it carries.
            self.request.uri = f"{self.request.path}?remote="

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Content-Security-Policy", _POLICY)
        self.set_header("X-Frame-Options", "DENY")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-store")

    def wish(self) -> Wish:
        """What is asked for, if it may be. Raises UsageError."""
        remote = self.get_argument("remote", "")
        path = self.get_argument("path", "").strip("/")
        if not remote or len(remote) > _LONGEST or len(path) > _LONGEST:
            raise UsageError(
                "The link names no remote that can be used.",
                "Ask whoever gave you the link.",
                "bad-link",
            )
        if path and any(part in ("", ".", "..") for part in path.split("/")):
            raise UsageError(
                "The link names no file in a workspace.",
                "Ask whoever gave you the link.",
                "bad-link",
            )
        self.service.permitted(remote, {})
        return Wish(remote, path, self.get_argument("branch", "") or None)

    async def plan(self, wish: Wish) -> Plan:
        """Raises CallFailed."""
        answer = await self.service.office.ask(
            Lane.HERE,
            "link-plan",
            url=wish.remote,
            server_root=self.service.settings.server_root,
        )
        return json.decode(answer, type=Plan)

    def show(self, page: str, status: int = 200, **names: Any) -> None:
        self.set_status(status)
        self.finish(pages.rendered(page, **names))

    def show_trouble(self, trouble: Trouble | HubsyncError) -> None:
        status = 403 if trouble.code == "not-permitted" else 400
        self.show("trouble.html", status, message=trouble.message, hint=trouble.hint)

    def lab(self, contents_path: str) -> str:
        return f"{self.base_url}lab/tree/{quote(contents_path)}"

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """In words, without details."""
        self.finish(
            pages.rendered(
                "trouble.html",
                message="This cannot be done."
                if status_code < 500
                else "Something in hubsync failed that should not.",
                hint="Follow the link once more."
                if status_code < 500
                else "The server's log says more.",
            )
        )


class Open(Page):
    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Say what would be done, and ask."""
        try:
            wish = self.wish()
            plan = await self.plan(wish)
        except HubsyncError as error:
            return self.show_trouble(error)
        except CallFailed as error:
            return self.show_trouble(error.trouble)
        return self.show(
            "ask.html",
            wish=wish,
            plan=plan,
            action=f"{self.base_url}hubsync/open",
            home=self.lab(""),
            xsrf=self.xsrf_token.decode(),
        )

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Do it; the plan is made anew, so that a form cannot say another one."""
        if self.request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise web.HTTPError(403)
        try:
            wish = self.wish()
            plan = await self.plan(wish)
            name = self._begin(wish, plan)
        except HubsyncError as error:
            return self.show_trouble(error)
        except CallFailed as error:
            return self.show_trouble(error.trouble)
        return self.redirect(f"{self.base_url}hubsync/open/progress?{urlencode({'task': name})}")

    def _begin(self, wish: Wish, plan: Plan) -> str:
        """The name of the task. Raises CallFailed."""
        service = self.service

        async def after(answer: dict[str, Any]) -> dict[str, Any]:
            places = places_of(answer["root"], service.settings.server_root)
            if places == service.places:
                service.ran(answer["result"])
            return {**answer, "contents_path": places.to_contents(wish.path)}

        arguments: dict[str, Any] = {"directory": plan.directory}
        if plan.action == "clone":
            arguments |= {"url": plan.url, "branch": wish.branch}
        return service.begin_new("open", f"link-{plan.action}", after, **arguments).id


class Progress(Page):
    @web.authenticated
    @authorized
    async def get(self) -> None:
        """How it goes on; in the end, the file."""
        task = self.service.tasks.find(self.get_query_argument("task", ""))
        if task is None or task.kind != "open":
            return self.show(
                "trouble.html", 404, message="It is long over.", hint="Follow the link once more."
            )
        if task.running:
            return self.show("progress.html", progress=task.progress)
        if task.trouble is not None or task.result is None:
            trouble = task.trouble or Trouble("failed", "failed", "It ended before it was done.")
            return self.show_trouble(trouble)
        return self.redirect(self.lab(task.result["contents_path"] or ""))


def _is_bare(remotes: list[bytes]) -> bool:
    try:
        return all(is_bare(one.decode("utf-8", "replace")) for one in remotes)
    except ValueError:
        return False


ROUTES: Final[list[tuple[str, type[Page]]]] = [(r"open", Open), (r"open/progress", Progress)]
