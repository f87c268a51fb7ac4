"""Contents and trees between a repository and what the engine speaks of.

A file's identity is its blob's name (the SHA-1 of the content as Git stores it). Its digest is that
of the content as it lies in a working directory, after Git's own conversions (gitattributes(5)).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pygit2
from pygit2.enums import ObjectType

from hubsync.core.paths import ancestors
from hubsync.model import Entry, Kind, Tree
from hubsync.remotes.git.index_file import may_hold_submodules
from hubsync.remotes.git.listing import TREE, Found, differences, entries, listed
from hubsync.remotes.git.names import is_carried

FILE: Final = 0o100644
EXECUTABLE: Final = 0o100755
LINK: Final = 0o120000
SUBMODULE: Final = 0o160000

Modes = Mapping[str, tuple[Any, int]]
"""Path to the name and mode of what is there."""


def tree_of(repository: Any, commit: str) -> Any:
    """The tree of a commit; None for ``""``, which has none."""
    return repository[commit].peel(pygit2.Tree) if commit else None


def whole(repository: Any, tree: Any) -> dict[str, Entry]:
    """Every path of ``tree`` that may be carried (rule 14)."""
    found: dict[str, Entry] = {}
    header = repository.odb.read_header
    for path, raw, mode in listed(repository, tree):
        if not is_carried(path):
            continue
        if mode in (FILE, EXECUTABLE):
            _, size = header(pygit2.Oid(raw=raw))
            found[path] = Entry(Kind.FILE, size, None, 0, mode == EXECUTABLE, identity=raw.hex())
            continue
        entry = entry_of(repository, pygit2.Oid(raw=raw), mode)
        if entry is not None:
            found[path] = entry
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
    found: Iterator[Found] = iter(())
    if before is not None:
        found = differences(repository, before, after)
    elif after is not None:
        found = listed(repository, after)
    for path, raw, mode in found:
        yield path, pygit2.Oid(raw=raw) if mode else None, mode


def tree_since(repository: Any, known: Tree, before: Any, after: Any) -> Tree:
    """``known``, which is of the tree ``before``, as it is in ``after``; on the same rows."""
    changes: dict[str, Entry | None] = {}
    for path, name, mode in changed(repository, before, after):
        carried = mode and is_carried(path)
        found = entry_of(repository, name, mode, known.get(path)) if carried else None
        if found is not None or path in known:
            changes[path] = found
    return known.with_changes(changes)


def submodules(repository: Any, tree: Any) -> frozenset[str]:
    """Where submodules are, there or here. They stay what they are: a commit of another repository,
    which has a remote of its own."""
    found: set[str] = set()
    if may_hold_submodules(os.path.join(repository.path, "index")):
        index = repository.index
        index.read(False)
        found = gitlinks(index)
    if tree is not None and ".gitmodules" in tree:
        found |= {path for path, _, mode in listed(repository, tree) if mode == SUBMODULE}
    return frozenset(found)


def gitlinks(index: Any) -> set[str]:
    """The submodules in an index."""
    return {item.path for item in index if item.mode == SUBMODULE}


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
    """None if nothing is left: Git has no empty directories. Written byte by byte, since libgit2's
    own builder cannot be told of a name that is no text; what nobody changes stays as it is, be it
    odd."""
    rows: dict[bytes, list[tuple[int, bytes]]] = {}
    for mode, key, raw in entries(tree.read_raw()) if tree is not None else ():
        rows.setdefault(key, []).append((mode, raw))
    for name, change in changes.items():
        key = os.fsencode(name)
        mode, raw = rows.get(key, [(0, b"")])[-1]
        if isinstance(change, dict):
            below = repository[pygit2.Oid(raw=raw)] if mode == TREE else None
            made = _built(repository, below, change)
            if made is not None:
                rows[key] = [(TREE, made.raw)]
            elif below is not None:
                del rows[key]
        elif change is not None:
            rows[key] = [(change[1], change[0].raw)]
        elif mode not in (0, TREE):
            del rows[key]
    return repository.write(ObjectType.TREE, _tree_bytes(rows)) if rows else None


def _tree_bytes(rows: Mapping[bytes, Sequence[tuple[int, bytes]]]) -> bytes:
    """A tree object (gitformat-pack(5), "tree"): directories are sorted as if they ended in /."""
    flat = [(name, mode, raw) for name, found in rows.items() for mode, raw in found]
    flat.sort(key=lambda row: row[0] + b"/" if row[1] == TREE else row[0])
    return b"".join(b"%o %s\0%s" % (mode, name, raw) for name, mode, raw in flat)
