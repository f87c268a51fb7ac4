"""Which git program is run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hubsync.remotes.git import program


@pytest.mark.parametrize("folders", ["", ":{}", ".:{}"])
def test_what_came_by_a_sync_is_not_run_in_place_of_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folders: str
) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\necho what came by a sync\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", folders.format(os.environ["PATH"]))
    assert program.is_there("git")
    assert program.run(["git", "--version"], str(tmp_path)).startswith(b"git version")


def test_a_program_that_lies_in_the_folder_alone_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "git-of-others").touch(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ":.")
    assert not program.is_there("git-of-others")
