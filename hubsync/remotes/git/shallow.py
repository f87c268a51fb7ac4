"""Where the history of a shallow clone ends: gitrepository-layout(5), ``shallow``."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pygit2

from hubsync.remotes.git.layout import common_folder

SHALLOW: Final = "shallow"


def shallow_in(folder: str) -> frozenset[str]:
    """The commits where history ends in the repository whose ``.git`` that is."""
    try:
        with open(os.path.join(folder, SHALLOW), encoding="ascii", errors="replace") as file:
            return frozenset(file.read().split())
    except FileNotFoundError:
        return frozenset()


def end_history(folder: str, commits: Iterable[str]) -> None:
    """Let it end at these commits, and nowhere else."""
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False) as made:
        made.writelines(f"{one}\n" for one in sorted(commits))
    os.chmod(made.name, 0o644)
    os.replace(made.name, os.path.join(folder, SHALLOW))


@contextmanager
def kept(repository: Any) -> Iterator[Any]:
    """The repository to fetch into; its history ends where it did afterwards. libgit2 takes a
    shallow clone for a whole one after a fetch from a folder, though what was missing of its
    history still is; and what is opened remembers that."""
    folder = common_folder(repository)
    ends = shallow_in(folder)
    if not ends:
        yield repository
        return
    opened = pygit2.Repository(repository.path)
    try:
        yield opened
    finally:
        opened.free()
        if shallow_in(folder) != ends:
            end_history(folder, ends)
