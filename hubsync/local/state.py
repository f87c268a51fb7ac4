"""What a workspace remembers of one remote: the base and what both sides looked like around it.

It is an accelerator only: with no state rule 6 applies, and nothing is lost or resurrected. So
a file that is missing, torn, damaged or of another version is simply no state.

Format: 8 bytes ``hubsync`` and the format's number, 32 bytes BLAKE3 of the rest, then one
msgpack value. The file is replaced whole and atomically (homes are often on NFS).
"""

from __future__ import annotations

import gc
import os
import tempfile
from itertools import compress
from operator import is_, is_not
from typing import Final

import msgspec
from blake3 import blake3
from msgspec import Struct

from hubsync.local.unwritable import unwritable
from hubsync.model import Entry

FORMAT: Final = 1
_MAGIC: Final = b"hubsync" + bytes([FORMAT])
_HEAD: Final = len(_MAGIC) + 32


class State(Struct, frozen=True, gc=False):
    """One remote's memory.

    ``base``: the tree on which both sides last agreed. ``local`` and ``remote``: where a side, as
    last seen, differs from the base in a way worth remembering (None: the path was absent), such
    as digests of edited and not yet synced files. ``revision``: of the remote, for ``remote``.
    ``rules_digest``: of the ignore rules under which ``base`` was scanned. ``uncarried``: paths of
    ``revision`` that have a problem on the remote itself, told as long as they are there; as bytes,
    since they may be no text. ``stand_ins``: paths where the base has something in place of the
    content, which could not be had, with its digest. Times in ns.
    """

    remote_id: str
    revision: str
    saved_at: int
    last_sync: int | None
    base: dict[str, Entry]
    local: dict[str, Entry | None] = {}
    remote: dict[str, Entry | None] = {}
    rules_digest: str = ""
    uncarried: tuple[bytes, ...] = ()
    stand_ins: dict[str, bytes] = {}
    version: int = FORMAT


_encoder: Final = msgspec.msgpack.Encoder()


def nothing() -> State:
    """The memory where there is none (rule 6)."""
    return State("", "", 0, None, {})


def load(path: str) -> tuple[State | None, str]:
    """The state, or None and the reason (``"missing"``, ``"damaged"``, ``"other-version"``,
    ``"unreadable"``)."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return None, "missing"
    except OSError as error:
        return None, f"unreadable: {error.strerror}"
    if data[:7] != _MAGIC[:7] or len(data) < _HEAD:
        return None, "damaged"
    if data[:8] != _MAGIC:
        return None, "other-version"
    payload = memoryview(data)[_HEAD:]
    if blake3(payload).digest() != data[8:_HEAD]:
        return None, "damaged"
    collecting = gc.isenabled()
    gc.disable()  # hundreds of thousands of new containers would start it again and again
    try:
        return msgspec.msgpack.decode(payload, type=State), ""
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None, "damaged"
    finally:
        if collecting:
            gc.enable()


def touched(before: State, after: State) -> set[str]:
    """The paths of which the one remembers other things of the disk than the other."""
    was, now = before.base, after.base
    if len(was) == len(now) and all(map(is_, was, now)):  # as it mostly is, and quicker to compare
        found = set(compress(now, map(is_not, was.values(), now.values())))
    else:
        found = {path for path, entry in now.items() if was.get(path) is not entry}
        found |= was.keys() - now.keys()
    overlaid = before.local.keys() | after.local.keys()
    return found.union(p for p in overlaid if before.local.get(p) != after.local.get(p))


class _Revision(Struct, frozen=True):
    revision: str = ""


_revisions: Final = msgspec.msgpack.Decoder(_Revision)


def revision(path: str) -> str:
    """The remote's revision in a state file, ``""`` where there is none or it is damaged.

    Nothing else of it is made into values, so that looking for news of a remote with 100,000 paths
    costs next to nothing. Whoever acts on the state uses `load`.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return ""
    if data[:8] != _MAGIC:
        return ""
    try:
        return _revisions.decode(memoryview(data)[_HEAD:]).revision
    except (msgspec.DecodeError, msgspec.ValidationError):
        return ""


def save(path: str, state: State) -> None:
    """Replace the file by ``state``, durably. Raises LocalError; the old file is then as it was."""
    payload = _encoder.encode(state)
    replace_file(path, [_MAGIC, blake3(payload).digest(), payload])


def seal(path: str) -> str:
    """Names what is in a state file; ``""`` if there is none."""
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD)
            return f"{head.hex()} {os.fstat(file.fileno()).st_size}" if len(head) == _HEAD else ""
    except OSError:
        return ""


def touch(path: str, now: int) -> None:
    """Note that a sync at the time ``now`` (ns) found everything as the state says."""
    os.utime(path, ns=(now, now))


def last_sync(path: str) -> int | None:
    """When the last sync with the remote of this state came to its end (ns), None if none did."""
    try:
        return os.stat(path).st_mtime_ns
    except FileNotFoundError:
        return None


def replace_file(path: str, parts: list[bytes]) -> None:
    """Write ``parts`` to ``path``, atomically and durably; no temporary file stays behind."""
    directory = os.path.dirname(path)
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=directory, prefix=".new-")
        try:
            with open(descriptor, "wb") as file:
                file.writelines(parts)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise unwritable(path, error) from error
