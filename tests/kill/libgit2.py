"""Points in libgit2: every call by which it makes a name on the disk appear, vanish or change its
place, and every call by which it sends or receives.

libgit2 is a shared library of its own in pygit2's wheel and calls the C library through its global
offset table. In the process of the command that is to be killed the table's entries are replaced by
functions of this module, which count and go on to the C library's own. Format: elf(5), and the
System V ABI's chapters on dynamic linking.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.inline import Inline

_INT, _TEXT, _SIZE = ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t
_OPEN = ctypes.CFUNCTYPE(_INT, _TEXT, _INT, _INT, use_errno=True)
_ONE = ctypes.CFUNCTYPE(_INT, _TEXT, use_errno=True)
_TWO = ctypes.CFUNCTYPE(_INT, _TEXT, _TEXT, use_errno=True)
_MAKE = ctypes.CFUNCTYPE(_INT, _TEXT, _INT, use_errno=True)
_WIRE = ctypes.CFUNCTYPE(ctypes.c_ssize_t, _INT, ctypes.c_void_p, _SIZE, _INT, use_errno=True)

DISK: dict[str, Any] = {
    "open": _OPEN,
    "open64": _OPEN,
    "rename": _TWO,
    "link": _TWO,
    "symlink": _TWO,
    "unlink": _ONE,
    "rmdir": _ONE,
    "mkdir": _MAKE,
}
WIRE: dict[str, Any] = {"send": _WIRE, "recv": _WIRE}

_LOADS, _DYNAMIC = 1, 2  # p_type
_STRTAB, _SYMTAB, _RELA, _RELASZ, _JMPREL, _PLTRELSZ = 5, 6, 7, 8, 23, 2  # d_tag
_SLOTS = {6, 7, 1025, 1026}
"""R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT, R_AARCH64_GLOB_DAT, R_AARCH64_JUMP_SLOT."""

Around = Callable[[str, Callable[..., Any]], Callable[..., Any]]


class _Table(NamedTuple):
    offset: int
    size: int


@functools.cache
def prepare() -> tuple[dict[str, int], int]:
    """Load the library: where in it the addresses of other libraries' calls stand, and its own
    address. What was read before a fork holds after it."""
    import pygit2._pygit2  # noqa: F401

    library, base = _loaded("libgit2")
    return dict(_slots(library.read_bytes())), base


def install(around: Around) -> list[Any]:
    """Put ``around`` (a name and a call, to a call) around libgit2's calls; what has to be kept as
    long as the process runs. Fails if a call of that kind is not found at all."""
    slots, base = prepare()
    real = ctypes.CDLL(None, use_errno=True)
    kept: list[Any] = []
    _let_one_thread_in()
    for name, kind in {**DISK, **WIRE}.items():
        if name not in slots:
            continue
        call = kind((name, real))
        watched = around(f"libgit2.{name}", call)
        replaced = kind(_making(call, watched) if kind is _OPEN else watched)
        _write(base + slots[name], ctypes.cast(replaced, ctypes.c_void_p).value or 0)
        kept += [replaced, call, watched]
    assert {"rename", "unlink", "mkdir", "recv", "send"} <= slots.keys(), slots
    return kept


def _let_one_thread_in() -> None:
    """Both sides are looked at one after the other, for libgit2 makes some of these calls under a
    lock of its own: if one thread waited for the interpreter there, and another that has the
    interpreter for that lock, neither would ever go on."""
    from hubsync.engine import observe

    observe.ThreadPoolExecutor = Inline


def _making(plain: Callable[..., Any], watched: Callable[..., Any]) -> Callable[..., Any]:
    """Only an open that may make a file counts."""

    def opened(path: bytes, flags: int, mode: int) -> int:
        call = watched if flags & os.O_CREAT else plain
        return int(call(path, flags, mode))

    return opened


def _loaded(name: str) -> tuple[Path, int]:
    """A loaded library's file and the address of its beginning."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        fields = line.split(maxsplit=5)
        if len(fields) == 6 and Path(fields[5]).name.startswith(name) and int(fields[2], 16) == 0:
            return Path(fields[5]), int(fields[0].partition("-")[0], 16)
    raise AssertionError(f"{name} is not loaded as a library of its own")


def _slots(elf: bytes) -> Iterator[tuple[str, int]]:
    """The names that the library takes from others, and where in it their addresses stand."""
    tags = dict(_dynamic(elf))
    names, symbols = _in_file(elf, tags[_STRTAB]), _in_file(elf, tags[_SYMTAB])
    for table in (
        _Table(tags[_JMPREL], tags[_PLTRELSZ]) if _JMPREL in tags else None,
        _Table(tags[_RELA], tags[_RELASZ]) if _RELA in tags else None,
    ):
        if table is None:
            continue
        begin = _in_file(elf, table.offset)
        for at in range(begin, begin + table.size, 24):
            place, info, _ = struct.unpack_from("<QQq", elf, at)
            if info & 0xFFFFFFFF in _SLOTS:
                (name,) = struct.unpack_from("<I", elf, symbols + (info >> 32) * 24)
                start = names + name
                yield elf[start : elf.index(b"\0", start)].decode(), place


def _segments(elf: bytes, wanted: int) -> Iterator[tuple[int, int, int]]:
    """Offset in the file, address and size in the file of the segments of a kind."""
    (table,) = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    for at in range(table, table + size * count, size):
        kind, _, offset, address, _, length = struct.unpack_from("<IIQQQQ", elf, at)
        if kind == wanted:
            yield offset, address, length


def _in_file(elf: bytes, address: int) -> int:
    for offset, begin, length in _segments(elf, _LOADS):
        if begin <= address < begin + length:
            return offset + address - begin
    raise AssertionError(f"address {address} is in no segment")


def _dynamic(elf: bytes) -> Iterator[tuple[int, int]]:
    ((offset, _, length),) = _segments(elf, _DYNAMIC)
    for at in range(offset, offset + length, 16):
        tag, value = struct.unpack_from("<QQ", elf, at)
        yield tag, value


def _write(address: int, value: int) -> None:
    """The loader has made the table read-only."""
    library = ctypes.CDLL(None, use_errno=True)
    page = address & -mmap.PAGESIZE
    protection = mmap.PROT_READ | mmap.PROT_WRITE
    assert library.mprotect(ctypes.c_void_p(page), mmap.PAGESIZE, protection) == 0
    ctypes.c_void_p.from_address(address).value = value
