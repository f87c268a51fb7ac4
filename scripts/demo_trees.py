"""What lies in a folder, read with nothing but the operating system, to compare sides."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

METADATA = ".hubsync"
_TEXT_LIMIT = 1_000_000


class Node(NamedTuple):
    """One path: a file, a link or an empty directory."""

    kind: str
    content: str
    executable: bool
    mtime: int


Nodes = dict[str, Node]


def read_tree(root: Path) -> Nodes:
    """Every file, link and empty directory below ``root``; ``.hubsync`` at its top left out."""
    return dict(_walk(os.fspath(root), ""))


def contents(root: Path) -> set[str]:
    """The digest of every file below ``root``, ``.hubsync`` included: what can still be found."""
    return {
        digest_of(os.path.join(folder, name))
        for folder, _, names in os.walk(root)
        for name in names
        if stat.S_ISREG(os.lstat(os.path.join(folder, name)).st_mode)
    }


def digest_of(path: str | Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _walk(root: str, prefix: str) -> Iterator[tuple[str, Node]]:
    for entry in os.scandir(os.path.join(root, prefix)):
        path = f"{prefix}{entry.name}"
        if path == METADATA:
            continue
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            yield path, Node("link", os.readlink(entry.path), False, 0)
        elif stat.S_ISDIR(status.st_mode):
            below = list(_walk(root, f"{path}/"))
            yield from below or [(path, Node("empty directory", "", False, 0))]
        elif stat.S_ISREG(status.st_mode):
            executable = bool(status.st_mode & stat.S_IXUSR)
            yield path, Node("file", digest_of(entry.path), executable, status.st_mtime_ns)


def differences(one: Nodes, other: Nodes) -> list[str]:
    """In words, what is not the same in two trees."""
    found = []
    for path in sorted(one.keys() | other.keys()):
        left, right = one.get(path), other.get(path)
        if left is None or right is None:
            found.append(f"{path!r}: only on {'the second' if left is None else 'the first'}")
            continue
        unequal = [
            f"{name} {mine!r} and {theirs!r}"
            for name, mine, theirs in zip(Node._fields, left, right, strict=True)
            if mine != theirs
        ]
        if unequal:
            found.append(f"{path!r}: {', '.join(unequal)}")
    return found


def copy_folder(source: Path, target: Path) -> int:
    """Copy files (with times and modes), links and directories; how many files there were.

    Sockets, pipes and devices are left out, and so is a ``.hubsync`` at the top: the copy is a
    workspace of its own.
    """
    copied = 0
    target.mkdir(parents=True)
    for folder, directories, names in os.walk(source):
        here = target / os.path.relpath(folder, source)
        if Path(folder) == source and METADATA in directories:
            directories.remove(METADATA)
        for name in list(directories):
            if os.path.islink(os.path.join(folder, name)):
                directories.remove(name)
                names.append(name)
            else:
                (here / name).mkdir()
        for name in names:
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            if stat.S_ISREG(mode) or stat.S_ISLNK(mode):
                shutil.copy2(path, here / name, follow_symlinks=False)
                copied += 1
    return copied


def text_lines(path: Path) -> list[str] | None:
    """The lines of a text that can be merged by lines, or None."""
    if path.suffix == ".ipynb" or path.stat().st_size > _TEXT_LIMIT:
        return None
    data = path.read_bytes()
    try:
        lines = data.decode().split("\n")
    except UnicodeDecodeError:
        return None
    return lines if "\0" not in lines[0] and len(lines) >= 8 else None
