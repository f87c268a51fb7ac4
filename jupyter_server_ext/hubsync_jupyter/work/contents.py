"""A content as a browser can show it: text, a notebook, or why neither."""

from __future__ import annotations

import os
import stat
import tempfile
from typing import TYPE_CHECKING, Any, Final

from blake3 import blake3
from msgspec import DecodeError, json

from hubsync.errors import NoSuchVersion
from hubsync_cli import words

if TYPE_CHECKING:
    from hubsync import Workspace

LARGEST: Final = 10 << 20
"""Bytes of a content that is shown."""
CURRENT: Final = "current"
_LONGEST: Final = 4000
_NAME: Final = 255
"""Bytes of a path, and of a name in it, with which a system can be asked (limits.h, PATH_MAX)."""
Content = dict[str, Any]


def on_disk(workspace: Workspace, path: str) -> Content:
    """What stands at ``path`` now; nothing is followed out of the workspace (rule 14)."""
    file = inside(workspace.root, path)
    try:
        status = os.lstat(file)
    except (FileNotFoundError, NotADirectoryError):
        return _content(path, CURRENT, "absent", 0)
    modified = words.iso(status.st_mtime_ns)
    if stat.S_ISLNK(status.st_mode):
        target = os.readlink(file)
        return _content(path, CURRENT, "link", len(target), text=target, modified=modified)
    if stat.S_ISDIR(status.st_mode):
        return _content(path, CURRENT, "directory", 0, modified=modified)
    if not stat.S_ISREG(status.st_mode):
        return _content(path, CURRENT, "binary", 0, modified=modified)
    if status.st_size > LARGEST:
        return _content(path, CURRENT, "too-large", status.st_size, modified=modified)
    with open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), "rb") as opened:
        data = opened.read(LARGEST + 1)
    return {**told(path, CURRENT, data), "modified": modified}


def at(workspace: Workspace, path: str, version: str) -> Content:
    """One of the versions of ``path``. Raises NoSuchVersion, RemoteUnavailable."""
    if version == CURRENT:
        return on_disk(workspace, path)
    known = next((one for one in workspace.versions(path) if one.version == version), None)
    if known is None:
        raise NoSuchVersion(f"There is no version {version} of {path}.", "Look at its history.")
    when = words.iso(known.time)
    if known.digest is None:
        return _content(path, version, "absent", 0, modified=when)
    if known.size > LARGEST:
        return _content(path, version, "too-large", known.size, modified=when)
    with tempfile.TemporaryDirectory(prefix="hubsync-") as folder:
        target = os.path.join(folder, "content")
        workspace.read(path, version, target)
        with open(target, "rb") as opened:
            data = opened.read(LARGEST + 1)
    return {**told(path, version, data), "modified": when}


def told(path: str, version: str, data: bytes) -> Content:
    """A content by its bytes."""
    digest = blake3(data).hexdigest()
    if b"\0" in data:
        return _content(path, version, "binary", len(data), digest=digest)
    if path.endswith(".ipynb"):
        notebook = _notebook(data)
        if notebook is not None:
            return _content(path, version, "notebook", len(data), digest=digest, notebook=notebook)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return _content(path, version, "binary", len(data), digest=digest)
    return _content(path, version, "text", len(data), digest=digest, text=text)


def inside(root: str, path: str) -> str:
    """The absolute path of a workspace's path. Raises NoSuchVersion for what is outside."""
    parts = path.split("/")
    if len(os.fsencode(path)) > _LONGEST or any(len(os.fsencode(p)) > _NAME for p in parts):
        raise NoSuchVersion("No file can have so long a name.", "", "not-found")
    if not path or path.startswith("/") or "\0" in path or any(p in ("", ".", "..") for p in parts):
        raise NoSuchVersion(f"{path!r} is no path in the workspace.", "", "not-found")
    above = os.path.realpath(os.path.join(root, *parts[:-1]))
    if above != root and not above.startswith(root.rstrip("/") + "/"):
        raise NoSuchVersion(f"{path!r} leads out of the workspace.", "", "not-found")
    return os.path.join(above, parts[-1])


def _notebook(data: bytes) -> Any:
    try:
        found = json.decode(data)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("cells"), list) else None


def _content(
    path: str,
    version: str,
    kind: str,
    size: int,
    *,
    digest: str | None = None,
    modified: str | None = None,
    text: str | None = None,
    notebook: Any = None,
) -> Content:
    return {
        "path": path,
        "version": version,
        "kind": kind,
        "size": size,
        "digest": digest,
        "modified": modified,
        "text": text,
        "notebook": notebook,
    }
