"""The index goes from one commit's tree to another's, at the price of what differs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from hubsync.model import Entry
from hubsync.remotes.git import index_file, index_writing
from hubsync.remotes.git.cache_tree import of_tree
from hubsync.remotes.git.index_lock import replaced
from hubsync.remotes.git.listing import differences, listed, read_tree
from hubsync.remotes.git.names import is_carried


def index_follows(repository: Any, before: Any, after: Any, seen: Mapping[str, Entry]) -> bool:
    """Bring the index from the tree ``before`` (None: there is none yet) to ``after``.

    False, and nothing is done, unless it is known to be just ``before``: somebody staged something,
    or it is of a kind that is left to libgit2. Raises LocalError if somebody else holds its lock.
    """
    path = os.path.join(repository.path, "index")
    return replaced(path, partial(_made, repository, path, (before, after), seen))


def look_again(repository: Any) -> None:
    """Before libgit2 writes the index anew: git is to look into what was edited in the second of
    the one that is there. libgit2 itself tells parts of a second apart, which git may not.

    Raises LocalError if somebody else holds its lock.
    """
    path = os.path.join(repository.path, "index")

    def made() -> bytes | None:
        index = index_file.read(path)
        if index is None or index is index_file.EMPTY:
            return None
        return index_writing.with_looks(index, int(os.stat(path).st_mtime))

    replaced(path, made)


@contextmanager
def looked_at_as_before(repository: Any) -> Iterator[None]:
    """libgit2 forgets which entries Git was told not to look at where it puts another content in
    their place."""
    path = os.path.join(repository.path, "index")
    old = index_file.read(path)
    yield

    def made() -> bytes | None:
        index = index_file.read(path)
        return None if old is None or index is None else index_writing.with_flags_of(old, index)

    if old is not None and index_file.places_unlooked(old):
        replaced(path, made)


def _made(
    repository: Any, path: str, trees: tuple[Any, Any], seen: Mapping[str, Entry]
) -> bytes | None:
    """The index after the move; None if it is not what it is moved from."""
    before, after = trees
    index = index_file.read(path)
    if index is None or not _is(index, before):
        return None
    found = list(
        differences(repository, before, after) if before is not None else listed(repository, after)
    )
    if not all(is_carried(at) for at, _, _ in found):
        return None  # a name that no index may hold, for one
    since = int(os.stat(path + ".lock").st_mtime)  # the lock was made a moment ago
    rows = {
        os.fsencode(at): _row(repository.workdir, (at, raw, mode), seen, since) if mode else None
        for at, raw, mode in found
    }
    tree = of_tree(partial(read_tree, repository), after.id.raw, index.tree)
    if index is not index_file.EMPTY:
        index = index_writing.without_racy(index, int(os.stat(path).st_mtime))
    return index_writing.with_entries(index, rows, tree)


def _is(index: index_file.Index, before: Any) -> bool:
    if before is None:
        return index is index_file.EMPTY
    return index.tree is not None and index.tree.tree == before.id.raw


def _row(root: str, found: tuple[str, bytes, int], seen: Mapping[str, Entry], since: int) -> bytes:
    """``since``: the second from which on a file's times tell git nothing."""
    path, raw, mode = found
    status = _vouched(root, found, seen.get(path), since)
    return index_writing.entry(os.fsencode(path), raw, mode, status)


def _vouched(
    root: str, found: tuple[str, bytes, int], known: Entry | None, since: int
) -> os.stat_result | None:
    """The status of the file if it still is the one that was known to hold that content: what
    somebody wrote since, git must see."""
    path, raw, _ = found
    if known is None or known.identity != raw.hex() or not known.inode:
        return None
    try:
        now = os.lstat(f"{root}/{path}")
    except OSError:
        return None
    if int(now.st_mtime) >= since:
        return None  # an edit in the same second would have the same times, to git
    evidence = (now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)
    return now if evidence == (known.inode, known.size, known.mtime, known.ctime) else None
