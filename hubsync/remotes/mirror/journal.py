"""What an interrupted publish had already written: objects whose rows no head has yet.

An append-only file in the workspace's private state, there before the first object is written: as
long as it is, the remote is listed, whoever else may write there, so that no object stays unknown.
Records go to the kernel, so that they survive a kill, as soon as they come, or together for a
moment in which many come; a torn last record is ignored. Losing records loses nothing but speed:
their objects are then taken for another tool's and read again (rule 13).
"""

from __future__ import annotations

import contextlib
import os
import struct
import time
from types import TracebackType
from typing import Final

import msgspec

from hubsync.model import Entry
from hubsync.remotes.mirror.wire import Row, entry_of, row_of

_LENGTH: Final = struct.Struct("<I")
_HOLD: Final = 0.05
"""Seconds for which records may wait for others."""
_pack = msgspec.msgpack.Encoder()
_record = msgspec.msgpack.Decoder(tuple[str, str, Row])


class Journal:
    """The journal in the directory ``scratch``, for the mirror ``remote_id``."""

    def __init__(self, scratch: str, remote_id: str) -> None:
        self._path = os.path.join(scratch, "publish.journal")
        self._remote_id = remote_id

    def exists(self) -> bool:
        return os.path.exists(self._path)

    def entries(self) -> dict[str, Entry]:
        """Path to entry as it was last written; other mirrors' records are left out."""
        return self._read()[0]

    def _read(self) -> tuple[dict[str, Entry], int]:
        """The entries, and how many bytes of the file are whole records."""
        found: dict[str, Entry] = {}
        whole = 0
        try:
            with open(self._path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return found, 0
        offset = 0
        while offset + _LENGTH.size <= len(data):
            (length,) = _LENGTH.unpack_from(data, offset)
            offset += _LENGTH.size
            try:
                remote_id, path, row = _record.decode(data[offset : offset + length])
            except msgspec.DecodeError:
                break
            offset += length
            whole = offset
            entry = entry_of(row)
            if remote_id == self._remote_id and entry is not None:
                found[path] = entry
        return found, whole

    def writer(self) -> JournalWriter:
        """Goes on after the last whole record."""
        if self.exists():
            os.truncate(self._path, self._read()[1])
        return JournalWriter(self._path, self._remote_id)

    def finish(self, *, certain: bool) -> None:
        """Everything in it is recorded elsewhere. Not ``certain``: something may have been written
        that is in no record."""
        if certain:
            self.remove()
        elif self.exists():
            os.truncate(self._path, 0)

    def remove(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)


class JournalWriter:
    """Appends to a journal, which is there from the beginning of its context. For one thread."""

    def __init__(self, path: str, remote_id: str) -> None:
        self._path = path
        self._remote_id = remote_id
        self._descriptor = -1
        self._held = bytearray()
        self._written = -_HOLD

    def add(self, path: str, entry: Entry) -> None:
        """The object at ``path`` is now ``entry``."""
        self._hold(path, entry)
        if time.monotonic() - self._written > _HOLD:
            self._write()

    def intend(self, path: str, entry: Entry) -> None:
        """The object at ``path`` will be ``entry``: survives a kill from now on."""
        self._hold(path, entry)
        self._write()

    def _hold(self, path: str, entry: Entry) -> None:
        record = _pack.encode((self._remote_id, path, row_of(entry)))
        self._held += _LENGTH.pack(len(record)) + record

    def _write(self) -> None:
        os.write(self._descriptor, self._held)
        self._held.clear()
        self._written = time.monotonic()

    def __enter__(self) -> JournalWriter:
        os.makedirs(os.path.dirname(self._path), exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, 0o600)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._write()
        finally:
            os.close(self._descriptor)
            self._descriptor = -1
