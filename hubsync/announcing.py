"""What an upload is about to make visible, written down by whoever reads it: its path and digest.

Helper processes and threads append to one file at the same time. Each record is one write, to the
end of the file, so that records never mix; a kill may tear the last one only.
"""

from __future__ import annotations

import os
import struct
from typing import Final

import msgspec

_LENGTH: Final = struct.Struct("<I")
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
_record = msgspec.msgpack.Decoder(tuple[str, bytes])


def append(file: str, path: str, digest: bytes) -> None:
    """From now on a kill does not lose it. Raises OSError."""
    record = msgspec.msgpack.encode((path, digest))
    descriptor = os.open(file, _FLAGS, 0o600)
    try:
        os.write(descriptor, _LENGTH.pack(len(record)) + record)
    finally:
        os.close(descriptor)


def announced(file: str) -> list[tuple[str, bytes]]:
    """What was appended, in that order. Raises OSError."""
    try:
        with open(file, "rb") as opened:
            data = opened.read()
    except FileNotFoundError:
        return []
    found: list[tuple[str, bytes]] = []
    offset = 0
    while offset + _LENGTH.size <= len(data):
        (length,) = _LENGTH.unpack_from(data, offset)
        offset += _LENGTH.size + length
        try:
            found.append(_record.decode(data[offset - length : offset]))
        except msgspec.DecodeError:
            break
    return found
