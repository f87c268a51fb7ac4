"""The objects of a mirror's books as bytes: strict on the way in (rule 14), stable on the way out.

Everything is MessagePack but ``format.json``. Unknown fields of a map are ignored, so that later
versions may add some; another ``format`` number is refused.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from hubsync.errors import RemoteFormatError
from hubsync.model import Entry, Kind

FORMAT_VERSION: Final = 1
MARK: Final = 8
"""Bytes of a sync's mark; see `lineage`."""

Digest = Annotated[bytes, Meta(min_length=32, max_length=32)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Name = Annotated[str, Meta(pattern=r"^(log|index)/[A-Za-z0-9_][A-Za-z0-9._-]{0,200}$")]
Mark = Annotated[bytes, Meta(min_length=MARK, max_length=MARK)]
Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]


class FormatFile(Struct, frozen=True):
    """``format.json``. ``writes``: how every client must write."""

    format: int
    id: Id
    created: str
    by: str
    writes: Literal["conditional", "lease"]


class Row(Struct, frozen=True, array_like=True, gc=False):
    """What is at a path, as the index says it."""

    kind: Kind
    size: Count
    digest: Digest | None
    mtime: int
    executable: bool
    target: str
    identity: str


class RowChange(Struct, frozen=True, array_like=True, gc=False):
    """``before``: the digest that was there (None: nothing); ``row`` None: the path is gone."""

    path: str
    before: Digest | None
    row: Row | None


class Batch(Struct, frozen=True):
    """A log object, and, with nothing said about who and when, a merged segment of the index.

    ``marks``: in a merged segment, the marks of its syncs, one behind the other, up to the last one
    (see `lineage`). ``repeated``: in a log, the paths whose rows say what stood there before, but
    for the object's identity.
    """

    format: int
    id: Id
    changes: list[RowChange]
    time: int = 0
    hub: str = ""
    author: str = ""
    message: str = ""
    marks: bytes = b""
    repeated: list[str] = []


class Segment(Struct, frozen=True, array_like=True):
    """One object of the index, named below ``.hubsync/``.

    It holds what the syncs number ``first`` to ``last`` changed. Neighbours with the same numbers
    are the parts of one segment, split by path.
    """

    name: Name
    first: Annotated[int, Meta(ge=1, le=2**62)]
    last: Annotated[int, Meta(ge=1, le=2**62)]
    count: Count


class MarkAt(Struct, frozen=True, array_like=True):
    """The mark of a sync, see `lineage`."""

    number: Count
    mark: Mark


class Head(Struct, frozen=True):
    """``index/head``: which objects make up the index, oldest first.

    ``fence`` grows with every writing of the head; the number of the last sync is `Head.last`.
    ``marks``: of the syncs with which merged segments end.
    """

    format: int
    id: Id
    fence: Count
    segments: tuple[Segment, ...] = ()
    marks: tuple[MarkAt, ...] = ()

    @property
    def last(self) -> int:
        return self.segments[-1].last if self.segments else 0


class _Versioned(Struct):
    format: int


_head = msgspec.msgpack.Decoder(Head)
_batch = msgspec.msgpack.Decoder(Batch)
_format = msgspec.json.Decoder(FormatFile)
_packed_version = msgspec.msgpack.Decoder(_Versioned)
_json_version = msgspec.json.Decoder(_Versioned)
_pack = msgspec.msgpack.Encoder()

T = TypeVar("T", Head, Batch)

# What a decoder raises on bytes that are not what they should be, deep nesting included.
_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, MemoryError, OverflowError)


def encode(value: FormatFile | Head | Batch) -> bytes:
    if isinstance(value, FormatFile):
        return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"
    return _pack.encode(value)


def decode_format(data: bytes) -> FormatFile:
    try:
        found = _format.decode(data)
    except _BAD as error:
        raise _refused(_version(_json_version, data), "format.json", error) from error
    _check_version(found.format, "format.json")
    return found


def decode_head(data: bytes, remote_id: str) -> Head:
    """Raises RemoteFormatError, also where the segments do not follow one another."""
    head = _decoded(_head, data, remote_id, "index/head")
    last, number = 0, (0, 0)
    for segment in head.segments:
        if (segment.first, segment.last) == number:
            continue
        number = (segment.first, segment.last)
        if segment.first != last + 1 or segment.last < segment.first:
            raise damaged("index/head", "its segments do not follow one another")
        last = segment.last
    return head


def decode_batch(data: bytes, remote_id: str, name: str) -> Batch:
    return _decoded(_batch, data, remote_id, name)


def entry_of(row: Row | None) -> Entry | None:
    if row is None:
        return None
    return Entry(
        row.kind,
        row.size,
        row.digest,
        row.mtime,
        row.executable,
        row.target,
        0,
        0,
        row.identity,
    )


def row_of(entry: Entry | None) -> Row | None:
    if entry is None:
        return None
    if entry.kind is Kind.LINK:
        size, target = len(entry.target.encode()), entry.target
        return Row(Kind.LINK, size, None, entry.mtime, False, target, entry.identity)
    if entry.kind is Kind.DIR:
        return Row(Kind.DIR, 0, None, entry.mtime, False, "", "")
    digest, identity = entry.digest, entry.identity
    return Row(Kind.FILE, entry.size, digest, entry.mtime, entry.executable, "", identity)


def damaged(name: str, why: str) -> RemoteFormatError:
    return RemoteFormatError(
        f"The remote's .hubsync/{name} cannot be used: {why}.",
        "Nothing was changed. If another tool wrote to .hubsync/, put that object back; if it is "
        "gone for good, move the remote's .hubsync/ folder away and link the workspace anew: the "
        "files themselves stay, and the first sync unites both sides.",
        "remote-damaged",
    )


def _decoded(decoder: msgspec.msgpack.Decoder[T], data: bytes, remote_id: str, name: str) -> T:
    try:
        found = decoder.decode(data)
    except _BAD as error:
        raise _refused(_version(_packed_version, data), name, error) from error
    _check_version(found.format, name)
    if found.id != remote_id:
        raise damaged(name, "it belongs to another mirror")
    return found


def _version(
    decoder: msgspec.msgpack.Decoder[_Versioned] | msgspec.json.Decoder[_Versioned], data: bytes
) -> int | None:
    try:
        return decoder.decode(data).format
    except _BAD:
        return None


def _refused(version: int | None, name: str, error: BaseException) -> RemoteFormatError:
    if version is not None and version != FORMAT_VERSION:
        return _other_version(version, name)
    return damaged(name, re.sub(r"\s+", " ", str(error))[:120] or "it is damaged")


def _check_version(version: int, name: str) -> None:
    if version != FORMAT_VERSION:
        raise _other_version(version, name)


def _other_version(version: int, name: str) -> RemoteFormatError:
    return RemoteFormatError(
        f"The remote's .hubsync/{name} has layout version {version}; this hubsync reads version "
        f"{FORMAT_VERSION}.",
        "Nothing was changed. Install the version of hubsync that the other hubs use.",
        "remote-version",
    )
