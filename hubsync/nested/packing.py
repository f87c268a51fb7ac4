"""A looked-at repository made into one file: a bundle with what none of its remotes has."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any, Final

import pygit2
from pygit2.enums import ObjectType

from hubsync.nested import bundle, findings
from hubsync.nested.bundle import RECORD
from hubsync.nested.findings import Untold
from hubsync.nested.look import Looked, commit_of
from hubsync.nested.pack import LARGEST
from hubsync.nested.state import Capture, encoded
from hubsync.remotes.git.objects import SUBMODULE

_NOBODY: Final = pygit2.Signature("hubsync", "hubsync@localhost", 0, 0)
_MEMORY: Final = {"pack.windowMemory": 32 << 20, "pack.deltaCacheSize": 2 << 20}
"""Bytes; see git-config(1). The second is for libgit2 also the size from which on files are not
compared with one another, which would take long, and all of them in memory."""


def pack_into(target: str, path: str, seen: Looked, capture: Capture) -> None:
    """Write the bundle of the repository ``path`` to the file ``target``. Raises Untold for a file
    that is too large, pygit2.GitError or KeyError where objects are missing, OSError."""
    scratch = seen.scratch
    empty = scratch.TreeBuilder().write()
    record = scratch.create_commit(None, _NOBODY, _NOBODY, encoded(capture), empty, [])
    refs = capture.state.tips()
    commits = unpushed(seen)
    needs = _needs(scratch, commits, refs.values())
    for key, value in _MEMORY.items():
        scratch.config[key] = value
    builder = pygit2.PackBuilder(scratch)
    builder.set_threads(1)
    for name in (record, empty, *_tags(scratch, refs.values()), *commits):
        builder.add(name)
    added: set[Any] = set()
    for name in commits:
        commit = scratch[name]
        before = commit.parents[0].tree.id if commit.parent_ids else None
        for one, file in _new(scratch, before, commit.tree.id, added):
            size = scratch.odb.read_header(one)[1]
            if size > LARGEST:
                raise Untold(findings.large_file(path, file, size, LARGEST))
            builder.add(one)
    with tempfile.TemporaryDirectory(dir=scratch.path) as folder:
        builder.write(folder)
        (pack,) = (one for one in os.listdir(folder) if one.endswith(".pack"))
        with open(os.path.join(folder, pack), "rb") as source, open(target, "wb") as made:
            made.write(bundle.header({**refs, RECORD: str(record)}, needs))
            shutil.copyfileobj(source, made, 1 << 20)


def unpushed(seen: Looked) -> dict[Any, None]:
    """The commits that no remote is known to have, as an ordered set, newest first."""
    walk = seen.scratch.walk(None)
    for name in seen.state.tips().values():
        commit = commit_of(seen.scratch, name)
        if commit is not None:
            walk.push(commit)
    for tip in seen.pushed:
        walk.hide(tip)
    return {commit.id: None for commit in walk}


def _needs(scratch: Any, commits: dict[Any, None], tips: Any) -> list[str]:
    """What has to be there before the bundle can be used."""
    found = {parent for name in commits for parent in scratch[name].parent_ids}
    for name in tips:
        found.add(commit_of(scratch, name))
    return [str(name) for name in found if name is not None and name not in commits]


def _tags(scratch: Any, tips: Any) -> Iterator[Any]:
    """Tag objects, and what is tagged if it is no commit."""
    for name in tips:
        found = scratch[name]
        while isinstance(found, pygit2.Tag):
            yield found.id
            found = found.get_object()
        if isinstance(found, pygit2.Blob):
            yield found.id
        elif isinstance(found, pygit2.Tree):
            for one, _ in _new(scratch, None, found.id, set()):
                yield one


def _new(
    scratch: Any, before: Any, after: Any, added: set[Any], prefix: str = ""
) -> Iterator[tuple[Any, str]]:
    """Trees and files of ``after`` that ``before`` does not have at the same place, with their
    paths."""
    if after == before or after in added:
        return
    added.add(after)
    yield after, prefix
    known = {} if before is None else {one.name: one for one in scratch[before]}
    for item in scratch[after]:
        there = known.get(item.name)
        if (there is not None and there.id == item.id) or item.filemode == SUBMODULE:
            continue
        if item.type == ObjectType.TREE:
            folder = there is not None and there.type == ObjectType.TREE
            below = there.id if folder and there else None
            yield from _new(scratch, below, item.id, added, f"{prefix}{item.name}/")
        elif item.id not in added:
            added.add(item.id)
            yield item.id, prefix + item.name
