"""What Jupyter's server sees: the settings, and the extension's life from load to shutdown."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, CaselessStrEnum, Dict, Float, List, TraitError, Unicode, validate

from hubsync_jupyter.entrance import Entrance

if TYPE_CHECKING:
    from hubsync_jupyter.service import Service
    from hubsync_jupyter.settings import Settings
    from hubsync_jupyter.shared import SharedDocuments

NAME: Final = "hubsync_jupyter"
_SAVED: Final = "https://events.jupyter.org/jupyter_server/contents_service/v1"
_COLLABORATION: Final = "jupyter_server_ydoc"
_CHANGING: Final = frozenset({"create", "save", "upload", "rename", "copy", "delete"})
_INTERVALS: Final = ("debounce", "behind", "look", "full", "first", "longest")
_SPARE: Final = 4.0
"""Seconds after the flush in which everything else has to be over."""


class HubSync(ExtensionApp):
    """Keeps the files of this server in two-way sync with storage that the user owns."""

    name = NAME
    load_other_extensions = True

    enabled = Bool(True, help="Whether the extension does anything at all.").tag(config=True)
    root = Unicode(
        "",
        help="The folder that is, or becomes, the workspace. Empty: the root of the server's files."
        " A relative one is taken from there.",
    ).tag(config=True)
    remote = Unicode(
        "",
        help="The remote that is offered to everybody, as a template: gs://bucket/{username}."
        " Fields: {username}, {servername}, {hub}, {image}, {binder_repo}.",
    ).tag(config=True)
    auto_start = Bool(
        True, help="Whether a workspace that is there is synced from the start of the server on."
    ).tag(config=True)
    mode = CaselessStrEnum(
        ["", "branch", "shadow"],
        "",
        help="How the default remote is used if it is a Git repository. Empty: as"
        " 'hubsync init' does.",
    ).tag(config=True)
    intervals = Dict(
        key_trait=Unicode(),
        value_trait=Float(),
        help="Seconds: debounce (1), behind (10), look (30), full (600), first (5), longest (300)."
        " A change is sent 'debounce' after the last one, at most 'behind' after the first; the"
        " remote is asked every 'look' and compared in full every 'full'; after a failure it is"
        " tried again after 'first', and ever later up to 'longest'.",
    ).tag(config=True)
    flush_timeout = Float(
        10.0,
        help="Seconds that the end of the server may take, to send what was not sent yet. What was"
        " not sent then goes on at the next start.",
    ).tag(config=True)
    allowed_remotes = List(
        Unicode(),
        help="Patterns of remotes that may be set up or opened by a link, such as"
        " https://github.com/our-course/*. A * stands for anything, / too; embedded for a"
        " remote on the machine itself, for trying. Empty: any.",
    ).tag(config=True)
    restore_on_start = Bool(
        False,
        help="Whether a new home is linked to the default remote when the server starts, and what"
        " is there brought back. A home with files of the user's is never linked unasked.",
    ).tag(config=True)
    skeleton = List(
        Unicode(),
        help="Patterns of names that an image puts into a home that is new nevertheless. Names that"
        " begin with a dot, and lost+found, are such in any case.",
    ).tag(config=True)

    _refused: TraitError | None = None
    _service: Service | None = None
    _shared: SharedDocuments | None = None
    _ending: asyncio.Future[None] | None = None

    @validate("intervals")
    def _known_intervals(self, proposal: Any) -> Any:
        given = proposal["value"]
        unknown = sorted(set(given) - set(_INTERVALS))
        if unknown:
            raise TraitError(
                f"HubSync.intervals has no {unknown[0]!r}; there are: {', '.join(_INTERVALS)}."
            )
        if any(not 0 < seconds < 1e9 for seconds in given.values()):
            raise TraitError("HubSync.intervals are seconds, and more than 0.")
        return given

    @validate("flush_timeout")
    def _possible_timeout(self, proposal: Any) -> Any:
        if not 0 <= proposal["value"] < 1e6:
            raise TraitError("HubSync.flush_timeout is a number of seconds, and not negative.")
        return proposal["value"]

    # -- from load to shutdown -----------------------------------------------------------

    def _link_jupyter_server_extension(self, serverapp: Any) -> None:
        """With one wrong setting traitlets drops all of them, and Jupyter goes on: with any remote
        permitted, say. What is known then is that nothing is."""
        try:
            super()._link_jupyter_server_extension(serverapp)
        except TraitError as error:
            self._refused = error
            self._linked = True

    def initialize_handlers(self) -> None:
        """Routes alone, and those unloaded: the server's start does not wait for this."""
        server = self.serverapp
        if not self.enabled or server is None or server.event_logger is None:
            return
        self.handlers.append((r"hubsync/.*", Entrance, {"service": self.service}))
        server.event_logger.add_listener(schema_id=_SAVED, listener=self._saved)

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        """Called once the server answers."""
        if self.enabled:
            from hubsync_jupyter.interrupt import also_on_interrupt

            also_on_interrupt(partial(serverapp.stop, from_signal=True))
            await asyncio.to_thread(_loaded)
            self._guard(serverapp)
            self._share(serverapp)
            await self.service().start()

    def _guard(self, serverapp: Any) -> None:
        """What comes while a page saves is kept."""
        from hubsync_jupyter.unread import Unread

        Unread(serverapp.contents_manager, self.service().to_workspace, self.log).begin()

    def _share(self, serverapp: Any) -> None:
        """Documents of jupyter-collaboration are merged with what comes."""
        if _COLLABORATION in serverapp.extension_manager.extension_apps:
            from hubsync_jupyter.shared import SharedDocuments

            service = self.service()
            self._shared = SharedDocuments(serverapp, service.to_workspace, self.log)
            self._shared.begin()
            service.arrived = self._shared.changed

    async def stop_extension(self) -> None:
        """Send what was not sent yet. Never fails and never hangs: the server's end waits.

        With each signal Jupyter calls this again; all wait for the one end.
        """
        service = self._service
        if service is None:
            return
        if self._ending is None:
            self._ending = asyncio.ensure_future(self._end(service))
        await asyncio.shield(self._ending)

    async def _end(self, service: Service) -> None:
        try:
            async with asyncio.timeout(self.flush_timeout + _SPARE):
                flushed = await service.stop(self.flush_timeout)
            if not flushed:
                self.log.warning("Not everything could be sent; the next start goes on with it.")
        except TimeoutError:
            self.log.warning("The end of the sync took too long; the next start goes on with it.")
        except Exception:
            self.log.exception("The sync did not end as it should.")
        finally:
            service.office.kill()
            if self._shared is not None:
                self._shared.end()

    def service(self) -> Service:
        """What does the work; made when it is first asked for."""
        if self._service is None:
            from hubsync_jupyter.announcing import Announcer
            from hubsync_jupyter.service import Service

            server = self.serverapp
            assert server is not None
            assert server.event_logger is not None
            announcer = Announcer(server.event_logger, self.log)
            self._service = Service(self._settings(), self.log, announcer)
            announcer.begin(self._service)
        return self._service

    async def _saved(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        """Jupyter has done something to a file."""
        if self._service is not None and data.get("action") in _CHANGING:
            for path in (data.get("path"), data.get("source_path")):
                if path:
                    self._service.saved(path)

    def _settings(self) -> Settings:
        from hubsync_cli import environment
        from hubsync_jupyter.settings import (
            NOTHING,
            Intervals,
            Settings,
            default_remote,
            refused,
        )

        server = self.serverapp
        assert server is not None
        env = environment.for_remotes()
        identity = environment.identity()
        allowed = tuple(self.allowed_remotes)
        url, fault = default_remote(self.remote, env, identity.hub, allowed)
        if self._refused is not None:
            url, fault, allowed = None, refused(self._refused), NOTHING
        if fault is not None:
            self.log.error("%s %s", fault.message, fault.hint)
        server_root = os.path.abspath(os.path.expanduser(server.root_dir))
        return Settings(
            root=os.path.realpath(os.path.join(server_root, os.path.expanduser(self.root))),
            server_root=server_root,
            identity=identity,
            env=env,
            data_home=environment.data_home(),
            default_remote=url,
            fault=fault,
            mode=self.mode or None,
            auto_start=self.auto_start and self._refused is None,
            intervals=Intervals(**self.intervals),
            flush_timeout=self.flush_timeout,
            allowed=allowed,
            restore_on_start=self.restore_on_start,
            skeleton=tuple(self.skeleton),
            app_page=environment.app_page(),
            base_url=server.base_url,
        )


def _loaded() -> None:
    """Import what the first request, or the session, needs, beside the event loop."""
    import hubsync_jupyter.announcing
    import hubsync_jupyter.handlers
    import hubsync_jupyter.service  # noqa: F401
