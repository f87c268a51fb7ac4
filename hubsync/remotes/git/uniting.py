"""What one hub changed goes on top of what others have put on a branch: nothing of theirs is lost.

Where both changed a path, this hub's content takes it, and the other one goes beside it under the
name of a conflict copy (rules 3 and 5). Contents are not merged: on a side branch a person does.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, count
from typing import Any

from pygit2.enums import ObjectType

from hubsync.core.conflicts import copy_names
from hubsync.core.paths import ancestors
from hubsync.remotes.git import objects
from hubsync.remotes.git.listing import TREE

Found = tuple[Any, int]
"""The name and mode of what is at a path."""


def united(repository: Any, base: Any, ours: Any, theirs: Any) -> Any:
    """The name of the tree ``theirs`` with what ``ours`` changed since ``base`` (None: an empty
    tree)."""
    changes: dict[str, Found | None] = {}
    copies: dict[str, Found] = {}
    for path, name, mode in objects.changed(repository, base, ours):
        made, there = (name, mode) if mode else None, _at(theirs, path)
        if made == there:
            continue
        if there is not None and there != _at(base, path) and there[1] != TREE:
            if made is None:
                continue  # an edit survives a deletion
            copies[path] = there
        changes[path] = made
    for path in [path for path, made in changes.items() if made is not None]:
        _make_room(repository, theirs, path, changes, copies)
    for path, found in copies.items():
        changes[_free_name(theirs, changes, path, found)] = found
    return objects.with_changes(repository, theirs, changes)


def _make_room(
    repository: Any,
    theirs: Any,
    path: str,
    changes: dict[str, Found | None],
    copies: dict[str, Found],
) -> None:
    """A file of theirs where ours has a folder goes beside it; a file of ours goes beside a folder
    in which something of theirs stays."""
    for above in ancestors(path):
        there = _at(theirs, above)
        if there is not None and there[1] != TREE and above not in changes:
            copies[above] = there
            changes[above] = None
    there, ours = _at(theirs, path), changes[path]
    if there is None or there[1] != TREE or ours is None:
        return
    below = (f"{path}/{one}" for one, _, _ in objects.changed(repository, None, theirs[path]))
    if any(one not in changes or changes[one] is not None for one in below):
        copies[path] = ours
        del changes[path]


def _free_name(theirs: Any, changes: Mapping[str, Found | None], path: str, found: Found) -> str:
    """A conflict copy's name; one that holds the same already is as good."""
    names = list(copy_names(path, found[0].raw))
    more = (f"{names[-1]}.{number}" for number in count(1))
    free = (
        one for one in chain(names, more) if changes.get(one, _at(theirs, one)) in (None, found)
    )
    return next(free)


def _at(tree: Any, path: str) -> Found | None:
    if tree is None or path not in tree:
        return None
    there = tree[path]
    return there.id, TREE if there.type == ObjectType.TREE else int(there.filemode)
