"""A pack of Git's objects read one by one, from the disk.

Source of the format: gitformat-pack(5). libgit2 writes packs but reads them only where they are a
repository's own; here each object is named by its own content, whatever the file says.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from hubsync.errors import RemoteFormatError

LARGEST: Final = 256 << 20
"""Bytes of one object: libgit2 holds each whole in memory, on the way out and in."""
_KINDS: Final = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_OFFSET_DELTA: Final = 6
_NAMED_DELTA: Final = 7
_MOST: Final = 16 << 30
"""Bytes of all objects of a pack together, as far as one is read."""
_KEPT: Final = 64 << 20
"""Bytes of objects that stay in memory for the changes to them; others are read again."""
_CHAIN: Final = 250
"""So many changes may stand on each other; see ``--depth`` in git-repack(1)."""
_PACK_HEAD: Final = struct.Struct(">4sII")
_CHECKSUM: Final = 20
_STEP: Final = 1 << 16

Found = tuple[str, bytes]
"""An object: its kind (``"commit"``, ``"tree"``, ``"blob"``, ``"tag"``) and its content."""

Known = Callable[[bytes], Found | None]
"""An object by its name (20 bytes)."""


def objects(
    file: BinaryIO, start: int, known: Known, *, most: int = _MOST, kept: int = _KEPT
) -> Iterator[tuple[bytes, Found]]:
    """The objects of the pack that begins at ``start``, in its order, each with its name.

    ``known`` gives what is not in the pack, for what is packed as a change to it. ``most`` bytes
    are unpacked, of which about ``kept`` are in memory at a time, beside the object itself. Raises
    RemoteFormatError.
    """
    file.seek(start)
    try:
        mark, version, count = _PACK_HEAD.unpack(file.read(_PACK_HEAD.size))
    except struct.error as error:
        raise damaged("its pack is cut off") from error
    if mark != b"PACK" or version not in (2, 3):
        raise damaged("its pack is of an unknown kind")
    bases = _Bases(file, known, most, kept)
    position = start + _PACK_HEAD.size
    try:
        for _ in range(count):
            begin = position
            found, position = bases.read(begin)
            name = name_of(*found)
            bases.add(begin, name, found)
            yield name, found
    except (IndexError, zlib.error) as error:
        raise damaged("its pack is cut off or not what it was") from error
    file.seek(position)
    if len(file.read(_CHECKSUM + 1)) != _CHECKSUM:
        raise damaged("its pack does not end where it should")


class _Bases:
    """The objects of a pack that others may be changes to: the last ones are in memory."""

    def __init__(self, file: BinaryIO, known: Known, most: int, kept: int) -> None:
        self._file = file
        self._known = known
        self._left = most
        self._room = kept
        self._kept: dict[int, Found] = {}
        self._begins: set[int] = set()
        self._named: dict[bytes, int] = {}
        self._depth = 0

    def read(self, begin: int) -> tuple[Found, int]:
        """The object that begins there, and where the next one does."""
        found, end = _object(self._file, begin, self)
        self._left -= len(found[1])
        if self._left < 0:
            raise damaged("it holds more than may be unpacked (16 GiB)")
        return found, end

    def add(self, begin: int, name: bytes, found: Found) -> None:
        self._begins.add(begin)
        self._named[name] = begin
        self._keep(begin, found)

    def _keep(self, begin: int, found: Found) -> None:
        self._kept[begin] = found
        self._room -= len(found[1])
        while self._room < 0 and len(self._kept) > 1:
            self._room += len(self._kept.pop(next(iter(self._kept)))[1])

    def at(self, begin: int) -> Found | None:
        if begin in self._kept or begin not in self._begins:
            return self._kept.get(begin)
        self._depth += 1
        if self._depth > _CHAIN:
            raise damaged("too many changes in it stand on each other")
        found, _ = self.read(begin)
        self._depth -= 1
        self._keep(begin, found)
        return found

    def named(self, name: bytes) -> Found | None:
        begin = self._named.get(name)
        return self._known(name) if begin is None else self.at(begin)


def name_of(kind: str, content: bytes) -> bytes:
    """What Git calls the object."""
    digest = hashlib.sha1(f"{kind} {len(content)}\0".encode(), usedforsecurity=False)
    digest.update(content)
    return digest.digest()


def _object(file: BinaryIO, begin: int, bases: _Bases) -> tuple[Found, int]:
    file.seek(begin)
    head, position = file.read(64), 0
    byte = head[position]
    kind, size, shift = (byte >> 4) & 7, byte & 15, 4
    position += 1
    while byte & 0x80:
        byte = head[position]
        size |= (byte & 0x7F) << shift
        shift += 7
        position += 1
    base: Found | None = None
    if kind == _OFFSET_DELTA:
        byte = head[position]
        position += 1
        back = byte & 0x7F
        while byte & 0x80:
            byte = head[position]
            position += 1
            back = ((back + 1) << 7) | (byte & 0x7F)
        base = bases.at(begin - back)
    elif kind == _NAMED_DELTA:
        base = bases.named(head[position : position + 20])
        position += 20
    elif kind not in _KINDS:
        raise damaged("it holds an object of an unknown kind")
    content, end = _inflated(file, begin + position, size)
    if kind in _KINDS:
        return (_KINDS[kind], content), end
    if base is None:
        raise damaged("it needs an object that is not there")
    return (base[0], _patched(base[1], content)), end


def _inflated(file: BinaryIO, position: int, size: int) -> tuple[bytes, int]:
    if size > LARGEST:
        raise damaged(f"it holds an object of more than {LARGEST >> 20} MB")
    unpacking = zlib.decompressobj()
    parts: list[bytes] = []
    left = size
    file.seek(position)
    while not unpacking.eof:
        piece = file.read(_STEP)
        if not piece:
            raise IndexError
        # One byte more than was announced would show here, and no more than that is made.
        part = unpacking.decompress(piece, left + 1)
        while True:
            left -= len(part)
            if left < 0:
                raise damaged("it holds an object larger than announced")
            parts.append(part)
            if unpacking.eof or not unpacking.unconsumed_tail:
                break
            part = unpacking.decompress(unpacking.unconsumed_tail, left + 1)
        position += len(piece) - len(unpacking.unused_data)
    if left:
        raise damaged("it holds an object smaller than announced")
    return b"".join(parts), position


def _patched(base: bytes, delta: bytes) -> bytes:
    """Apply a delta: copies from ``base`` and insertions."""
    position = 0

    def number() -> int:
        nonlocal position
        value = shift = 0
        while True:
            byte = delta[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value

    expected, size = number(), number()
    if expected != len(base) or size > LARGEST:
        raise damaged("it changes another object than it says")
    made = bytearray()
    while position < len(delta):
        code = delta[position]
        position += 1
        if code & 0x80:
            offset = length = 0
            for bit in range(4):
                if code & (1 << bit):
                    offset |= delta[position] << (8 * bit)
                    position += 1
            for bit in range(3):
                if code & (0x10 << bit):
                    length |= delta[position] << (8 * bit)
                    position += 1
            length = length or 0x10000
            if offset + length > len(base):
                raise damaged("it copies from beyond an object")
            made += base[offset : offset + length]
        elif code:
            made += delta[position : position + code]
            position += code
        else:
            raise damaged("it holds an unknown instruction")
        if len(made) > size:
            raise damaged("it makes more than it says")
    if len(made) != size:
        raise damaged("it makes less than it says")
    return bytes(made)


def damaged(what: str) -> RemoteFormatError:
    return RemoteFormatError(
        f"A captured repository is damaged: {what}.",
        "Bring back an earlier one: hubsync log, hubsync restore.",
        "capture-damaged",
    )
