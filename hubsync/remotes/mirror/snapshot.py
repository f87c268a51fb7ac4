"""One instant of a mirror: the index, the listing laid over it, and what both know better now."""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import partial
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from hubsync.errors import ObjectNotFound, Unreachable
from hubsync.model import Entry, Kind, Tree
from hubsync.remotes.mirror import compare, lineage, revision, shape, wire
from hubsync.remotes.mirror.books import Books, HeadAt, Index
from hubsync.remotes.mirror.compare import Differences, Overlay
from hubsync.remotes.mirror.lineage import LastSeen
from hubsync.remotes.mirror.listing import Naming, list_files, shape_of
from hubsync.remotes.mirror.revision import Revision
from hubsync.remotes.mirror.witness import Listed
from hubsync.remotes.protocol import Known, Snapshot
from hubsync.stores.protocol import Store, TooLarge

_ATTEMPTS: Final = 5


class Seen(Struct, frozen=True):
    """A snapshot, with the head under it and the index's own tree for a publish that follows.

    ``as_recorded``: the listing, if there was one, showed just what the index says.
    """

    snapshot: Snapshot
    head: HeadAt
    recorded: Tree
    as_recorded: bool


class Basis(Struct, frozen=True):
    """What is known before anything is asked. ``tree`` None: nothing usable; ``last``: up to which
    sync its rows can be relied on."""

    tree: Tree | None
    last: int
    seen: LastSeen = LastSeen()
    identity: str = ""
    pending: frozenset[str] = frozenset()
    watched: frozenset[str] = frozenset()


def basis_of(known: Known | None, remote_id: str) -> Basis:
    """Whatever cannot be relied on makes everything be read anew, on the same rows."""
    if known is None or known.remote_id != remote_id:
        return Basis(None, 0)
    found = revision.parse(known.revision)
    if found is None:
        return Basis(known.tree, 0)
    seen = LastSeen(found.last, found.mark)
    if found.pending is None or found.watched is None:
        return Basis(known.tree, 0, seen)
    return Basis(
        known.tree,
        found.last,
        seen,
        found.identity,
        frozenset(found.pending),
        frozenset(found.watched),
    )


def _head(books: Books, basis: Basis) -> HeadAt:
    """The head now. One that was there and is gone is damage, not an empty index."""
    head = books.head()
    if basis.identity and not head.identity:
        raise wire.damaged("index/head", "it is gone")
    return head


def from_books(books: Books, known: Known | None, head: HeadAt | None = None) -> Seen:
    """The index alone, trusted as it is. ``head``: if it was read a moment ago."""
    basis = basis_of(known, books.remote_id)
    index = books.index(head or _head(books, basis), basis.tree, basis.last, basis.seen)
    return _seen(index, basis, Overlay({}, frozenset(), ()))


def from_listing(
    store: Store,
    books: Books,
    known: Known | None,
    journal: Mapping[str, Entry],
    doubted: Container[str] = (),
) -> Seen:
    """The index and the listing laid over it.

    The head is read before the listing begins, never beside it: a row must not be younger than the
    listing, or a file that another hub published just now would look deleted. ``doubted``: paths at
    which a write found something else than the last listing showed.
    """
    basis = basis_of(known, books.remote_id)
    index, found, named = _both(store, books, basis, doubted)
    journal = {**journal, **_links_found(store, index.tree, found, journal)}
    if _needs_second_look(found, journal):
        moved = books.head_unless(index.at.identity)
        if moved is not None:
            later = books.index(moved, index.tree, index.at.head.last)
            found = compare.settled(found, later.fresh)
            index = Index(
                later.at,
                later.tree,
                {**index.fresh, **later.fresh},
                index.problems + later.problems,
            )
    return _seen(index, basis, compare.overlay(index.tree, found, journal), named)


def _both(
    store: Store, books: Books, basis: Basis, doubted: Container[str]
) -> tuple[Index, Differences, str]:
    """The index, where the listing is not as it says, and the listing's name (see `Listed`)."""
    for _ in range(_ATTEMPTS):
        head = _head(books, basis)
        # How the files are spread says how best to list them; where that is not known, the index
        # is read first.
        first = books.index(head, None, 0, basis.seen) if basis.tree is None else None
        spread = first.tree if first is not None else basis.tree
        vouched = compare.vouched(spread or Tree(), head.mtime, doubted)
        naming = Naming()
        with list_files(store, partial(shape_of, spread or Tree()), vouched, naming) as listing:
            index = first or books.index(head, basis.tree, basis.last, basis.seen)
            found = compare.differences(index.tree, listing)
        if index.at.identity == head.identity:
            return index, found, "" if naming.doubtful else Listed(naming.name(), naming.shape).text
    raise Unreachable(
        "The remote's index keeps being rewritten while it is read.", "Try again in a moment."
    )


def _links_found(
    store: Store, tree: Tree, found: Differences, journal: Mapping[str, Entry]
) -> dict[str, Entry]:
    """Links whose objects nobody could name, recognised by their bytes: those that a killed publish
    was about to write and did, and those in the index without an identity."""
    written: dict[str, Entry] = {}
    for path, info in found.odd.items():
        entry = journal.get(path) or tree.get(path)
        if entry is None or entry.kind is not Kind.LINK or entry.identity:
            continue
        target = entry.target.encode()
        if info.size != len(target):
            continue
        try:
            read = store.read(path, limit=info.size)
        except (ObjectNotFound, TooLarge):
            continue
        if read is not None and read[0] == target and read[1].identity == info.identity:
            written[path] = replace(entry, identity=info.identity, size=info.size)
    return written


def _needs_second_look(found: Differences, journal: Mapping[str, Entry]) -> bool:
    """Whether what looks like another tool's doing may be a hub that published meanwhile."""
    return bool(found.missing) or any(key not in journal for key in found.odd)


def _seen(index: Index, basis: Basis, laid: Overlay, named: str = "") -> Seen:
    tree = index.tree.with_changes(laid.changes)
    changed = laid.changes.keys() | index.fresh.keys() | basis.watched
    fit = shape.misfits(tree, _before(basis), changed)
    tree = shape.without(tree, fit.emptied)
    pending = frozenset(path for path in basis.pending if path not in index.fresh)
    unrecorded = pending | laid.unrecorded | fit.emptied
    watched = frozenset(problem.path for problem in fit.problems)
    at = Revision(
        index.at.identity,
        index.at.head.last,
        revision.named(unrecorded),
        revision.named(watched),
        lineage.newest(index.at.head),
    )
    return Seen(
        Snapshot(
            remote_id=index.at.head.id,
            revision=at.text,
            tree=tree,
            problems=index.problems + laid.problems + fit.problems,
            unrecorded=unrecorded,
            seen=named,
        ),
        index.at,
        index.tree,
        not laid.changes,
    )


def _before(basis: Basis) -> Tree | None:
    """The tree in which nothing but the watched paths can be amiss."""
    if basis.tree is None:
        return None
    return shape.without(basis.tree, basis.watched)
