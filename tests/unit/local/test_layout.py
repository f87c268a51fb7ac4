from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from hubsync.errors import LocalError
from hubsync.local.layout import Layout, find_root


def test_the_root_is_found_from_below(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path))
    layout.create()
    deep = tmp_path / "a/b/c"
    deep.mkdir(parents=True)
    assert find_root(str(deep)) is None, "a folder without a configuration is no workspace"
    Path(layout.config).touch()
    assert find_root(str(deep)) == find_root(str(tmp_path)) == str(tmp_path)


def test_the_folder_is_private_and_git_does_not_see_it(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path))
    layout.create()
    layout.create()
    assert os.stat(layout.metadata).st_mode & 0o077 == 0
    Path(layout.config).touch()
    (tmp_path / "mine").touch()
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    status = subprocess.run(
        [*git, "status", "--porcelain"], check=True, capture_output=True, text=True
    )
    assert status.stdout == "?? mine\n"


def test_a_file_in_its_place_is_said(tmp_path: Path) -> None:
    (tmp_path / ".hubsync").touch()
    with pytest.raises(LocalError) as caught:
        Layout(str(tmp_path)).create()
    assert "in the way" in caught.value.message
