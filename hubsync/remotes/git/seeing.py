"""What the remote holds, as one value for the engine."""

from __future__ import annotations

from typing import Any

from hubsync.model import Tree
from hubsync.remotes.git import contents, news, objects, tips
from hubsync.remotes.git.mode import Mode
from hubsync.remotes.git.names import uncarried
from hubsync.remotes.protocol import Known, Snapshot


def identity(mode: Mode) -> str:
    """The remote's id: another branch is another remote."""
    return f"{mode.clone.place.url}#{mode.target}"


def snapshot(mode: Mode, known: Known | None, revision: str) -> Snapshot:
    """The remote at ``revision``, which lies here (``""``: it holds nothing), on the rows of what
    is known. What a person may want to know of it is told."""
    repository = mode.clone.repository
    after = objects.tree_of(repository, revision)
    was = known.revision if known is not None else ""
    there = known is not None and tips.is_commit(repository, was)
    anew = False
    if there and revision and not tips.descends(repository, revision, was):
        anew = mode.is_anew(was, revision)
    seen = objects.tree_of(repository, was) if there else None
    if known is None:
        tree = Tree(objects.whole(repository, after) if after is not None else {})
    elif was == revision:
        tree = known.tree
    elif there:
        tree = objects.tree_since(repository, known.tree, seen, after)
    else:
        rows = objects.whole(repository, after) if after is not None else {}
        tree = known.tree.with_changes(contents.difference(known.tree, rows))
    found = objects.submodules(repository, after)
    new = sorted(p for p in found if _is_submodule(after, p) and not _is_submodule(seen, p))
    if new:
        mode.clone.news.tell(news.submodules(new))
    return Snapshot(
        identity(mode),
        revision,
        tree,
        tuple(uncarried(repository, seen, after, known.uncarried if known is not None else ())),
        unpublished=mode.has_news(revision),
        anew=anew,
        submodules=found,
        gone_branch=mode.target if not revision and _has_only_others(mode) else "",
    )


def _has_only_others(mode: Mode) -> bool:
    """Whether the branch that is checked out is followed, and the remote has others only."""
    branches = mode.clone.transport.listed
    return mode.target == mode.clone.branch and bool(branches) and mode.target not in branches


def _is_submodule(tree: Any, path: str) -> bool:
    return tree is not None and path in tree and tree[path].filemode == objects.SUBMODULE
