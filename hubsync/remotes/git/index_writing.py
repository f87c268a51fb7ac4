"""An index file with a few of its entries changed; the others are copied as they stand.

Extensions that speak of places in the file, or of what lay beside it, are left out: they are
caches, which git makes again.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from hubsync.remotes.git.cache_tree import Node
from hubsync.remotes.git.index_file import (
    ALIGNED,
    ASSUMED,
    ENTRY,
    EXTENDED,
    FLAGS,
    HEAD,
    LONGEST,
    RESOLVED,
    SHA1,
    SHORTENED,
    SKIPPED,
    TREE,
    Index,
    extension,
    places_unlooked,
    sha1,
)

_LOW: Final = 0xFFFFFFFF
_SECOND: Final = 1_000_000_000
_PADDING: Final = tuple(bytes(ALIGNED - over) for over in range(ALIGNED))
"""What stands behind a path, by how many bytes there are over: never none."""


def entry(path: bytes, name: bytes, mode: int, status: os.stat_result | None) -> bytes:
    """One entry as it stands before its path. ``status``: of the file that is known to hold just
    that; None: Git is to look."""
    flags = min(len(path), LONGEST)
    if status is None:
        return ENTRY.pack(0, 0, 0, 0, 0, 0, mode, 0, 0, 0, name, flags)
    changed, written = status.st_ctime_ns, status.st_mtime_ns
    return ENTRY.pack(
        changed // _SECOND & _LOW,
        changed % _SECOND,
        written // _SECOND & _LOW,
        written % _SECOND,
        status.st_dev & _LOW,
        status.st_ino & _LOW,
        mode,
        status.st_uid,
        status.st_gid,
        status.st_size & _LOW,
        name,
        flags,
    )


def without_racy(index: Index, since: int) -> Index:
    """Entries of files written in the second ``since`` (of the epoch) or later get the size 0, as
    git's ``ce_smudge_racily_clean_entry`` does: by a newer index, an edit in that second could no
    longer be told from their times, so git is to look into them."""
    oldest = (since & _LOW).to_bytes(4, "big")
    bytes_of = index.data
    racy = [at for at in index.starts[:-1] if bytes_of[at + 8 : at + 12] >= oldest]
    if not racy:
        return index
    data = bytearray(index.data)
    for at in racy:
        data[at + 36 : at + 40] = bytes(4)
    return replace(index, data=bytes(data))


def with_looks(index: Index, since: int) -> bytes | None:
    """The file with what `without_racy` does; None if there is nothing to do."""
    made = without_racy(index, since)
    return None if made is index else made.data[:-SHA1] + sha1(memoryview(made.data)[:-SHA1])


def with_entries(index: Index, changes: Mapping[bytes, bytes | None], tree: Node) -> bytes:
    """The file with those entries (see `entry`; None: gone), which then make ``tree``. One that
    takes the place of another is looked at by Git if that one was."""
    places = range(len(index.starts) - 1)
    number = len(places)
    parts: list[bytes] = []
    copied, before = 0, b""
    for path in sorted(changes):
        place = bisect_left(places, path, key=index.name)
        parts += _copied(index, copied, place, before)
        before = index.name(place - 1) if place > copied else before
        copied = place
        row = changes[path]
        if place < len(places) and index.name(place) == path:
            number -= 1
            copied += 1
            row = row and _looked_at_like(_fixed(index, place), row)
        if row is not None:
            number += 1
            parts.append(_named(index.version, row, path, before))
            before = path
    parts += _copied(index, copied, len(places), before)
    return _sealed(index, index.version, number, parts, tree)


def with_skipped(index: Index, wanted: Mapping[bytes, bool]) -> bytes | None:
    """The file with the flag skip-worktree at those of the paths that it has; None if they are so
    already."""
    places = range(len(index.starts) - 1)
    rows: dict[int, bytes] = {}
    for path, skip in wanted.items():
        place = bisect_left(places, path, key=index.name)
        if place < len(places) and index.name(place) == path and index.is_skipped(place) != skip:
            rows[place] = _skipping(index, place, skip=skip)
    return _with_rows(index, rows)


def with_flags_of(old: Index, index: Index) -> bytes | None:
    """The file with the entries that Git does not look at in ``old``, and still has, not looked at
    either; None if they are so already."""
    rows: dict[int, bytes] = {}
    places = range(len(index.starts) - 1)
    for known in places_unlooked(old):
        path = old.name(known)
        place = bisect_left(places, path, key=index.name)
        if place < len(places) and index.name(place) == path:
            fixed = _fixed(index, place)
            made = _looked_at_like(_fixed(old, known), fixed[: ENTRY.size])
            if made != fixed:
                rows[place] = _placed(index, place, made)
    return _with_rows(index, rows)


def _looked_at_like(known: bytes, fixed: bytes) -> bytes:
    """An entry without extended flags, with the two that keep Git from looking at the other."""
    made = bytearray(fixed)
    made[FLAGS] |= known[FLAGS] & ASSUMED
    if len(known) > ENTRY.size and known[ENTRY.size] & SKIPPED:
        made[FLAGS] |= EXTENDED
        made += bytes((SKIPPED, 0))
    return bytes(made)


def _with_rows(index: Index, rows: Mapping[int, bytes]) -> bytes | None:
    """The file with those entries in their places; None if there are none."""
    if not rows:
        return None
    places = range(len(index.starts) - 1)
    data, starts = index.data, index.starts
    parts = [rows.get(place) or data[starts[place] : starts[place + 1]] for place in places]
    version = SHORTENED if index.version == SHORTENED else 3
    return _sealed(index, version, len(places), parts, index.tree)


def _placed(index: Index, place: int, fixed: bytes) -> bytes:
    """The entry at that place, with something else before its path."""
    before = index.name(place - 1) if place else b""
    return _named(index.version, fixed, index.name(place), before)


def _copied(index: Index, first: int, last: int, before: bytes) -> Iterator[bytes]:
    """The entries from ``first`` to ``last``, after one whose path is ``before``."""
    if first >= last:
        return
    known = index.name(first - 1) if first else b""
    if index.version == SHORTENED and before != known:
        yield _named(SHORTENED, _fixed(index, first), index.name(first), before)
        first += 1
    yield index.data[index.starts[first] : index.starts[last]]


def _fixed(index: Index, place: int) -> bytes:
    """What stands before an entry's path."""
    at = index.starts[place]
    size = ENTRY.size + 2 * bool(index.data[at + ENTRY.size - 2] & EXTENDED)
    return index.data[at : at + size]


def _named(version: int, fixed: bytes, path: bytes, before: bytes) -> bytes:
    """A whole entry; ``before``: the path of the one before."""
    if version != SHORTENED:
        row = fixed + path
        return row + _PADDING[len(row) % ALIGNED]
    common = _common(path, before)
    return fixed + _number(len(before) - common) + path[common:] + b"\0"


def _common(one: bytes, other: bytes) -> int:
    """How many bytes both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _number(value: int) -> bytes:
    """As `index_file._shortened` reads it."""
    groups = [value & 0x7F]
    while value := value >> 7:
        value -= 1
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))


def _skipping(index: Index, place: int, *, skip: bool) -> bytes:
    """The entry with the flag or without it; one without extended flags has no room for them."""
    whole = _fixed(index, place)
    fixed, more = bytearray(whole[: ENTRY.size]), bytearray(whole[ENTRY.size :] or bytes(2))
    more[0] = more[0] | SKIPPED if skip else more[0] & ~SKIPPED
    fixed[-2] = fixed[-2] | EXTENDED if any(more) else fixed[-2] & ~EXTENDED
    return _placed(index, place, bytes(fixed) + (bytes(more) if any(more) else b""))


def _sealed(index: Index, version: int, number: int, rows: list[bytes], tree: Node | None) -> bytes:
    made = b"".join(
        [
            HEAD.pack(b"DIRC", version, number),
            *rows,
            extension(TREE, tree.written() if tree is not None else b""),
            extension(RESOLVED, index.resolved),
        ]
    )
    return made + sha1(made)
