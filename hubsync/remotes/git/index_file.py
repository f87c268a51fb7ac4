"""Git's index as a file: read and asked, with no object for each of its rows.

Source of the format: gitformat-index(5). An index is a header (``DIRC``, version, number of
entries), the entries sorted by the bytes of their paths, extensions, and a SHA-1 of it all. In
version 4 a path leaves out what it has in common with the one before. The extension ``TREE`` names
the tree object that the entries below a directory make.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from msgspec import Struct

from hubsync.remotes.git.cache_tree import Node, parsed
from hubsync.remotes.git.found_out import found_out

SHORTENED: Final = 4
"""The version that leaves out what a name has in common with the one before."""
_PLAIN: Final = 2
_VERSIONS: Final = (_PLAIN, 3, SHORTENED)
_SUBMODULE: Final = b"\0\0\xe0\x00"
"""The mode of a gitlink, as an entry has it."""
HEAD: Final = struct.Struct(">4sII")
ENTRY: Final = struct.Struct(">10I20sH")
EXTENSION: Final = struct.Struct(">4sI")
SHA1: Final = 20
ALIGNED: Final = 8
EXTENDED: Final = 0x40
LONGEST: Final = 0xFFF
"""What the flags say of the length of a path that is so long, or longer."""
FLAGS: Final = ENTRY.size - 2
"""Where the flags begin in an entry."""
_IRREGULAR: Final = EXTENDED << 8
_MORE: Final = 0x80
SPLIT: Final = b"link"
"""The extension of an index whose other entries are in another file."""
SPARSE: Final = b"sdir"
"""The extension of an index in which one entry may stand for a whole folder."""
SKIPPED: Final = 0x40
"""In the first byte of the extended flags: skip-worktree."""
ASSUMED: Final = 0x80
"""In the first byte of the flags: assume-unchanged."""
_FEW: Final = 10
"""So many paths are sooner looked for one by one than by reading all entries."""
TREE: Final = b"TREE"
RESOLVED: Final = b"REUC"


class Index(Struct, frozen=True):
    """What is in an index file. ``starts``: where each entry begins in ``data``, and where the last
    one ends. ``names``: the paths of version 4, which do not stand there in full. ``tree``: what
    all entries together are; None where the file does not say."""

    data: bytes
    version: int
    starts: Sequence[int]
    tree: Node | None
    resolved: bytes = b""
    names: Sequence[bytes] = ()

    def name(self, place: int) -> bytes:
        if self.version == SHORTENED:
            return self.names[place]
        begin = _name_of(self.data, self.starts[place])
        return self.data[begin : self.data.index(b"\0", begin)]

    def is_skipped(self, place: int) -> bool:
        """Whether Git does not look for that entry on the disk (skip-worktree)."""
        end = self.starts[place] + ENTRY.size
        return bool(self.data[end - 2] & EXTENDED and self.data[end] & SKIPPED)


EMPTY: Final = Index(b"", _PLAIN, (0,), None)


def may_hold_submodules(path: str) -> bool:
    """Whether there may be a gitlink in the index at ``path``; False is certain.

    The modes of all entries stand in the file in full, in every version of the format."""
    return found_out(path, _has_submodules)


def may_be_unlooked(path: str, among: Collection[bytes]) -> bool:
    """Whether Git may have been told not to look at one of those paths; False is certain. Few are
    searched for in the bytes: a large index takes long to read."""
    data = bytes_of(path)
    if not data:
        return False
    if len(data) < HEAD.size:
        return True  # it is damaged: whoever reads all of it says so
    # Only the version without extended flags has the flags of an entry right before its path.
    if len(among) > _FEW or HEAD.unpack_from(data)[1] != _PLAIN:
        return True
    return any(data[at - 2] & ASSUMED for name in among for at in found_at(data, name + b"\0"))


def names_file(path: str, name: str) -> bool:
    """Whether there may be a file of that name in any folder of the index at ``path``; False is
    certain."""
    data = bytes_of(path)
    if len(data) < HEAD.size:
        return bool(data)
    return name.encode() + b"\0" in data or HEAD.unpack_from(data)[1] == SHORTENED


def needed(path: str) -> set[bytes]:
    """The extensions that a reader of the index at ``path`` has to know: ``link`` of a split index,
    ``sdir`` of a sparse one."""
    return found_out(path, _needed_by)


def read(path: str) -> Index | None:
    """The index at ``path``, `EMPTY` if there is none; None if it is of a kind that is left to
    libgit2: damaged, split or sparse."""
    return index_of(bytes_of(path))


def index_of(data: bytes) -> Index | None:
    """As `read`, of what stands in the file."""
    if not data:
        return EMPTY
    if len(data) < HEAD.size + SHA1:
        return None
    signature, version, _ = HEAD.unpack_from(data)
    sealed = data[-SHA1:] in (sha1(memoryview(data)[:-SHA1]), bytes(SHA1))
    if signature != b"DIRC" or version not in _VERSIONS or not sealed:
        return None
    try:
        starts, names = _entries(data)
    except (IndexError, ValueError):
        return None  # cut off, and without a seal that tells
    extensions = _extensions(data, starts[-1])
    if any(name[:1].islower() for name in extensions):
        return None  # not to be ignored by those who do not know it
    tree = parsed(extensions[TREE]) if TREE in extensions else None
    return Index(data, version, starts, tree, extensions.get(RESOLVED, b""), names)


def skipped(index: Index) -> frozenset[bytes]:
    """The paths that Git does not look for on the disk (skip-worktree)."""
    return frozenset(
        index.name(place) for place in range(len(index.starts) - 1) if index.is_skipped(place)
    )


def unlooked(index: Index) -> frozenset[bytes]:
    """The paths of which Git takes for granted that the disk has them as they are: skip-worktree
    and assume-unchanged (git-update-index(1))."""
    return frozenset(map(index.name, places_unlooked(index)))


def places_unlooked(index: Index) -> list[int]:
    """As `unlooked`: which of the entries."""
    flags = map(index.data.__getitem__, (at + FLAGS for at in index.starts[:-1]))
    marked = [place for place, flag in enumerate(flags) if flag & (ASSUMED | EXTENDED)]
    return [
        place
        for place in marked
        if index.data[index.starts[place] + FLAGS] & ASSUMED or index.is_skipped(place)
    ]


def _has_submodules(data: bytes) -> bool:
    return _SUBMODULE in data


def _needed_by(data: bytes) -> set[bytes]:
    if not any(name in data for name in (SPLIT, SPARSE)):
        return set()
    starts, _ = _entries(data)
    return {name for name in _extensions(data, starts[-1]) if name[:1].islower()}


def bytes_of(path: str) -> bytes:
    """What stands in a file; nothing if there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def sha1(data: bytes | memoryview) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


def found_at(data: bytes, wanted: bytes) -> Iterator[int]:
    at = data.find(wanted)
    while at >= 0:
        yield at
        at = data.find(wanted, at + 1)


def _name_of(data: bytes, at: int) -> int:
    """Where an entry's name begins: an extended one has two bytes more before it."""
    begin = at + ENTRY.size
    return begin + 2 if data[begin - 2] & EXTENDED else begin


def _entries(data: bytes) -> tuple[list[int], list[bytes]]:
    """Where each entry begins and the last one ends; and, in version 4, what they are called."""
    _, version, number = HEAD.unpack_from(data)
    if version == SHORTENED:
        return _shortened(data, number)
    at = HEAD.size
    found = [at]
    append = found.append
    fixed, align = ENTRY.size + ALIGNED, -ALIGNED
    # For each of 100,000 entries: how long a name is stands in its flags, but for very long ones.
    for _ in range(number):
        flags = data[at + FLAGS] << 8 | data[at + FLAGS + 1]
        if flags & _IRREGULAR or flags & LONGEST == LONGEST:
            at += (data.index(b"\0", _name_of(data, at)) - at) // ALIGNED * ALIGNED + ALIGNED
        else:
            at += (flags & LONGEST) + fixed & align
        append(at)
    return found, []


def _shortened(data: bytes, number: int) -> tuple[list[int], list[bytes]]:
    """In version 4 nothing is aligned, and before a name stands how many bytes of the one before
    are not in it: groups of 7 bits, the highest first, each but the last with the high bit set, and
    each of these worth one more (as offsets in gitformat-pack(5))."""
    find, at, name = data.index, HEAD.size, b""
    found, names = [at], []
    for _ in range(number):
        at = _name_of(data, at)
        less = data[at] & ~_MORE
        while data[at] & _MORE:
            at += 1
            less = (less + 1) << 7 | data[at] & ~_MORE
        end = find(b"\0", at + 1)
        name = name[: len(name) - less] + data[at + 1 : end]
        at = end + 1
        found.append(at)
        names.append(name)
    return found, names


def _extensions(data: bytes, at: int) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    while at + EXTENSION.size <= len(data) - SHA1:
        name, size = EXTENSION.unpack_from(data, at)
        at += EXTENSION.size
        found[name] = data[at : at + size]
        at += size
    return found


def extension(name: bytes, data: bytes) -> bytes:
    """As it stands in the file; nothing for no data."""
    return EXTENSION.pack(name, len(data)) + data if data else b""
