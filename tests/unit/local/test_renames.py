"""The renames that the rest is built on, and what stands in for them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from hubsync.local.incoming import permissions, process_umask
from hubsync.local.renames import KernelRenames, Renames, Spot, move_new
from tests.unit.local.faults import Unsupported


def spot(path: Path) -> Spot:
    return Spot(None, str(path))


@pytest.mark.parametrize("renames", [KernelRenames(), Unsupported(), Unsupported(errno.ENOSYS)])
def test_moves_to_a_free_name_and_never_over_anything(tmp_path: Path, renames: Renames) -> None:
    (tmp_path / "a").write_text("a")
    move_new(renames, spot(tmp_path / "a"), spot(tmp_path / "b"))
    assert os.listdir(tmp_path) == ["b"]
    (tmp_path / "c").write_text("c")
    (tmp_path / "d").mkdir()
    (tmp_path / "l").symlink_to("nowhere")
    for taken in ("c", "d", "l"):
        with pytest.raises(FileExistsError):
            move_new(renames, spot(tmp_path / "b"), spot(tmp_path / taken))
    assert (tmp_path / "b").read_text() == "a"
    assert (tmp_path / "c").read_text() == "c"


@pytest.mark.parametrize("renames", [KernelRenames(), Unsupported()])
def test_a_directory_moves_too(tmp_path: Path, renames: Renames) -> None:
    (tmp_path / "a").mkdir()
    move_new(renames, spot(tmp_path / "a"), spot(tmp_path / "b"))
    assert os.listdir(tmp_path) == ["b"]
    (tmp_path / "c").mkdir()
    with pytest.raises(FileExistsError):
        move_new(renames, spot(tmp_path / "b"), spot(tmp_path / "c"))


def test_exchanges(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    KernelRenames().exchange(spot(tmp_path / "a"), spot(tmp_path / "b"))
    assert (tmp_path / "a").read_text() == "b"
    with pytest.raises(FileNotFoundError):
        KernelRenames().exchange(spot(tmp_path / "a"), spot(tmp_path / "none"))


@pytest.mark.parametrize(
    ("executable", "before", "umask", "after"),
    [
        (False, None, 0o022, 0o644),
        (True, None, 0o022, 0o755),
        (True, None, 0o077, 0o700),
        (True, 0o640, 0o022, 0o750),
        (True, 0o644, 0o077, 0o744),
        (True, 0o600, 0o022, 0o700),
        (False, 0o755, 0o022, 0o644),
        (False, 0o600, 0o022, 0o600),
        (True, 0o700, 0o022, 0o700),
        (False, 0o4644, 0o022, 0o644),
    ],
)
def test_permissions(executable: bool, before: int | None, umask: int, after: int) -> None:
    status = None if before is None else os.stat_result((0o100000 | before, *([0] * 9)))
    assert permissions(executable, status, umask) == after


def test_the_umask_is_read_as_it_is() -> None:
    before = os.umask(0o027)
    try:
        assert process_umask() == 0o027
    finally:
        os.umask(before)
