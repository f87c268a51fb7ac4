"""Two hubs and a remote that is a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import Hub


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """The folder that ``file://`` remotes name."""
    folder = tmp_path / "remote"
    folder.mkdir()
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Hub:
    """A directory that is no workspace."""
    return _hub(tmp_path, "outside", "carol")


@pytest.fixture
def hub_a(tmp_path: Path, remote: Path) -> Hub:
    """A workspace with two files, synced."""
    hub = _hub(tmp_path, "a", "ada")
    hub.write("notes.md", "one\ntwo\nthree\n")
    hub.write("data/table.csv", "x,y\n1,2\n")
    hub.run("init", remote.as_uri()).ok()
    hub.run("sync").ok()
    return hub


@pytest.fixture
def hub_b(tmp_path: Path, remote: Path, hub_a: Hub) -> Hub:
    """A clone of the same remote."""
    hub = _hub(tmp_path, "b", "bob")
    hub.run("clone", remote.as_uri(), str(hub.directory)).ok()
    return hub


@pytest.fixture
def conflict(hub_a: Hub, hub_b: Hub) -> Hub:
    """Hub B, in which notes.md met a conflict."""
    hub_a.write("notes.md", "one\nTWO from a\nthree\n")
    hub_a.run("sync").ok()
    hub_b.write("notes.md", "one\nTWO from b\nthree\n")
    assert hub_b.run("sync").status == 3
    return hub_b


def _hub(tmp_path: Path, name: str, author: str) -> Hub:
    directory = tmp_path / name
    directory.mkdir()
    return Hub(
        directory,
        {
            "HUBSYNC_AUTHOR": author,
            "HUBSYNC_HUB": f"hub-{name}",
            "XDG_DATA_HOME": str(tmp_path / "share"),
            "HOME": str(tmp_path),
        },
    )
