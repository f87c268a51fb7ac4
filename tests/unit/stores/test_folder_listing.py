"""A large folder is listed by a process of its own; the listing is the same, or an error."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubsync.errors import AccessDenied, StoreError
from hubsync.stores import folder_listing
from hubsync.stores.folder_listing import walk

ODD = "not utf-8 \udcff", "new\nline", "Übung"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for number in range(50):
        folder = tmp_path / f"d{number}" / "deep"
        folder.mkdir(parents=True)
        for name in (*ODD, *"abcdefgh"):
            (folder / name).write_bytes(name.encode(errors="surrogateescape"))
    (tmp_path / "top").write_bytes(b"")
    return tmp_path


def listed(root: Path, prefix: str = "", hand_over: int = 1) -> list[tuple[str, int, str, int]]:
    return sorted(
        (one.key, one.size, one.identity, one.mtime)
        for batch in walk(str(root), prefix, hand_over)
        for one in batch
    )


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_listing.folder_walk, "BATCH", 20)


def test_both_ways_give_the_same_listing(tree: Path, started: list[list[str]]) -> None:
    here = listed(tree, hand_over=10**9)
    assert started == []
    assert len(here) == 50 * 11 + 1
    assert listed(tree) == here
    assert len(started) == 1


def test_a_prefix_is_heeded_both_ways(tree: Path) -> None:
    assert listed(tree, "d1", 1) == listed(tree, "d1", 10**9)
    assert {key.partition("/")[0] for key, *_ in listed(tree, "d1")} == {
        "d1",
        *(f"d{number}" for number in range(10, 20)),
    }


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands of the processes that were started."""
    found: list[list[str]] = []
    real = subprocess.Popen

    def watched(command: list[str], **options: object) -> object:
        found.append(command)
        return real(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(folder_listing.subprocess, "Popen", watched)
    return found


def test_a_process_that_dies_is_an_error_and_not_an_end(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tree / "top"
    program.write_text("import os, sys\nsys.stdin.buffer.read()\nos._exit(1)\n")
    monkeypatch.setattr(folder_listing, "_program", lambda: str(program))
    with pytest.raises(StoreError, match="ended early"):
        listed(tree)


def test_a_closed_listing_ends_its_process(tree: Path) -> None:
    for number in range(3000):
        (tree / f"d{number % 50}" / f"more{number}").write_bytes(b"")
    batches = walk(str(tree), "", 1)
    for _ in range(4):
        next(batches)
    batches.close()  # type: ignore[attr-defined]
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@contextlib.contextmanager
def unprivileged() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_cannot_be_read_fails_here_and_there() -> None:
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        root.chmod(0o777)
        with unprivileged():
            for number in range(50):
                (root / f"d{number:02}").mkdir()
                (root / f"d{number:02}" / "f").write_bytes(b"")
            # The walk takes the last folder first: this one is left for the end.
            (root / "d00").chmod(0)
            for hand_over in (10**9, 1):
                with pytest.raises(AccessDenied, match="d00"):
                    listed(root, hand_over=hand_over)
            (root / "d00").chmod(0o700)
