"""All that is in a workspace in one listing, made by the program ``find``: the evidence that a scan
goes by, of every path, gathered in C while this process does something else.

It says of a path what `hubsync.local.scan` compares, to the nanosecond: what it is, inode, times
and size; of a directory only that it is there. So two equal listings mean that a scan would find
the same, whatever file system, clock or program was at work in between. A listing that cannot be
had, such as where ``find`` is not GNU's, is none.

Source of the format: find(1) of GNU findutils, ``-printf``.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from blake3 import blake3

from hubsync.model import METADATA_DIR

_PROGRAM: Final = "find"
_OWN: Final = (".git", METADATA_DIR)
"""At the root of a workspace; a scan does not look at them."""
_DIRECTORY: Final = r"d %P\0"
_OTHER: Final = r"%y %i %T@ %C@ %s %P\0"
_GLOB: Final = re.compile(r"[\\*?\[\]]")
_LENGTH: Final = 16
_SECOND: Final = 1_000_000_000


class Listing:
    """One that is being made of the workspace at ``root``; a context manager, which ends it.

    ``hidden``: directories of which nothing is listed but that they are there.

    The program writes into memory. Through a pipe it would come in 2,000 pieces for 100,000 files,
    each of which would wake this process from what it does meanwhile.
    """

    def __init__(self, root: str, hidden: Sequence[str] = ()) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._made: tuple[bytes, str] | None = None
        try:
            self._written, self._said = (os.memfd_create(name) for name in ("listing", "errors"))
        except (OSError, AttributeError):
            return  # not on Linux, where find is GNU's
        try:
            self._child = subprocess.Popen(
                _arguments(hidden),
                cwd=root,
                env={**os.environ, "LC_ALL": "C", "PATH": _path()},
                stdin=subprocess.DEVNULL,
                stdout=self._written,
                stderr=self._said,
            )
        except OSError:  # there is no such program here
            self._let_go()

    def content(self) -> bytes:
        """The whole listing, once it is made; nothing if there is none."""
        return self._whole()[0]

    def name(self) -> str:
        """What no other listing has, once it is made; ``""`` if there is none."""
        return self._whole()[1]

    def close(self) -> None:
        """End the program, if it still runs."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        self._let_go()

    def __enter__(self) -> Listing:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _whole(self) -> tuple[bytes, str]:
        if self._made is None:
            self._made = (b"", "")
            # It fails where a directory cannot be read, or vanished meanwhile.
            if self._child is not None and not (self._child.wait() or _size(self._said)):
                content = os.pread(self._written, size := _size(self._written), 0)
                if len(content) == size and content[-1:] in (b"", b"\0"):  # neither is torn
                    self._made = (content, named(content))
        return self._made

    def _let_go(self) -> None:
        os.close(self._written)
        os.close(self._said)


def _size(descriptor: int) -> int:
    return os.fstat(descriptor).st_size


def row(kind: str, evidence: tuple[int, int, int, int], path: str) -> bytes:
    """What a listing says of a path that is no directory. ``kind``: ``"f"`` or ``"l"``;
    ``evidence``: inode, mtime and ctime in ns, size."""
    inode, mtime, ctime, size = evidence
    m, c, second = mtime // _SECOND, ctime // _SECOND, _SECOND
    text = f"{kind} {inode} {m}.{mtime % second:09}0 {c}.{ctime % second:09}0 {size} {path}"
    return text.encode("utf-8", "surrogateescape")


def rows(listing: bytes) -> Iterator[bytes]:
    """Every path's, in the order of the walk: a directory comes before what is in it."""
    start = 0
    while (end := listing.find(b"\0", start)) >= 0:
        yield listing[start:end]
        start = end + 1


def path_of(row: bytes) -> tuple[str, bool]:
    """Which path a row is of, and whether that is a directory. One that another program made is of
    some path: whoever looks there finds what is so."""
    if row.startswith(b"d "):
        return os.fsdecode(row[2:]), True
    return os.fsdecode(row.split(b" ", 5)[-1]), False


def joined(rows: Iterable[bytes]) -> bytes:
    """The listing with just these rows."""
    return b"".join([row + b"\0" for row in rows])


def named(listing: bytes) -> str:
    """Its `Listing.name`."""
    return blake3(listing).hexdigest(_LENGTH)


def _arguments(hidden: Sequence[str]) -> list[str]:
    """Directories first, for they are listed without their times: these tell of hidden files."""
    listed = ["-type", "d", "-printf", _DIRECTORY]
    if hidden:
        listed += [*_any_of(hidden), "-prune", "-o", "-type", "d"]
    own = [*_any_of(_OWN), "-prune"]
    return [_PROGRAM, "-P", ".", "-mindepth", "1", *own, "-o", *listed, "-o", "-printf", _OTHER]


def _path() -> str:
    """Where programs are, but never in the workspace, whose files come from others as well: there
    an empty element of PATH, or a ``.``, would find them."""
    return os.pathsep.join(filter(os.path.isabs, os.get_exec_path())) or os.defpath


def _any_of(paths: Sequence[str]) -> list[str]:
    tests: list[str] = []
    for path in paths:
        plain = _GLOB.sub(lambda found: "\\" + found[0], path)
        tests += ["-o", "-path", f"./{plain}"]
    return ["(", *tests[1:], ")"]
