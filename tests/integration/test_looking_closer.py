"""One version to be looked at, and what a directory's entries are to the rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubsync import HubsyncError, Identity, Workspace
from tests.git_hubs import git, no_ones_settings

ADA = Identity("ada", "hub-a")


@pytest.fixture(autouse=True)
def nobodys_settings(tmp_path: Path) -> Iterator[None]:
    with no_ones_settings(tmp_path):
        yield


@pytest.fixture(params=["mirror", "git"])
def workspace(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Workspace]:
    root = tmp_path / "work"
    root.mkdir()
    url = (tmp_path / "remote").as_uri()
    if request.param == "git":
        git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote.git")
        url = f"git+file://{tmp_path}/remote.git"
    with Workspace.init(str(root), url, identity=ADA) as workspace:
        yield workspace


def test_a_version_is_read_without_touching_the_workspace(
    workspace: Workspace, tmp_path: Path
) -> None:
    root = Path(workspace.root)
    for text in ("first\n", "second\n"):
        (root / "notes.md").write_text(text)
        workspace.sync(identity=ADA)
    old = workspace.versions("notes.md")[-1].version
    read = workspace.read("notes.md", old, str(tmp_path / "out"))
    assert (tmp_path / "out").read_text() == "first\n"
    assert (read.path, read.version, read.size) == ("notes.md", old, 6)
    assert (root / "notes.md").read_text() == "second\n"
    with pytest.raises(HubsyncError) as caught:
        workspace.read("notes.md", "20200101T000000.000000000Z-x-0", str(tmp_path / "none"))
    assert caught.value.code == "no-such-version"
    assert not (tmp_path / "none").exists()


def test_what_is_in_the_trash_can_be_read_too(workspace: Workspace, tmp_path: Path) -> None:
    root = Path(workspace.root)
    for text in ("first\n", "second\n"):
        (root / "notes.md").write_text(text)
        workspace.sync(identity=ADA)
    workspace.restore("notes.md")
    trash = workspace.versions("notes.md", trash_only=True)[0].version
    workspace.read("notes.md", trash, str(tmp_path / "out"))
    assert (tmp_path / "out").read_text() == "second\n"


def test_ignored_entries_are_those_that_each_rule_hides(workspace: Workspace) -> None:
    root = Path(workspace.root)
    (root / "data" / "deep").mkdir(parents=True)
    for name in ("a.tmp", "data/a.tmp", "data/b.md", "data/deep/a.tmp", "data/deep/c.log"):
        (root / name).write_text("x\n")
    (root / ".hubsyncignore").write_text("*.tmp\n/data/deep/\n")
    (root / "data" / ".hubsyncignore").write_text("!a.tmp\n")
    assert set(workspace.ignored_in("")) & {"a.tmp", "data"} == {"a.tmp"}
    found = workspace.ignored_in("data")
    assert {name: rule.pattern for name, rule in found.items()} == {"deep": "/data/deep/"}
    assert set(workspace.ignored_in("data/deep")) == {"a.tmp", "c.log"}
    assert {
        name: workspace.why_ignored(f"data/deep/{name}") for name in ("a.tmp", "c.log")
    } == workspace.ignored_in("data/deep")


@pytest.mark.parametrize(
    "name", ["a.md", "a[1].md", "a*b?.md", "#a", "!a", " a ", "a\\b", "caf\u00e9", "a  ", "-x"]
)
@pytest.mark.parametrize("is_dir", [False, True])
def test_the_rule_for_a_path_hides_it_and_nothing_else(
    workspace: Workspace, name: str, is_dir: bool
) -> None:
    root = Path(workspace.root)
    for folder in ("", "below"):
        (root / folder).mkdir(exist_ok=True)
        (root / folder / name).mkdir() if is_dir else (root / folder / name).write_text("x")
        (root / folder / f"{name}x").write_text("x")
    pattern, added = workspace.ignore_path(name)
    assert added
    assert workspace.ignore_path(name) == (pattern, False)
    assert name in workspace.ignored_in("")
    assert f"{name}x" not in workspace.ignored_in("")
    assert not {name, f"{name}x"} & set(workspace.ignored_in("below"))
