"""What gitattributes(5) want done to a path's content: on the disk, or by one commit alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

import pygit2
from msgspec import Struct
from pygit2.enums import ConfigLevel

from hubsync.remotes.git.index_file import names_file
from hubsync.remotes.git.layout import common_folder

LFS: Final = "lfs"
FILE: Final = ".gitattributes"
_ENCODING: Final = "working-tree-encoding"
_SPECIAL: Final = (b"filter", b"ident", _ENCODING.encode())
_SAME_ENCODING: Final = ("", "utf-8", "utf8")


class Treatment(Struct, frozen=True):
    """``converts``: something may be done to the content. ``lfs``: it is kept by Git LFS.
    ``program``: only the git program can do it (a filter of the person's, another encoding)."""

    converts: bool = False
    lfs: bool = False
    program: bool = False


_NOTHING: Final = Treatment()
_USUAL: Final = Treatment(converts=True)


class Attributes:
    """The attributes of one place. Asked about a path, it looks at the files above it alone, and
    asks libgit2 only where these speak of what libgit2 cannot do."""

    def __init__(
        self, repository: Any, read: Callable[[str], bytes], get: Callable[[str, str], object]
    ) -> None:
        """``read``: the text of a file of attributes, if there is one. ``get``: libgit2's answer
        about a path and an attribute."""
        self._repository = repository
        self._read = read
        self._get = get
        outside = b"\n".join(texts_outside(repository))
        self._said: dict[str, tuple[bool, bool]] = {}
        self._outside = (bool(outside) or _autocrlf(repository), _is_special(outside))

    def of(self, path: str) -> Treatment:
        any_at_all, special = self._above(path.rpartition("/")[0])
        if not any_at_all:
            return _NOTHING
        if not special:
            return _USUAL
        driver, encoding = self._attribute(path, "filter"), self._attribute(path, _ENCODING)
        if driver == LFS:
            return Treatment(converts=True, lfs=True)
        foreign = bool(driver) and has_driver(self._repository, driver)
        # Of several $Id$ in a file libgit2 sees the first alone.
        foreign = foreign or self._get(path, "ident") is True
        return Treatment(converts=True, program=foreign or encoding.lower() not in _SAME_ENCODING)

    def _attribute(self, path: str, name: str) -> str:
        """Its value; ``""`` where it has none."""
        found = self._get(path, name)
        return found if isinstance(found, str) else ""

    def _above(self, directory: str) -> tuple[bool, bool]:
        known = self._said.get(directory)
        if known is None:
            above = self._above(directory.rpartition("/")[0]) if directory else self._outside
            text = self._read(f"{directory}/{FILE}" if directory else FILE)
            known = (above[0] or bool(text), above[1] or _is_special(text))
            self._said[directory] = known
        return known


def on_disk(repository: Any) -> Attributes:
    """As they are in the working directory, or else the index: what counts for what goes out. The
    index of a large clone is read only where it names such a file."""
    indexed = names_file(os.path.join(repository.path, "index"), FILE)

    def read(path: str) -> bytes:
        with suppress(OSError), open(os.path.join(repository.workdir, path), "rb") as file:
            return file.read()
        if not indexed or path not in repository.index:
            return b""
        return bytes(repository[repository.index[path].id].data)

    return Attributes(repository, read, repository.get_attr)


def has_driver(repository: Any, name: str) -> bool:
    """Whether the settings say how to filter so; where they do not, Git leaves contents alone."""
    config = repository.config
    return any(f"filter.{name}.{what}" in config for what in ("clean", "smudge", "process"))


def texts_outside(repository: Any) -> Iterator[bytes]:
    """The files of attributes that are in no tree."""
    folder = common_folder(repository)
    paths = [os.path.join(folder, "info", "attributes")]
    config = repository.config
    if "core.attributesfile" in config:
        paths.append(os.path.expanduser(config["core.attributesfile"]))
    else:
        xdg = pygit2.settings.search_path[ConfigLevel.XDG]
        paths += [os.path.join(one, "attributes") for one in xdg.split(os.pathsep) if one]
    for path in paths:
        with suppress(OSError), open(path, "rb") as file:
            text = file.read()
            if text:
                yield text


def _autocrlf(repository: Any) -> bool:
    config = repository.config
    return "core.autocrlf" in config and config["core.autocrlf"] != "false"


def _is_special(text: bytes) -> bool:
    return any(word in text for word in _SPECIAL)
