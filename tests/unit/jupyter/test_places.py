"""Paths of the workspace and of Jupyter's contents."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubsync_jupyter.places import places_of


@pytest.mark.parametrize(
    ("workspace", "server", "pairs"),
    [
        ("h", "h", {"a/b": "a/b", "": ""}),
        ("h/work", "h", {"work/a": "a", "work": "", "elsewhere/a": None, "workshop/a": None}),
        ("h", "h/lab", {"a": "lab/a", "": "lab"}),
        ("one", "two", {"a": None}),
    ],
)
def test_contents_paths_become_workspace_paths(
    tmp_path: Path, workspace: str, server: str, pairs: dict[str, str | None]
) -> None:
    places = places_of(str(tmp_path / workspace), str(tmp_path / server))
    for contents, inside in pairs.items():
        assert places.to_workspace(contents) == inside
        if inside is not None:
            assert places.to_contents(inside) == contents


def test_what_the_server_does_not_show_has_no_contents_path(tmp_path: Path) -> None:
    assert places_of(str(tmp_path), str(tmp_path / "lab")).to_contents("notes.md") is None


def test_links_to_the_root_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert places_of(str(tmp_path / "real"), str(tmp_path / "link")).to_workspace("a") == "a"
