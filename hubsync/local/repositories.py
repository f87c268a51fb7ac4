"""Which directories are Git repositories of their own, told without opening them."""

from __future__ import annotations

import os
from typing import Final

_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LEADS: Final = "gitdir:"


def keeps_git(directory: str) -> bool:
    """Whether it is a repository's own folder, a bare one or a ``.git``; what makes one is from
    gitrepository-layout(5)."""
    return os.path.isfile(os.path.join(directory, "HEAD")) and all(
        os.path.isdir(os.path.join(directory, name)) for name in ("objects", "refs")
    )


def is_own_submodule(root: str, directory: str, descriptor: int) -> bool:
    """Whether the file ``.git`` in the open ``directory`` leads into the workspace's own ``.git``:
    a submodule of the repository that the workspace is, see gitrepository-layout(5)."""
    try:
        file = os.open(".git", _READ, dir_fd=descriptor)
    except OSError:
        return False
    try:
        text = os.read(file, 8192).decode("utf-8", "surrogateescape")
    finally:
        os.close(file)
    if not text.startswith(_LEADS):
        return False
    there = os.path.join(root, directory, text.removeprefix(_LEADS).strip())
    modules = os.path.join(os.path.realpath(root), ".git", "modules")
    return os.path.realpath(there).startswith(modules + os.sep)
