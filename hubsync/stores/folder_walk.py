"""Walking a folder with nothing but the standard library: in this process, or as one of its own.

``python -I -S folder_walk.py`` starts in a few milliseconds, and does not share the interpreter
lock with the process that reads from it: see `hubsync.stores.folder_listing`, which decides.

On standard input it takes a marshalled ``(root, folders)``. It answers with frames, each of four
bytes of length and a marshalled value: a list of rows; at last ``None``, or ``(errno, folder)`` of
the directory that could not be read. marshal carries names that are not UTF-8, and both ends are
the same Python.
"""

from __future__ import annotations

import marshal
import os
import sys

# Not `typing` and `collections.abc`: importing them takes as long as listing thousands of files.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH = 4096
TIMES = 1 << 63
"""As in `hubsync.model.time_of`; this imports nothing."""
HIDDEN = ".hubsync/tmp/"
"""Writes on their way are no objects yet."""

Row = tuple[str, int, str, int]
"""Key, size, identity, mtime."""

OCCUPIED = (-1, "occupied", 0)
"""In a row: something that is no object has the name (a link, a pipe, a folder not to be read)."""


class Unreadable(Exception):
    """A directory could not be read: ``number`` is the errno, ``folder`` its key prefix."""

    def __init__(self, number: int, folder: str) -> None:
        super().__init__(number, folder)
        self.number = number
        self.folder = folder


def identity_of(status: os.stat_result) -> str:
    """mtime-size-inode-ctime, in hex."""
    return f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}-{status.st_ctime_ns:x}"


def walk(root: str, folders: list[str]) -> Iterator[list[Row]]:
    """Every regular file below ``folders`` (each ``""`` or ending in ``/``), in batches, and what
    else has a name there.

    ``folders`` is the walk's own stack: between two batches it names what is still to be done. What
    is removed while the walk goes on is left out. Raises Unreadable.
    """
    batch: list[Row] = []
    while folders:
        here = folders.pop()
        if here == HIDDEN:
            continue
        try:
            with os.scandir(f"{root}/{here}") as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(f"{here}{entry.name}/")
                    elif entry.is_file(follow_symlinks=False):
                        try:
                            status = entry.stat(follow_symlinks=False)
                        except FileNotFoundError:
                            continue
                        batch.append(
                            (
                                here + entry.name,
                                status.st_size,
                                identity_of(status),
                                max(-TIMES, min(status.st_mtime_ns, TIMES - 1)),
                            )
                        )
                    else:
                        batch.append((here + entry.name, *OCCUPIED))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError:
            if not here:
                raise
            batch.append((here[:-1], *OCCUPIED))
        except OSError as error:
            raise Unreadable(error.errno or 0, here) from error
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def main() -> None:
    """Serve one request; see the module's docstring."""
    root, folders = marshal.loads(sys.stdin.buffer.read())
    out = sys.stdout.buffer

    def tell(value: object) -> None:
        data = marshal.dumps(value)  # type: ignore[arg-type]
        out.write(len(data).to_bytes(4, "big") + data)
        out.flush()

    try:
        for batch in walk(root, folders):
            tell(batch)
    except Unreadable as error:
        tell((error.number, error.folder))
        return
    tell(None)


if __name__ == "__main__":
    main()
