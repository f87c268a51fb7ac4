"""Many new contents as one pack: ten thousand files of their own cost more than what is in them.

Source of the formats: gitformat-pack(5), a pack of version 2 and an index of version 2. All objects
are whole and compressed lightly: whoever packs the repository later looks for deltas.

A pack that nothing refers to yet does no harm, and one that is cut off has a name (``tmp_pack_``)
under which git looks for nothing and ``git gc`` clears it away: a kill at any point leaves a sound
repository (rule 13). The index comes last, since a pack is seen by its index.
"""

from __future__ import annotations

import hashlib
import os
import struct
import tempfile
import time
import zlib
from contextlib import suppress
from types import TracebackType
from typing import IO, Any, Final

import pygit2

from hubsync.remotes.git.layout import common_folder

FROM: Final = 100
"""So many new contents are worth a pack; git unpacks what is smaller (``transfer.unpackLimit``)."""
_BLOB: Final = 3
_LEVEL: Final = 1
_BUFFER: Final = 1 << 20
_LARGE_OFFSET: Final = 1 << 31
_READ_ONLY: Final = 0o444
_PACK: Final = "tmp_pack_hubsync_"
_PACK_INDEX: Final = "tmp_idx_hubsync_"
_OLD: Final = 3600.0
"""Seconds after which nobody writes a pack any more; one may serve several workspaces."""


class Loose:
    """Contents one by one, as objects of their own."""

    def __init__(self, repository: Any) -> None:
        self._repository = repository

    def add(self, data: bytes) -> Any:
        """Store a content; its blob's name."""
        return self._repository.create_blob(data)

    def finish(self) -> bool:
        """All that was added can be read now. Whether that is much."""
        return False

    def close(self) -> None:
        """Nothing is left open."""


class Pack:
    """Contents into one pack, each on the disk as soon as it was added. Empty: no pack at all."""

    def __init__(self, repository: Any) -> None:
        self._folder = os.path.join(common_folder(repository), "objects", "pack")
        self._rows: dict[bytes, tuple[int, int]] = {}
        self._end = 0
        self._file: IO[bytes] | None = None
        self._path = ""

    def add(self, data: bytes) -> Any:
        """Store a content; its blob's name. It can be read once `finish` has returned."""
        raw = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).digest()
        if raw not in self._rows:
            packed = _entry(_BLOB, data)
            file = self._file or self._begin()
            self._rows[raw] = (self._end, zlib.crc32(packed))
            file.write(packed)
            self._end += len(packed)
        return pygit2.Oid(raw=raw)

    def finish(self) -> bool:
        """All that was added can be read now, and is on the disk for good. Whether that is much.
        Raises OSError."""
        file = self._file
        if file is None:
            return False
        file.seek(0)
        file.write(_head(len(self._rows)))
        checksum = _sha1_of(file)
        file.write(checksum)
        name = os.path.join(self._folder, f"pack-{checksum.hex()}")
        _let_go(file)
        os.replace(self._path, f"{name}.pack")
        self._file = None
        descriptor, path = tempfile.mkstemp(dir=self._folder, prefix=_PACK_INDEX)
        try:
            with open(descriptor, "wb") as index:
                index.write(index_of(self._rows, checksum))
                _let_go(index)
            os.replace(path, f"{name}.idx")
        except BaseException:
            os.unlink(path)
            raise
        _sync_folder(self._folder)
        return len(self._rows) >= FROM

    def close(self) -> None:
        """What is not finished is taken away."""
        if self._file is not None:
            self._file.close()
            self._file = None
            os.unlink(self._path)

    def _begin(self) -> IO[bytes]:
        os.makedirs(self._folder, exist_ok=True)
        _forget_old(self._folder)
        descriptor, self._path = tempfile.mkstemp(dir=self._folder, prefix=_PACK)
        file = self._file = os.fdopen(descriptor, "w+b", buffering=_BUFFER)
        self._end = file.write(_head(0))
        return file


class Contents:
    """Where the contents of one publish go, by how many there are; closed at the end of a block."""

    def __init__(self, repository: Any, number: int) -> None:
        self._into: Loose | Pack = Pack(repository) if number >= FROM else Loose(repository)

    def add(self, data: bytes) -> Any:
        return self._into.add(data)

    def finish(self) -> bool:
        return self._into.finish()

    def __enter__(self) -> Contents:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._into.close()


def _forget_old(folder: str) -> None:
    """What killed runs left: it may be as large as all that they had to send."""
    for item in os.scandir(folder):
        if item.name.startswith((_PACK, _PACK_INDEX)):
            with suppress(FileNotFoundError):
                if item.stat().st_mtime < time.time() - _OLD:
                    os.unlink(item.path)


def _head(number: int) -> bytes:
    return struct.pack(">4sII", b"PACK", 2, number)


def _entry(kind: int, data: bytes) -> bytes:
    """Type and size in groups of 4 and then 7 bits, the lowest first; then the content."""
    size = len(data)
    head = bytearray()
    byte = (kind << 4) | (size & 15)
    size >>= 4
    while size:
        head.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    head.append(byte)
    return bytes(head) + zlib.compress(data, _LEVEL)


def index_of(rows: dict[bytes, tuple[int, int]], checksum: bytes) -> bytes:
    """How many names begin with each byte or a lower one; names, checksums and offsets in the order
    of the names; offsets from 2 GB on in a table of their own."""
    names = sorted(rows)
    counts = [0] * 256
    for name in names:
        counts[name[0]] += 1
    for place in range(1, 256):
        counts[place] += counts[place - 1]
    offsets: list[int] = []
    large: list[int] = []
    for name in names:
        offset = rows[name][0]
        if offset < _LARGE_OFFSET:
            offsets.append(offset)
        else:
            offsets.append(_LARGE_OFFSET | len(large))
            large.append(offset)
    body = b"".join(
        [
            b"\xfftOc\0\0\0\x02",
            struct.pack(">256I", *counts),
            *names,
            struct.pack(f">{len(names)}I", *(rows[name][1] for name in names)),
            struct.pack(f">{len(offsets)}I", *offsets),
            struct.pack(f">{len(large)}Q", *large),
            checksum,
        ]
    )
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def _sha1_of(file: IO[bytes]) -> bytes:
    """Of the whole file; it is at its end then."""
    file.seek(0)
    digest = hashlib.sha1(usedforsecurity=False)
    while chunk := file.read(_BUFFER):
        digest.update(chunk)
    return digest.digest()


def _let_go(file: IO[bytes]) -> None:
    """On the disk for good, for everybody to read, and closed."""
    file.flush()
    os.fchmod(file.fileno(), _READ_ONLY)
    os.fsync(file.fileno())
    file.close()


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
