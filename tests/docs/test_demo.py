"""The demonstration works, on its own project and on copies of folders with odd things in them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A copy of the scripts, so that tests at the same time do not share their output folder."""
    return Path(shutil.copytree(ROOT / "scripts", tmp_path / "project" / "scripts")) / "demo.py"


def _run(demo: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, os.fspath(demo), *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def _statuses(folder: Path) -> dict[Path, tuple[int, int, int]]:
    """All that is there: inode, time of the last change, size."""
    found = {path: path.lstat() for path in folder.rglob("*")}
    return {path: (one.st_ino, one.st_mtime_ns, one.st_size) for path, one in found.items()}


def test_demonstration_ends_with_both_hubs_equal(demo: Path) -> None:
    done = _run(demo)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "equal on both hubs" in done.stdout
    for command in ("init", "push", "clone", "sync", "conflicts", "resolve", "restore", "log"):
        assert f"$ hubsync {command}" in done.stdout


def test_demonstration_on_a_copy_of_a_folder_with_odd_things(demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "empty directory").mkdir()
    (folder / "empty file").touch()
    (folder / "två ord\u0301.txt").write_text("".join(f"line {n}\n" for n in range(20)))
    (folder / "deep" / "windows.txt").write_bytes(b"".join(b"line %d\r\n" % n for n in range(20)))
    (folder / "deep" / "er" / "random.bin").write_bytes(os.urandom(300_000))
    (folder / "inside").symlink_to("deep/windows.txt")
    (folder / "outside").symlink_to("/etc/hostname")
    (folder / "nowhere").symlink_to("not there")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("[core]\n")
    (folder / "-n").write_text("a name like an option\n")
    os.mkfifo(folder / "pipe")
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt")).write_text("not UTF-8\n")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(folder)  # the path of a socket may have a hundred bytes or so
        try:
            listener.bind("socket")
        finally:
            os.chdir(here)
        before = _statuses(folder)
        done = _run(demo, os.fspath(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "on hub A alone" in done.stdout
    assert _statuses(folder) == before


def test_demonstration_on_an_empty_folder(demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    done = _run(demo, os.fspath(folder))
    assert done.returncode == 0, done.stdout + done.stderr


def test_demonstration_refuses_what_is_no_folder(demo: Path, tmp_path: Path) -> None:
    done = _run(demo, os.fspath(tmp_path / "missing"))
    assert done.returncode == 1
    assert "is no directory" in done.stderr
