"""Contents as they belong into a working directory by the attributes of one commit, and back into
Git by those on the disk.

libgit2 asks the working directory for attributes first, whatever it is told. While a commit
arrives, these are older: a binary file would get the line ends of what was a text. So contents are
converted in a repository beside, which has the same objects and nothing of a tree.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack
from functools import cached_property
from typing import Any, Final

import pygit2
from pygit2.enums import AttrCheck, BlobFilter, FilterMode
from pygit2.errors import check_error
from pygit2.ffi import C, ffi

from hubsync.core.paths import ancestors
from hubsync.errors import HubsyncError
from hubsync.leaks.gate import too_large
from hubsync.model import Problem
from hubsync.remotes.git import attributes, blobs, lfs, objects, program
from hubsync.remotes.git.layout import common_folder
from hubsync.remotes.git.packing import Contents

_NO_PROGRAM: Final = "Install git; or take the filter or encoding from .gitattributes."


class Worktree:
    """Contents by the attributes of one commit (``""``: there is none). To be closed."""

    def __init__(self, repository: Any, commit: str, read: blobs.Read | None = None) -> None:
        """``read``: how blobs are read, by default checked."""
        self._repository = repository
        self._read = read or blobs.checked(repository)
        self._commit = pygit2.Oid(hex=commit) if commit else None
        self._tree = objects.tree_of(repository, commit)
        self._closing = ExitStack()

    def close(self) -> None:
        """Remove what lies beside. A process that ends without this leaves it behind."""
        self._closing.close()

    def content(self, path: str, name: Any) -> bytes:
        """Raises KeyError if there is no such blob, LocalError and StoreError if the programs that
        the attributes ask for fail. Without git-lfs it is the pointer, unless the content is
        on this machine."""
        treatment = self._attributes.of(path)
        data = self._read(name)
        if not treatment.converts or self._commit is None:
            return data
        if treatment.lfs:
            if not lfs.is_pointer(data):
                return data
            if lfs.is_there():
                return lfs.smudge(self._repository, path, data, self._lfs_settings)
            found = lfs.on_this_machine(self._repository, path, data)
            return data if found is None else found
        if treatment.program:
            return self._by_program(path, name)
        with pygit2.BlobIO(
            self._beside[name],
            as_path=path,
            flags=BlobFilter.ATTRIBUTES_FROM_COMMIT,
            commit_id=self._commit,
        ) as converted:
            return bytes(converted.read())

    def at_hand(self, path: str, name: Any) -> bytes:
        """The content as far as it is on this machine: else its pointer, or what Git holds."""
        data: bytes = self._repository[name].data
        if lfs.is_pointer(data) and not lfs.is_here(self._repository, data):
            return data
        try:
            return self.content(path, name)
        except HubsyncError:
            return data

    def here(self, path: str, name: str) -> bytes | None:
        """The content as `content` gives it, if that needs nothing from elsewhere; else None."""
        try:
            oid = pygit2.Oid(hex=name)
            data: bytes = self._repository[oid].data
            if lfs.is_pointer(data) and self._attributes.of(path).lfs:
                return lfs.on_this_machine(self._repository, path, data)
            return self.content(path, oid)
        except (KeyError, ValueError, HubsyncError):
            return None  # a sync tells of what it cannot read

    def pointer(self, path: str, name: str) -> bytes | None:
        """The blob, if it is a pointer of Git LFS; only those that may be are read."""
        if not name or not self._attributes.of(path).lfs:
            return None
        data = self._repository[pygit2.Oid(hex=name)].data
        return data if lfs.is_pointer(data) else None

    def unobtainable(self, path: str, pointer: bytes) -> Problem | None:
        """Why a content cannot be had, without trying."""
        if lfs.is_there() or lfs.on_this_machine(self._repository, path, pointer) is not None:
            return None
        return lfs.only_pointer(path)

    def problem(self, path: str, data: bytes) -> Problem | None:
        """What has to be said of a content that came."""
        if lfs.is_pointer(data) and self._attributes.of(path).lfs:
            return lfs.only_pointer(path)
        return None

    @cached_property
    def _attributes(self) -> attributes.Attributes:
        return attributes.Attributes(self._repository, self._text, self._attribute)

    def _attribute(self, path: str, name: str) -> object:
        flags = AttrCheck.INDEX_ONLY | AttrCheck.INCLUDE_COMMIT
        return self._beside.get_attr(path, name, flags, self._commit)

    @cached_property
    def _lfs_settings(self) -> dict[str, str]:
        text = self._text(lfs.CONFIG)
        if not text:
            return {}
        path = os.path.join(self._beside.path, lfs.CONFIG)
        with open(path, "wb") as file:
            file.write(text)
        return lfs.settings_in(self._repository, path)

    def _text(self, path: str) -> bytes:
        if self._tree is None or path not in self._tree:
            return b""
        there = self._tree[path]
        return bytes(there.data) if isinstance(there, pygit2.Blob) else b""

    @cached_property
    def _beside(self) -> Any:
        folder = tempfile.mkdtemp(prefix="hubsync-git-")
        self._closing.callback(shutil.rmtree, folder, ignore_errors=True)
        return _beside(self._repository, folder)

    def _by_program(self, path: str, name: Any) -> bytes:
        """The git program takes attributes from files alone: it is given a folder with those."""
        folder = self._beside.path
        tree = os.path.join(folder, "attributes")
        os.makedirs(tree, exist_ok=True)
        for directory in (*ancestors(path), ""):
            text = self._text(os.path.join(directory, attributes.FILE))
            if text:
                os.makedirs(os.path.join(tree, directory), exist_ok=True)
                with open(os.path.join(tree, directory, attributes.FILE), "wb") as file:
                    file.write(text)
        where = [f"--git-dir={folder}", f"--work-tree={tree}"]
        arguments = ["cat-file", "--filters", f"--path={path}", str(name)]
        return program.run(["git", *where, *arguments], tree)


def _beside(repository: Any, folder: str) -> Any:
    """A bare repository with the objects and the settings of another one, and nothing else."""
    shared = common_folder(repository)
    pygit2.init_repository(folder, bare=True)
    with open(os.path.join(folder, "objects", "info", "alternates"), "w") as file:
        file.write(os.path.realpath(os.path.join(shared, "objects")) + "\n")
    for name in ("config", os.path.join("info", "attributes")):
        source = os.path.join(shared, name)
        if os.path.exists(source):
            shutil.copyfile(source, os.path.join(folder, name))
    settings = pygit2.Config(os.path.join(folder, "config"))
    settings["core.bare"] = True
    if "core.worktree" in settings:
        del settings["core.worktree"]
    return pygit2.Repository(folder)


class Storing:
    """Contents on their way into Git, by the attributes on the disk."""

    def __init__(self, repository: Any) -> None:
        self._repository = repository
        self._attributes = attributes.on_disk(repository)

    def problem(self, path: str, size: int, *, committed: bool) -> Problem | None:
        """Why a file of ``size`` bytes cannot go into Git; ``committed``: as in `too_large`."""
        treatment = self._attributes.of(path)
        if treatment.lfs:
            return None if lfs.is_there() else lfs.held_back(path)
        if treatment.program and not program.is_there("git"):
            return Problem(
                path,
                "git-program",
                f"{path} has a filter or an encoding that only the git program knows.",
                _NO_PROGRAM,
            )
        return too_large(path, size, committed=committed)

    def by_program(self, path: str) -> bool:
        """Whether libgit2 alone cannot do it."""
        treatment = self._attributes.of(path)
        return treatment.lfs or treatment.program

    def blob(self, path: str, data: bytes, contents: Contents) -> Any:
        """Store a file's content as Git wants it, among ``contents``; the blob's name. Raises
        LocalError."""
        repository, treatment = self._repository, self._attributes.of(path)
        if treatment.lfs:
            return contents.add(lfs.clean(repository, path, data))
        if treatment.program:
            arguments = ["git", "hash-object", "-w", "--stdin", f"--path={path}"]
            return pygit2.Oid(hex=program.run(arguments, repository.workdir, data).decode().strip())
        if not treatment.converts:
            return contents.add(data)
        filters = repository.load_filter_list(path, FilterMode.CLEAN)
        return contents.add(data if filters is None else _filtered(filters, data))


def _filtered(filters: Any, data: bytes) -> bytes:
    """As ``filters.apply_to_buffer(data)``, which in pygit2 1.x gives what is before the first NUL
    alone: of a binary file under ``text=auto`` that may be nothing."""
    buffer = ffi.new("git_buf *")
    check_error(C.git_filter_list_apply_to_buffer(buffer, filters._pointer, data, len(data)))
    try:
        return bytes(ffi.buffer(buffer.ptr, buffer.size)) if buffer.size else b""
    finally:
        C.git_buf_dispose(buffer)
