"""What a page saves over and has not read is kept: the work of another hub that came just then.

JupyterLab looks whether a file is still the one that it loaded, and then sends what it saves. What
a sync brings between the two would be replaced unseen. So the server keeps in mind which file
Jupyter last read or saved under each path. Where a save finds another one, that one is kept beside
as a conflict copy first (rule 3).

A file counts as read with its content and digest, as JupyterLab asks for both (`Contents.get`); of
what is read otherwise nothing is known, and nothing is kept. One method of Jupyter's contents
manager is wrapped for that, and two of its hooks are used.
"""

from __future__ import annotations

import hashlib
import inspect
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any, Final

from msgspec import Struct

from hubsync_jupyter.beside import Stamp, keep_beside, stamp_of

_MOST: Final = 5000
"""So many paths are kept in mind."""
_LARGEST: Final = 64 << 20
"""Bytes. What is larger is no document that is typed in."""


class _Known(Struct, frozen=True):
    stamp: Stamp
    algorithm: str
    digest: str


class Unread:
    """For one server. ``to_workspace`` gives the workspace path of a contents path, None if it is
    not synced."""

    def __init__(
        self, contents: Any, to_workspace: Callable[[str], str | None], log: logging.Logger
    ) -> None:
        self._contents = contents
        self._to_workspace = to_workspace
        self._log = log
        self._known: dict[str, _Known] = {}
        self._get = contents.get

    def begin(self) -> None:
        """Look at what is read and saved from now on. Does nothing where files lie elsewhere."""
        if hasattr(self._contents, "root_dir"):
            self._contents.get = self.get
            self._contents.register_pre_save_hook(self.before_save)
            self._contents.register_post_save_hook(self.after_save)

    def get(self, path: str, content: bool = True, *how: Any, **named: Any) -> Any:
        """`ContentsManager.get`, which is a coroutine in some."""
        stamp = stamp_of(self._on_disk(path)) if content else None
        found = self._get(path, content, *how, **named)
        if stamp is None:
            return found
        if inspect.isawaitable(found):
            return self._awaited(path, stamp, found)
        return self._read(path, stamp, found)

    async def _awaited(self, path: str, stamp: Stamp, found: Awaitable[Any]) -> Any:
        return self._read(path, stamp, await found)

    def _read(self, path: str, stamp: Stamp, model: Any) -> Any:
        digest, algorithm = model.get("hash"), model.get("hash_algorithm")
        if digest and algorithm:
            self._remember(path, _Known(stamp, algorithm, digest))
        return model

    def before_save(self, *, model: dict[str, Any], path: str, **_: Any) -> None:
        """Keep what would be replaced unread."""
        known = self._known.get(path.strip("/"))
        place = self._on_disk(path)
        if known is None or self._to_workspace(path) is None or stamp_of(place) == known.stamp:
            return
        content = _content(place)
        if content is None or hashlib.new(known.algorithm, content).hexdigest() == known.digest:
            return  # nothing to keep, or only the file's time is another one
        if content == _sent(model):
            return
        beside = keep_beside(self._contents.root_dir, path, content)
        if beside is not None:
            self._log.warning("%s came while it was saved; it is kept in %s.", path, beside)

    def after_save(self, *, os_path: str, model: dict[str, Any], **_: Any) -> None:
        path, stamp = model["path"], stamp_of(os_path)
        known = self._known.pop(path.strip("/"), None)
        content = None if known is None or stamp is None else _content(os_path)
        if known is not None and stamp is not None and content is not None:
            digest = hashlib.new(known.algorithm, content).hexdigest()
            self._remember(path, _Known(stamp, known.algorithm, digest))

    def _remember(self, path: str, known: _Known) -> None:
        name = path.strip("/")
        self._known.pop(name, None)
        self._known[name] = known  # the last one read is the last one forgotten
        if len(self._known) > _MOST:
            del self._known[next(iter(self._known))]

    def _on_disk(self, path: str) -> str:
        return os.path.join(self._contents.root_dir, *path.strip("/").split("/"))


def _content(place: str) -> bytes | None:
    try:
        if os.path.getsize(place) > _LARGEST:
            return None
        with open(place, "rb") as file:
            return file.read()
    except OSError:
        return None


def _sent(model: dict[str, Any]) -> bytes | None:
    """What a text will be on the disk; of others nobody can tell."""
    content = model.get("content")
    return content.encode("utf-8", "surrogatepass") if isinstance(content, str) else None
