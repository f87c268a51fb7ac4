"""Which files of ignore rules Git asks that are in no working directory (gitignore(5))."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final

import pygit2
from pygit2.enums import ConfigLevel

from hubsync.remotes.git.layout import common_folder

_EXCLUDES: Final = "core.excludesfile"
EXCLUDE: Final = ".git/info/exclude"


def outside(repository: Any) -> Iterator[tuple[str, str]]:
    """Each file, by a name for people and its path, the first in rank first. It may be absent."""
    yield EXCLUDE, os.path.join(common_folder(repository), "info", "exclude")
    yield from _everywhere(repository)


def text_of(path: str) -> str:
    """What a file of rules says; nothing where none can be read, as Git has it."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _everywhere(repository: Any) -> Iterator[tuple[str, str]]:
    """The person's own file for all repositories; without one in the settings, the usual one."""
    config = repository.config
    if _EXCLUDES in config:
        said = os.path.expanduser(config[_EXCLUDES])
        if said:
            yield config[_EXCLUDES], os.path.join(repository.workdir, said)
        return
    for folder in pygit2.settings.search_path[ConfigLevel.XDG].split(os.pathsep):
        if folder:
            yield "git/ignore", os.path.join(folder, "ignore")
