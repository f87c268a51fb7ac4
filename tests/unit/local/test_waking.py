"""Which paths wake a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubsync.local.waking import Waking


@pytest.fixture
def waking(tmp_path: Path) -> Waking:
    (tmp_path / ".hubsyncignore").write_text("*.log\nscratch/\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / ".hubsyncignore").write_text("!kept.log\nraw\n")
    (tmp_path / "venv").mkdir()
    return Waking(str(tmp_path))


@pytest.mark.parametrize(
    ("path", "wakes"),
    [
        ("notes.md", True),
        ("sub/notes.md", True),
        ("a.log", False),
        ("sub/a.log", False),
        ("sub/kept.log", True),
        ("sub/raw", False),
        ("raw", True),
        ("scratch/x", False),
        ("venv", False),
        (".venv/lib/x.py", False),
        ("nb/.ipynb_checkpoints/x.ipynb", False),
        (".notes.md.swp", False),
        (".env", False),
        (".hubsyncignore", True),
        (".hubsync", False),
        (".hubsync/state/origin.state", False),
        (".git", False),
        (".git/HEAD", True),
        (".git/HEAD.lock", False),
        (".git/refs/heads/main", True),
        (".git/refs/heads/main.lock", False),
        (".git/refs/remotes/origin/main", False),
        (".git/index", False),
        (".git/objects/ab/cdef", False),
        ("sub/.git", True),
        ("sub/.git/HEAD", True),
        ("sub/.git/HEAD.lock", False),
        ("sub/.git/index", True),
        ("sub/.git/index.lock", False),
        ("sub/.git/refs/heads/a/b", True),
        ("sub/.git/refs/stash", True),
        ("sub/.git/refs/hubsync/offered", False),
        ("sub/.git/objects/ab/cdef", False),
        ("scratch/.git/HEAD", False),
        ("scratch/deep/.git/refs/heads/main", False),
        (".github/x", True),
        ("sub/.gitignore", True),
    ],
)
def test_paths(waking: Waking, path: str, wakes: bool) -> None:
    assert waking.wakes(path) is wakes


@pytest.mark.parametrize(
    ("directory", "enters"),
    [
        ("sub", True),
        ("scratch", False),
        ("sub/.git", True),
        ("sub/.git/refs/heads/a", True),
        ("sub/.git/refs/tags", False),
        ("sub/.git/objects", False),
        ("scratch/.git", False),
        (".hubsync/state", True),
        (".hubsync/stage", False),
    ],
)
def test_directories(waking: Waking, directory: str, enters: bool) -> None:
    assert waking.enters(directory) is enters


def test_changed_rules_hold_from_then_on(waking: Waking, tmp_path: Path) -> None:
    assert not waking.wakes("a.log")
    (tmp_path / ".hubsyncignore").write_text("*.md\n")
    assert waking.wakes(".hubsyncignore")
    assert waking.wakes("a.log")
    assert not waking.wakes("notes.md")


def test_rules_that_cannot_be_read_hide_nothing(tmp_path: Path) -> None:
    (tmp_path / ".hubsyncignore").mkdir()
    assert Waking(str(tmp_path)).wakes("a.log")
