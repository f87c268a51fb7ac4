"""What lies in a directory, and a user's ways to change it."""

from __future__ import annotations

import functools
import os
import shutil
import stat
from collections.abc import Iterator
from typing import NamedTuple

from hubsync.local.layout import Layout
from hubsync.model import METADATA_DIR


class Item(NamedTuple):
    """One path: ``what`` is ``file``, ``link``, ``dir`` or ``other``; ``empty``: of directories."""

    what: str
    data: bytes = b""
    executable: bool = False
    empty: bool = False


Files = dict[str, Item]


def read_tree(root: str) -> Files:
    """Everything below ``root`` but hubsync's own folder."""
    found: Files = {}
    for path, full in _walk(root, ""):
        status = os.lstat(full)
        if stat.S_ISREG(status.st_mode):
            with open(full, "rb") as file:
                found[path] = Item("file", file.read(), bool(status.st_mode & stat.S_IXUSR))
        elif stat.S_ISLNK(status.st_mode):
            found[path] = Item("link", os.fsencode(os.readlink(full)))
        elif stat.S_ISDIR(status.st_mode):
            found[path] = Item("dir", empty=not os.listdir(full))
        else:
            found[path] = Item("other")
    return found


def _walk(root: str, below: str) -> Iterator[tuple[str, str]]:
    for name in sorted(os.listdir(os.path.join(root, below))):
        path = f"{below}/{name}" if below else name
        full = os.path.join(root, path)
        if path == METADATA_DIR:
            continue
        yield path, full
        if os.path.isdir(full) and not os.path.islink(full):
            yield from _walk(root, path)


def contents(root: str) -> set[bytes]:
    """The bytes of every file below ``root``, hubsync's trash included. The staging area is emptied
    at any time: what lies there alone is lost."""
    layout = Layout(root)
    found: set[bytes] = set()
    todo = [root]
    while todo:
        directory = todo.pop()
        trashed = directory.startswith(layout.trash)
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    todo.append(entry.path)
                elif directory != layout.stage and entry.is_file(follow_symlinks=False):
                    found.add(_trashed(entry) if trashed else _read(entry.path))
    return found


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.read()


def _trashed(entry: os.DirEntry[str]) -> bytes:
    """The trash grows all the time, and nobody works in it: read again only where it changed."""
    now = entry.stat(follow_symlinks=False)
    return _as_it_lay(entry.path, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)


@functools.lru_cache(4096)
def _as_it_lay(path: str, *_: int) -> bytes:
    return _read(path)


def remove(full: str) -> None:
    """Whatever it is; nothing if it is not there."""
    if os.path.isdir(full) and not os.path.islink(full):
        shutil.rmtree(full)
    elif os.path.lexists(full):
        os.unlink(full)


def make_room(root: str, path: str) -> None:
    """Directories above ``path``; what else is in the way goes, ``path`` itself too if no file."""
    parts = path.split("/")
    for count in range(1, len(parts)):
        above = os.path.join(root, *parts[:count])
        if not os.path.isdir(above) or os.path.islink(above):
            remove(above)
            os.mkdir(above)
    full = os.path.join(root, path)
    if os.path.lexists(full) and not stat.S_ISREG(os.lstat(full).st_mode):
        remove(full)


def write(root: str, path: str, data: bytes) -> None:
    make_room(root, path)
    with open(os.path.join(root, path), "wb") as file:
        file.write(data)


def save_by_rename(root: str, path: str, data: bytes) -> None:
    """As many editors save: aside, then renamed over the old file. The mode is kept."""
    make_room(root, path)
    full = os.path.join(root, path)
    mode = stat.S_IMODE(os.lstat(full).st_mode) if os.path.lexists(full) else 0o644
    with open(full + "~", "wb") as file:
        file.write(data)
    os.chmod(full + "~", mode)
    os.rename(full + "~", full)
