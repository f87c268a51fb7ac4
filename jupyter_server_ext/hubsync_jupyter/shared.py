"""Documents that jupyter-collaboration shares: what a sync brings is merged with what was typed.

Its server (`jupyter_server_ydoc`, 3.0 and newer) keeps each open document in a room. A room saves
a second after the last key stroke. It looks each second whether the file was changed by others, and
then puts the file's content in the place of the document's, by `YBaseDoc.aset`: what was typed
since the last save would be gone. And it takes a file for unchanged whose time is not a later one,
or that changes between its look and its save, and would replace what came. So, for each document:

- ``aset`` merges, with what the room last saved or loaded as the base. What cannot be merged is
  kept beside as a conflict copy first (rule 3);
- a save is refused while the file is not the one that the room knows, and the file is taken in
  instead; the room saves again after that;
- pages are told which file the document holds now, or a save there would ask in a dialog;
- what a sync has changed is taken in at once, and does not wait for the room's next look;
- where a file is gone in which somebody typed, or types later, what was typed is written there
  again, whoever took the file away: a sync in a terminal is heard of by nobody here. What a
  person deletes or renames in Jupyter is not missing.

The document is Jupyter's own (`YDocExtension.get_document`); two of its methods are wrapped, and
nothing private is touched.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, Final
from weakref import WeakSet

import nbformat
from jupyter_server.utils import ensure_async
from tornado import web

from hubsync_jupyter.beside import Stamp, keep_beside, stamp_of, write_new

_EXTENSION: Final = "jupyter_server_ydoc"
_EVENTS: Final = "https://schema.jupyter.org/jupyter_collaboration/session/v1"
_CONTENTS: Final = "https://events.jupyter.org/jupyter_server/contents_service/v1"
_TURNS: Final = 20
"""So often a merge is done again because somebody typed meanwhile; then typing waits for it."""

_LOOK: Final = 1.0
"""Seconds, as rooms look at their files."""

_FORMATS: Final = {"text:file": "text", "json:notebook": "json"}


class SharedDocuments:
    """For one server. ``to_workspace`` gives the workspace path of a contents path, None if it is
    not synced."""

    def __init__(
        self, server: Any, to_workspace: Callable[[str], str | None], log: logging.Logger
    ) -> None:
        self._server = server
        self._to_workspace = to_workspace
        self._log = log
        self._known: WeakSet[_Shared] = WeakSet()
        self._tasks: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Follow what is opened from now on, where jupyter-collaboration is there."""
        if self._extension() is None:
            return
        events = self._server.event_logger
        events.add_listener(schema_id=_EVENTS, listener=self._heard)
        events.add_listener(schema_id=_CONTENTS, listener=self._moved)
        contents = self._server.contents_manager
        contents.register_pre_save_hook(self.before_save)
        contents.register_post_save_hook(self.after_save)

    def end(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()

    def changed(self, paths: Iterable[str]) -> None:
        """These paths of the workspace, and what is below them, are others than before."""
        wanted = set(paths)
        for shared in tuple(self._known):
            path = self._to_workspace(shared.path)
            if path is not None and any(
                path == one or path.startswith(f"{one}/") for one in wanted
            ):
                self._take_in(shared)

    def before_save(self, *, model: dict[str, Any], path: str, **_: Any) -> None:
        """Raises HTTPError where a room would replace what it has not seen."""
        shared = self._saving(model.get("content"), path)
        if shared is None:
            return
        if self._to_workspace(path) is not None and stamp_of(self._on_disk(path)) != shared.stamp:
            self._take_in(shared)
            raise web.HTTPError(409, f"{path} was changed; it is merged before it is saved.")
        shared.saving = model["content"]

    def after_save(self, *, os_path: str, model: dict[str, Any], **_: Any) -> None:
        for shared in self._known:
            if shared.saving is not None and shared.path == model["path"]:
                shared.base, shared.saving = shared.saving, None
                shared.stamp = stamp_of(os_path)

    def _saving(self, content: object, path: str) -> _Shared | None:
        """The document whose room saves that; None for whoever else saves."""
        if not isinstance(content, (str, dict)):
            return None
        return next((one for one in self._known if one.path == path and one.gave(content)), None)

    async def _heard(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        """A room is opened or closed."""
        room, action = data.get("room", ""), data.get("action")
        if action == "initialize":
            await self._opened(room)
        elif action == "clean":
            for shared in tuple(self._known):
                if shared.room == room:
                    self._known.discard(shared)

    async def _opened(self, room: str) -> None:
        kind = _FORMATS.get(room.rpartition(":")[0])
        extension = self._extension()
        if kind is None or extension is None:
            return
        document = await extension.get_document(room_id=room, copy=False)
        if document is not None and not any(one.document is document for one in self._known):
            shared = _Shared(document, room, kind, self._together, self._digest)
            shared.stamp = stamp_of(self._on_disk(shared.path))
            self._known.add(shared)
            if self._looking is None or self._looking.done():
                self._looking = self._begin(self._look_for_missing())

    async def _moved(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        """A person has deleted or renamed a file, or the folder that it is in."""
        names = {"delete": "path", "rename": "source_path"}
        path = str(data.get(names.get(data.get("action", ""), "")) or "").strip("/")
        for shared in tuple(self._known):
            if path and f"{shared.path}/".startswith(f"{path}/"):
                shared.left = shared.path

    def _extension(self) -> Any:
        apps = self._server.extension_manager.extension_apps.get(_EXTENSION, ())
        return next(iter(apps), None)

    def _take_in(self, shared: _Shared) -> None:
        self._begin(self._take(shared))

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _take(self, shared: _Shared) -> None:
        if stamp_of(self._on_disk(shared.path)) is None:
            await self._deleted(shared)
            return
        contents = self._server.contents_manager
        kind = "notebook" if shared.kind == "json" else "file"
        try:
            stamp = stamp_of(self._on_disk(shared.path))
            model = await ensure_async(contents.get(shared.path, type=kind, format=shared.kind))
            content = model["content"]
            await shared.aset(content.replace("\r\n", "\n") if kind == "file" else content)
            shared.stamp = stamp
        except Exception:
            # The room looks at the file itself each second.
            self._log.exception("hubsync: %s could not be taken into its document", shared.path)

    async def _digest(self, path: str) -> str | None:
        """Of the file, as pages know it; None if nobody can tell."""
        contents = self._server.contents_manager
        try:
            model = await ensure_async(contents.get(path, content=False, require_hash=True))
        except Exception:
            return None
        digest = model.get("hash")
        return digest if isinstance(digest, str) else None

    async def _look_for_missing(self) -> None:
        """Until no document is open."""
        while self._known:
            await asyncio.sleep(_LOOK)
            for shared in tuple(self._known):
                if self._stays_away(shared):
                    await self._deleted(shared)

    def _stays_away(self, shared: _Shared) -> bool:
        """Whether the file is gone since the last look, too: a room may hear of a new name a second
        late."""
        path = shared.path
        if stamp_of(self._on_disk(path)) is not None:
            shared.missing = shared.left = None
            return False
        seen, shared.missing = shared.missing, path
        return path == seen and path != shared.left

    async def _deleted(self, shared: _Shared) -> None:
        """An edit outlives the other side's deletion (rule 3), also one that no room has saved:
        for without a file none saves."""
        mine = shared.document.get()
        if mine == shared.base or self._to_workspace(shared.path) is None:
            return
        place = self._on_disk(shared.path)
        try:
            await asyncio.to_thread(os.makedirs, os.path.dirname(place), exist_ok=True)
            if await asyncio.to_thread(write_new, place, _as_file(mine)):
                shared.base, shared.stamp = mine, stamp_of(place)
                self._log.warning("%s was deleted; what was typed in it is kept.", shared.path)
        except OSError:
            if not shared.failed:  # it is tried again each second
                self._log.exception("hubsync: %s could not be kept", shared.path)
            shared.failed = True
        else:
            shared.failed = False

    def _together(self, path: str, base: Any, mine: Any, theirs: Any) -> Any:
        """What the document shall hold. What cannot be merged is saved beside first."""
        from hubsync import merge_contents

        if self._to_workspace(path) is None:
            return theirs
        merged = merge_contents(path, *(_as_file(one) for one in (base, mine, theirs)))
        if merged is None:
            content = _as_file(mine)
            beside = keep_beside(self._server.contents_manager.root_dir, path, content)
            self._log.warning("%s: what was typed is kept in %s.", path, beside)
            return theirs
        if isinstance(theirs, str):
            return merged.decode("utf-8", "surrogatepass")
        return nbformat.reads(merged.decode(), as_version=4)

    def _on_disk(self, path: str) -> str:
        return os.path.join(self._server.contents_manager.root_dir, *path.strip("/").split("/"))


class _Shared:
    """One document. ``base``: what the file held when the room last saved or loaded it; ``stamp``:
    of that file; ``saving``: what the room is about to write. ``missing``: the path at which no
    file was at the last look; ``left``: the one from which a person took it away; ``failed``:
    whether what was typed could not be kept when it was last tried."""

    def __init__(
        self,
        document: Any,
        room: str,
        kind: str,
        together: Callable[[str, Any, Any, Any], Any],
        digest: Callable[[str], Coroutine[Any, Any, str | None]],
    ) -> None:
        self.document = document
        self.room = room
        self.kind = kind
        self.base: Any = document.get()
        self.saving: Any = None
        self.stamp: Stamp | None = None
        self.missing: str | None = None
        self.left: str | None = None
        self.failed = False
        self._together = together
        self._digest = digest
        self._given: deque[Any] = deque(maxlen=2)
        self._get = document.aget
        self._turn = asyncio.Lock()
        document.aget = self.aget
        document.aset = self.aset

    @property
    def path(self) -> str:
        return str(self.document.path)

    def gave(self, content: object) -> bool:
        """Whether it is what the document gave last: then it is the room that saves it."""
        return any(one is content for one in self._given)

    async def aget(self, *how: Any, **named: Any) -> Any:
        content = await self._get(*how, **named)
        self._given.append(content)
        return content

    async def aset(self, theirs: Any) -> None:
        """The file holds that now. Between the last look at the document and changing it nothing is
        awaited, so that nothing typed can fall in between."""
        async with self._turn:
            for turn in range(_TURNS):
                mine = self.document.get()
                merge = partial(self._together, self.path, self.base, mine, theirs)
                merged = merge() if turn == _TURNS - 1 else await asyncio.to_thread(merge)
                if self.document.get() == mine:
                    break
            self.base = theirs
            if merged != mine:
                self.document.set(merged)
            # Else a page takes the file for one that nobody has seen, and asks.
            digest = await self._digest(self.path)
            if digest is not None:
                self.document.hash = digest
        if merged == theirs:
            self.base = self.document.get()  # as the document tells it, to be compared with it
        else:
            # Once the room, which holds its lock now, has taken the document for saved.
            asyncio.get_running_loop().call_soon(self._unsaved)

    def _unsaved(self) -> None:
        self.document.dirty = True


def _as_file(content: Any) -> bytes:
    text = (
        content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=1)
    )
    return text.encode("utf-8", "surrogatepass")
