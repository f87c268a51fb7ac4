"""Two sides without a disk: trees are drawn, and plans are carried out on dictionaries."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st
from msgspec import Struct

from hubsync.core.paths import ancestors
from hubsync.core.policy import same_bytes
from hubsync.model import Entry, Kind, Plan, Side, Tree, agree
from tests.unit.core.notation import digest_of

PATHS = ("a", "a/b", "a/b/c", "a.txt", "d", "d/x", "d/y", "d/x/z", "e")

FILES = [
    Entry(Kind.FILE, size=1, digest=digest_of(content), executable=executable)
    for content in "012"
    for executable in (False, True)
]
LINKS = [Entry(Kind.LINK, target=target) for target in ("a", "e")]
DIRECTORY = Entry(Kind.DIR)
UNREAD = Entry(Kind.FILE, size=1, identity="unread")

entries = st.sampled_from([*FILES, *LINKS, DIRECTORY])
entries_some_unread = st.sampled_from([*FILES, *LINKS, DIRECTORY, UNREAD])


def possible(rows: dict[str, Entry]) -> dict[str, Entry]:
    """``rows`` as a disk can hold them: what is below another entry wins over it."""
    above = {directory for path in rows for directory in ancestors(path)}
    return {path: entry for path, entry in rows.items() if path not in above}


def trees(of: st.SearchStrategy[Entry] = entries) -> st.SearchStrategy[Tree]:
    return st.dictionaries(st.sampled_from(PATHS), of, max_size=6).map(lambda r: Tree(possible(r)))


@st.composite
def edited(draw: st.DrawFn, base: Tree) -> Tree:
    """``base`` after a few changes, on its rows."""
    changes = draw(st.dictionaries(st.sampled_from(PATHS), st.none() | entries, max_size=4))
    rows = base.flat()
    for path, entry in changes.items():
        if entry is None:
            rows.pop(path, None)
            continue
        for other in [*rows]:
            if other.startswith(path + "/") or path.startswith(other + "/"):
                del rows[other]
        rows[path] = entry
    different: dict[str, Entry | None] = {p: None for p in base if p not in rows}
    different.update({p: e for p, e in rows.items() if base.get(p) != e})
    return base.with_changes(different)


class Sides(Struct, frozen=True):
    base: Tree
    local: Tree
    remote: Tree


@st.composite
def three_trees(draw: st.DrawFn) -> Sides:
    base = draw(trees())
    if draw(st.booleans()):
        return Sides(base, draw(edited(base)), draw(edited(base)))
    return Sides(base, draw(trees()), draw(trees()))


def carried_out(plan: Plan, sides: Sides, touching: Iterable[Side] = tuple(Side)) -> Sides:
    """The three trees after ``plan``, of which only the sides ``touching`` are changed."""
    rows = {Side.LOCAL: sides.local.flat(), Side.REMOTE: sides.remote.flat()}
    concerned = set(plan.agreed)
    for carry in plan.carries:
        assert rows[carry.to].get(carry.path) == carry.expect
        concerned.add(carry.path)
    for carry in plan.carries:
        _put(rows[carry.to], carry.path, carry.entry)
    for keep in plan.keeps:
        kept = _kept(rows[Side.LOCAL].get(keep.path), rows[Side.REMOTE].get(keep.path), keep.keeper)
        for side in touching:
            assert rows[side].get(keep.copy_path) is None
            _put(rows[side], keep.path, kept)
            _put(rows[side], keep.copy_path, keep.copied)
        concerned |= {keep.path, keep.copy_path}
    local, remote = Tree(rows[Side.LOCAL]), Tree(rows[Side.REMOTE])
    base = sides.base.flat()
    for path in concerned:
        if agree(local.get(path), remote.get(path)):
            _put(base, path, local.get(path))
        elif any(keep.path == path for keep in plan.keeps):
            _put(base, path, sides.remote.get(path))
    return Sides(Tree(base), local, remote)


def _kept(local: Entry | None, remote: Entry | None, keeper: Side | None) -> Entry | None:
    if keeper is not None:
        return local if keeper is Side.LOCAL else remote
    return next((e for e in (local, remote) if e is not None and e.kind is Kind.DIR), None)


def _put(rows: dict[str, Entry], path: str, entry: Entry | None) -> None:
    if entry is None:
        rows.pop(path, None)
    else:
        rows[path] = entry


def holds(tree: Tree, content: Entry) -> bool:
    """Whether ``content`` is anywhere in ``tree``, under whatever name and mode."""
    return any(same_bytes(entry, content) for entry in tree.values())


def is_possible(tree: Tree) -> bool:
    return len(possible(tree.flat())) == len(tree)
