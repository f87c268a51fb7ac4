"""What was found in an index file, for as long as it is the same one.

The index of a large clone takes long to read and to search, and one sync asks the same of it
several times: before it fetches, before it publishes, before it moves the branch.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, TypeVar

T = TypeVar("T")

_SEAL: Final = 20
"""Bytes at the end: the SHA-1 of all before; see gitformat-index(5)."""

_known: Final[dict[Callable[[bytes], Any], tuple[object, Any]]] = {}


def found_out(path: str, look: Callable[[bytes], T]) -> T:
    """What ``look`` finds in the bytes of the file, none if there is no such file."""
    version = _version(path)
    known = _known.get(look)
    if known is not None and version is not None and known[0] == version:
        found: T = known[1]
        return found
    # If it is replaced meanwhile, this is kept under a version that never comes back.
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        data = b""
    found = look(data)
    _known[look] = (version, found)
    return found


def _version(path: str) -> object:
    """What no other content of the file has: when it was written, and the SHA-1 of everything in
    it. None where that is left out (git-config(1), index.skipHash)."""
    try:
        with open(path, "rb", buffering=0) as file:
            now = os.fstat(file.fileno())
            seal = os.pread(file.fileno(), _SEAL, max(0, now.st_size - _SEAL))
    except OSError:
        return None
    evidence = (now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)
    return (path, seal, evidence) if seal.strip(b"\0") else None
