"""What counts as a new home."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubsync_jupyter.settings import Home, default_remote, found_workspace, look_at_home


@pytest.mark.parametrize(
    ("names", "home"),
    [
        ([], Home(new=True, vacant=True)),
        ([".bashrc", ".cache", "lost+found"], Home(new=True, vacant=False)),
        (["Welcome.ipynb"], Home(new=True, vacant=False)),
        (["notes.md"], Home(new=False, vacant=False)),
        ([".bashrc", "Welcome to.ipynb"], Home(new=False, vacant=False)),
    ],
)
def test_a_home_is_new_while_nothing_of_a_persons_is_in_it(
    tmp_path: Path, names: list[str], home: Home
) -> None:
    for name in names:
        (tmp_path / name).write_text("")
    assert look_at_home(str(tmp_path), ("Welcome.*",)) == home


def test_a_home_that_cannot_be_looked_at_is_not_new(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert look_at_home(str(tmp_path / "file"), ()) == Home(new=False, vacant=False)


def test_a_home_that_is_yet_to_be_made_is_new(tmp_path: Path) -> None:
    assert look_at_home(str(tmp_path / "gone"), ()) == Home(new=True, vacant=True)


def test_a_workspace_is_found_upwards(tmp_path: Path) -> None:
    (tmp_path / ".hubsync").mkdir()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert found_workspace(str(tmp_path / "a" / "b")) is None
    (tmp_path / ".hubsync" / "config.toml").write_text("")
    assert found_workspace(str(tmp_path / "a" / "b")) == str(tmp_path.resolve())


def test_a_default_remote_has_to_be_permitted() -> None:
    url, fault = default_remote("s3://a/{username}", {"JUPYTERHUB_USER": "ada"}, "", ("s3://b/*",))
    assert url is None
    assert fault is not None
    assert fault.code == "not-permitted"


def test_a_default_remote_says_where_it_is() -> None:
    url, fault = default_remote("shared/{username}", {"JUPYTERHUB_USER": "ada"}, "", ())
    assert url is None
    assert fault is not None
    assert fault.code == "relative-address"
