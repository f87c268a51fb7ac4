"""Files that a person means to add later (``git add -N``): in the index, but without content.

libgit2 does not tell them from empty files that are staged, so the flag is read from the file
itself. Source of the format: gitformat-index(5), versions 2 to 4.
"""

from __future__ import annotations

from typing import Final

_HEAD: Final = 12
_FLAGS: Final = 60
_EXTENDED: Final = 0x4000
_INTENDED: Final = 0x2000


def intended(path: str) -> frozenset[str]:
    """Their paths, of the index file ``path``. Raises ValueError for an index that is cut off."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return frozenset()
    version = int.from_bytes(data[4:8], "big")
    if version not in (3, 4):  # version 2 has no room for the flag
        return frozenset()
    found, name, at = set(), b"", _HEAD
    for _ in range(int.from_bytes(data[8:12], "big")):
        start, extra = at + _FLAGS + 2, 0
        if int.from_bytes(data[at + _FLAGS : start], "big") & _EXTENDED:
            extra = int.from_bytes(data[start : start + 2], "big")
            start += 2
        kept = 0
        if version == 4:
            cut, start = _number(data, start)
            kept = len(name) - cut
        end = data.index(b"\0", start)
        name = name[:kept] + data[start:end]
        at = end + 1 if version == 4 else at + (end - at) // 8 * 8 + 8
        if extra & _INTENDED:
            found.add(name.decode("utf-8", "surrogateescape"))
    return frozenset(found)


def _number(data: bytes, at: int) -> tuple[int, int]:
    """How much of the name before is left out, and where the rest begins."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
    return value, at + 1
