"""Contents and trees between a repository and what the engine speaks of.

A file's identity is its blob's name (the SHA-1 of the content as Git stores it). Its digest is that
of the content as it lies in a working directory, after Git's own conversions (gitattributes(5)).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pygit2
from pygit2.enums import BlobFilter, FilterMode, ObjectType

from hubsync.core.paths import ancestors
from hubsync.model import Entry, Kind, Problem, Tree

FILE: Final = 0o100644
EXECUTABLE: Final = 0o100755
LINK: Final = 0o120000
SUBMODULE: Final = 0o160000
_DIRECTORY: Final = 0o040000

Modes = Mapping[str, tuple[Any, int]]
"""Path to the name and mode of what is there."""


def tree_of(repository: Any, commit: str) -> Any:
    """The tree of a commit; None for ``""``, which has none."""
    return repository[commit].peel(pygit2.Tree) if commit else None


def whole(repository: Any, tree: Any) -> dict[str, Entry]:
    """Every path of ``tree``."""
    index = pygit2.Index()
    index.read_tree(tree)
    found: dict[str, Entry] = {}
    for item in index:
        entry = entry_of(repository, item.id, item.mode)
        if entry is not None:
            found[item.path] = entry
    return found


def entry_of(repository: Any, name: Any, mode: int, before: Entry | None = None) -> Entry | None:
    """The entry for a blob; None for a submodule. ``before`` vouches for a digest that is known."""
    if mode == SUBMODULE:
        return None
    identity = str(name)
    if mode == LINK:
        target = os.fsdecode(repository[name].data)
        return Entry(Kind.LINK, len(target), target=target, identity=identity)
    executable = mode == EXECUTABLE
    if before is not None and before.kind is Kind.FILE and before.identity == identity:
        return Entry(Kind.FILE, before.size, before.digest, 0, executable, identity=identity)
    _, size = repository.odb.read_header(name)
    return Entry(Kind.FILE, size, None, 0, executable, identity=identity)


def mode_of(entry: Entry) -> int:
    return EXECUTABLE if entry.executable else FILE


def changed(repository: Any, before: Any, after: Any) -> Iterator[tuple[str, Any, int]]:
    """What differs between two trees (None: an empty one): path, name and mode of what is there
    now (0: nothing)."""
    if before is None and after is None:
        return
    if before is None:
        index = pygit2.Index()
        index.read_tree(after)
        yield from ((item.path, item.id, item.mode) for item in index)
        return
    diff = before.diff_to_tree(after) if after is not None else before.diff_to_tree()
    for delta in diff.deltas:
        old, new = os.fsdecode(delta.old_file.raw_path), os.fsdecode(delta.new_file.raw_path)
        if delta.status_char() == "D":
            yield old, None, 0
        else:
            yield new, delta.new_file.id, delta.new_file.mode


def tree_since(repository: Any, known: Tree, before: Any, after: Any) -> Tree:
    """``known``, which is of the tree ``before``, as it is in ``after``; on the same rows."""
    changes: dict[str, Entry | None] = {}
    for path, name, mode in changed(repository, before, after):
        found = entry_of(repository, name, mode, known.get(path)) if mode else None
        if found is not None or path in known:
            changes[path] = found
    return known.with_changes(changes)


def submodules(repository: Any, tree: Any) -> list[Problem]:
    """Submodules, there or here, stay what they are: a commit of another repository, which has a
    remote of its own."""
    index = repository.index
    index.read(False)
    found = {item.path for item in index if item.mode == SUBMODULE}
    if tree is not None and ".gitmodules" in tree:
        there = pygit2.Index()
        there.read_tree(tree)
        found |= {item.path for item in there if item.mode == SUBMODULE}
    return [
        Problem(path, "submodule", f"{path} is a submodule; it is not synced.", "Use git in it.")
        for path in sorted(found)
    ]


def is_free(tree: Any, puts: Mapping[str, tuple[Any, int] | None], path: str) -> bool:
    """Whether ``path`` can be added beside ``puts`` without taking a folder's or a file's place."""
    if any(one.startswith(f"{path}/") and made is not None for one, made in puts.items()):
        return False
    for above in (path, *ancestors(path)):
        if above != path and puts.get(above) is not None:
            return False
        there = tree[above] if tree is not None and above in tree else None
        if there is not None and (there.type == ObjectType.TREE) == (above == path):
            return False
    return True


def is_large_file(repository: Any, path: str) -> bool:
    """Whether Git LFS keeps the content elsewhere: in Git there is a pointer to it, which must not
    become the content itself."""
    return bool(repository.get_attr(path, "filter") == "lfs")


class Worktree:
    """Contents as they belong into a working directory, by the attributes of one commit: those on
    the disk may be older, or not there yet."""

    def __init__(self, repository: Any, commit: str) -> None:
        self._repository = repository
        self._commit = commit
        self._converts = converts(repository, commit)

    def content(self, path: str, name: Any) -> bytes:
        """Raises KeyError if there is no such blob."""
        blob = self._repository[name]
        if not self._converts:
            data: bytes = blob.data
            return data
        flags = BlobFilter.ATTRIBUTES_FROM_COMMIT
        with pygit2.BlobIO(
            blob, as_path=path, flags=flags, commit_id=pygit2.Oid(hex=self._commit)
        ) as converted:
            return bytes(converted.read())


def converts(repository: Any, commit: str) -> bool:
    """Whether anything may be converted at all: asking for each file costs more than reading it."""
    config = repository.config
    if "core.autocrlf" in config and config["core.autocrlf"] != "false":
        return True
    if os.path.exists(os.path.join(repository.path, "info", "attributes")):
        return True
    if "core.attributesfile" in config:
        return True
    tree = tree_of(repository, commit)
    if tree is None:
        return False
    index = pygit2.Index()
    index.read_tree(tree)
    return any(item.path.rpartition("/")[2] == ".gitattributes" for item in index)


def to_blob(repository: Any, path: str, data: bytes) -> Any:
    """Store a file's content as Git wants it; the blob's name."""
    filters = repository.load_filter_list(path, FilterMode.CLEAN)
    return repository.create_blob(data if filters is None else filters.apply_to_buffer(data))


def with_changes(repository: Any, tree: Any, changes: Mapping[str, tuple[Any, int] | None]) -> Any:
    """The name of ``tree`` (None: an empty one) with ``changes`` (None: gone). Directories that
    nothing changes in are not looked at."""
    nested: dict[str, Any] = {}
    # What is removed comes first: a file takes the place of a directory that is emptied.
    for path, change in sorted(changes.items(), key=lambda one: one[1] is not None):
        *above, name = path.split("/")
        level = nested
        for part in above:
            below = level.get(part)
            if not isinstance(below, dict):  # a file that was there gives way
                below = level[part] = {}
            level = below
        level[name] = change
    return _built(repository, tree, nested) or repository.TreeBuilder().write()


def _built(repository: Any, tree: Any, changes: Mapping[str, Any]) -> Any:
    """None if nothing is left: Git has no empty directories."""
    builder = repository.TreeBuilder(tree) if tree is not None else repository.TreeBuilder()
    for name, change in changes.items():
        there = tree[name] if tree is not None and name in tree else None
        if isinstance(change, dict):
            below = there if there is not None and there.type == ObjectType.TREE else None
            made = _built(repository, below, change)
            if made is not None:
                builder.insert(name, made, _DIRECTORY)
            elif below is not None:
                builder.remove(name)
        elif change is not None:
            builder.insert(name, *change)
        elif there is not None and there.type != ObjectType.TREE:
            builder.remove(name)
    return builder.write() if len(builder) else None
