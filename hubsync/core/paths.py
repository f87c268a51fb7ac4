"""Names: which ones may come in or go out, and how they are shown to people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hubsync.model import Problem

MAX_NAME_BYTES: Final = 255
"""What one part of a path may measure on the file systems of hubs (NAME_MAX)."""

MAX_PATH_BYTES: Final = 4096
"""What a whole path may measure (PATH_MAX)."""

# Whatever this search finds is looked at part by part.
_SUSPICIOUS: Final = re.compile(
    r"[^\x01-\x7f]|(?:^|/)(?:/|$|\.(?:/|$|\.(?:/|$)|g|hubsync)|git~)", re.IGNORECASE
)

# Code points that HFS+ ignores when it compares names, so that `.g<U+200C>it` opens `.git`.
# The list is the one of Git's own `core.protectHFS`.
_HFS_IGNORED: Final = dict.fromkeys(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF]
)

# What NTFS opens as `.git`: its short name, trailing dots and blanks, alternate streams; Git's
# `core.protectNTFS`. Both are refused on every disk, since a workspace travels between hubs.
_RESERVED: Final = re.compile(r"(?:\.git|git~1)[. ]*(?:[:\\].*)?|\.hubsync", re.I | re.S)

RESERVED_BEGIN: Final = frozenset(".gG")
"""How a reserved name of ASCII letters may begin."""

_UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def parent(path: str) -> str:
    """The directory that ``path`` is in; ``""`` is the root."""
    return path.rpartition("/")[0]


def name_of(path: str) -> str:
    """The last part of ``path``."""
    return path.rpartition("/")[2]


def ancestors(path: str) -> Iterator[str]:
    """The directories above ``path``, nearest first, without the root."""
    directory = parent(path)
    while directory:
        yield directory
        directory = parent(directory)


def is_reserved(name: str) -> bool:
    """Whether one part of a path is, on some disk, `.git` or `.hubsync` (rule 14)."""
    if name.isascii():
        return name[:1] in RESERVED_BEGIN and _RESERVED.fullmatch(name) is not None
    return _RESERVED.fullmatch(name.translate(_HFS_IGNORED)) is not None


def display(path: str) -> str:
    """``path`` for people: bytes that are no text, and characters that would move the cursor or
    turn the line around, appear as ``\\x..`` or ``\\u....``."""
    return _UNPRINTABLE.sub(_escaped, path)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:  # how Python carries an undecodable byte (surrogateescape)
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def check_remote_name(path: str) -> Problem | None:
    """What is wrong with a name that a remote gave, if anything (rule 14)."""
    if len(path) <= MAX_NAME_BYTES and (_is_plain(path) or _SUSPICIOUS.search(path) is None):
        return None
    return _check_text(path) or _check_parts(path)


def _is_plain(path: str) -> bool:
    """Whether there is certainly nothing suspicious in a short name: no part is empty, or begins
    with a dot, and there is no short name of NTFS. Most are so, and a search costs five times as
    much."""
    return (
        path.isascii()
        and path[:1] not in "./"
        and path[-1] != "/"
        and "/." not in path
        and "//" not in path
        and "~" not in path
        and "\0" not in path
    )


def check_local_name(path: str) -> Problem | None:
    """Why a name found on the local disk cannot be synced, if so (rule 7)."""
    if len(path) <= MAX_NAME_BYTES and path.isascii():
        return None
    return _check_text(path) or _check_lengths(path)


def is_unicode(name: str) -> bool:
    """Whether all of it is text: a disk may hold names of any bytes."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _check_text(path: str) -> Problem | None:
    if not is_unicode(path):
        return Problem(
            path,
            "name-not-unicode",
            f"The name {display(path)} is not valid UTF-8.",
            "Rename it; until then it is left as it is on this side.",
        )
    return None


def _check_parts(path: str) -> Problem | None:
    parts = path.split("/")
    if "\0" in path or any(part in ("", ".", "..") for part in parts):
        return Problem(
            path,
            "name-unsafe",
            f"The name {display(path)!r} could lead out of the workspace.",
            "Rename or remove it on the remote with the tool that wrote it.",
        )
    if any(is_reserved(part) for part in parts):
        return Problem(
            path,
            "name-reserved",
            f"Nothing is written into .git or .hubsync from outside: {display(path)}.",
            "Remove it on the remote with the tool that wrote it.",
        )
    return _check_lengths(path)


def _check_lengths(path: str) -> Problem | None:
    longest = max(len(part.encode()) for part in path.split("/"))
    if longest > MAX_NAME_BYTES or len(path.encode()) > MAX_PATH_BYTES:
        return Problem(
            path,
            "name-too-long",
            f"The name is too long for a disk: {display(path[:80])}…",
            f"Shorten it: {MAX_NAME_BYTES} bytes for each part, {MAX_PATH_BYTES} for all.",
        )
    return None


def link_stays_inside(path: str, target: str) -> bool:
    """Whether the link ``path`` -> ``target`` is relative and stays in the workspace (rule 14).

    ``..`` is accepted only at the beginning of a target. There it is certain where it leads: what
    is above a path of a tree is a real directory. Behind a name it is not: with ``up -> ..``, the
    target ``up/../x`` looks harmless and leaves the workspace.
    """
    if not target or "\0" in target or target.startswith("/") or len(target) >= MAX_PATH_BYTES:
        return False
    parts = [part for part in target.split("/") if part not in ("", ".")]
    climbs = 0
    while climbs < len(parts) and parts[climbs] == "..":
        climbs += 1
    return climbs <= path.count("/") and ".." not in parts[climbs:]
