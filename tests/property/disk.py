"""What lies in a directory, and a user's ways to change it."""

from __future__ import annotations

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
    found: set[bytes] = set()
    stage = Layout(root).stage
    for directory, _, names in os.walk(root):
        if directory == stage:
            continue
        for name in names:
            full = os.path.join(directory, name)
            if os.path.isfile(full) and not os.path.islink(full):
                with open(full, "rb") as file:
                    found.add(file.read())
    return found


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
