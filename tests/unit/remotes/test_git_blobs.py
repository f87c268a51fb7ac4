"""Blobs are held against their names, but where all of them have just been."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pygit2
import pytest

from hubsync.remotes.git.blobs import Read, checked, just_arrived


@pytest.fixture
def repository(tmp_path: Path) -> Any:
    return pygit2.init_repository(tmp_path / "clone", bare=True)


def _loose(repository: Any, name: Any) -> Path:
    return Path(repository.path, "objects", str(name)[:2], str(name)[2:])


def _damaged(repository: Any) -> Any:
    """The name of a blob in whose place lies a whole other one."""
    wanted, other = repository.create_blob(b"wanted"), repository.create_blob(b"other")
    _loose(repository, wanted).unlink()
    shutil.copy(_loose(repository, other), _loose(repository, wanted))
    return wanted


@pytest.mark.parametrize("reading", [checked, just_arrived])
def test_a_blob_is_read_and_nothing_else(repository: Any, reading: Any) -> None:
    read: Read = reading(repository)
    assert read(repository.create_blob(b"content\0")) == b"content\0"
    with pytest.raises(KeyError):
        read(repository.TreeBuilder().write())
    with pytest.raises(KeyError):
        read(pygit2.Oid(hex="1" * 40))


def test_a_damaged_blob_is_refused_unless_all_have_just_arrived(repository: Any) -> None:
    damaged = _damaged(repository)
    assert just_arrived(repository)(damaged) == b"other"
    with pytest.raises(pygit2.GitError):
        checked(repository)(damaged)


def test_the_check_is_on_again_after_each_reading(repository: Any) -> None:
    damaged = _damaged(repository)
    read = just_arrived(repository)
    read(repository.create_blob(b"content"))
    with pytest.raises(pygit2.GitError):
        repository.odb.read(damaged)
    with pytest.raises(KeyError):
        read(pygit2.Oid(hex="1" * 40))
    with pytest.raises(pygit2.GitError):
        repository.odb.read(damaged)
