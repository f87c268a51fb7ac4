"""Conflict copies: how they are named, and where an entry that must stay goes (rules 3 and 5)."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from typing import Final

from blake3 import blake3

from hubsync.core.paths import MAX_NAME_BYTES
from hubsync.model import Entry, KeepBoth, Kind, Merge, Side

_SHORTEST: Final = 8
_BEGIN: Final = ".conflict-"
_MARK: Final = re.compile(
    r"\.conflict-[0-9a-f]{8}(?:[0-9a-f]{8}|[0-9a-f]{24}|[0-9a-f]{56})?(?=\.|$)"
)


def entry_digest(entry: Entry) -> bytes | None:
    """What a conflict copy of ``entry`` is named after; None if it has not been read."""
    if entry.kind is Kind.LINK:
        return blake3(entry.target.encode("utf-8", "surrogateescape")).digest()
    return entry.digest


def conflict_name(path: str, digest: bytes, length: int = _SHORTEST) -> str:
    """``stem.conflict-<first of digest>.ext`` beside ``path``.

    The name comes from the content alone, so that two hubs that meet one conflict arrive at the
    same files. A conflict copy that conflicts itself is named after what it is a copy of. A name
    that would be too long for a disk loses the end of its stem, or, where that is not enough,
    its extension.
    """
    directory, slash, name = (is_conflict_copy(path) or path).rpartition("/")
    stem, extension = _split(name)
    mark = f".conflict-{digest.hex()[:length]}"
    room = MAX_NAME_BYTES - len(mark)
    extension = extension if len(extension.encode()) <= room // 2 else ""
    stem = shortened(stem, room - len(extension.encode()))
    return f"{directory}{slash}{stem}{mark}{extension}"


def is_conflict_copy(path: str) -> str | None:
    """The path that ``path`` is a conflict copy of, or None if it is none.

    Of a name that was shortened only a part comes back: see `original_among`.
    """
    found = _parts(path)
    return None if found is None else f"{found[0]}{found[2]}"


def original_among(copy: str, paths: Container[str], siblings: Iterable[str]) -> str | None:
    """The path that ``copy`` is a conflict copy of, None if it is none; of one whose name was
    shortened, that of the ``siblings`` (the paths in its directory) of which it can be."""
    found = _parts(copy)
    if found is None:
        return None
    stem, mark, extension = found
    original = f"{stem}{extension}"
    if original in paths:
        return original
    digest = bytes.fromhex(mark)
    might = (one for one in siblings if one.startswith(stem) and _parts(one) is None)
    return next((one for one in might if conflict_name(one, digest, len(mark)) == copy), original)


def _parts(path: str) -> tuple[str, str, str] | None:
    """Of a conflict copy: its path up to the mark, the digest in the mark, and the extension."""
    if _BEGIN not in path:
        return None
    directory, slash, name = path.rpartition("/")
    marks = list(_MARK.finditer(name))
    if not marks:
        return None
    mark = marks[-1]
    stem, extension = name[: mark.start()], name[mark.end() :]
    if not stem or extension.count(".") > 1:
        return None
    return f"{directory}{slash}{stem}", mark[0].removeprefix(_BEGIN), extension


def copy_names(path: str, digest: bytes) -> Iterator[str]:
    """Names for a copy of ``path``, the usual one first; more of the digest where it is taken."""
    for length in (8, 16, 32, 64):
        name = conflict_name(path, digest, length)
        if name != path:
            yield name


def keep_both(merge: Merge, local_digest: bytes) -> KeepBoth:
    """What becomes of a merge that failed: the remote's content was first and keeps the name.

    This looks at the merge alone; `hubsync.core.reconcile.with_conflicts` also looks at what stands
    where the copy goes.
    """
    return KeepBoth(
        path=merge.path,
        local=merge.local,
        remote=merge.remote,
        keeper=Side.REMOTE,
        source=Side.LOCAL,
        copied=merge.local,
        copy_path=next(copy_names(merge.path, local_digest)),
    )


def _split(name: str) -> tuple[str, str]:
    """Stem and extension; the dot of a dotfile begins no extension."""
    stem, dot, extension = name.rpartition(".")
    return (stem, dot + extension) if stem.strip(".") else (name, "")


def shortened(text: str, size: int) -> str:
    """As many whole characters of ``text`` as fit in ``size`` bytes of UTF-8."""
    data = text.encode()
    return text if len(data) <= size else data[:size].decode(errors="ignore")
