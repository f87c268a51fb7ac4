"""Trying a remote before a folder is linked to it: nothing changes, on either side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubsync import HubsyncError, Identity, Workspace
from hubsync.model import Entry, Kind
from hubsync.report import Silent
from hubsync.services.foreseeing import foreseen
from tests.git_hubs import git, no_ones_settings

ADA = Identity("ada", "hub-a")
TOKEN = "ghp_" + "Zq7Rk2Lw9Xv4Bn8Mc3Td6Yf1Hs5Jg0Pa2Wb4"


@pytest.fixture(autouse=True)
def nobodys_settings(tmp_path: Path) -> Iterator[None]:
    with no_ones_settings(tmp_path):
        yield


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    (root / "data").mkdir(parents=True)
    (root / "notes.md").write_text("12345\n")
    (root / "data" / "a.csv").write_bytes(b"x" * 100)
    (root / "data" / "b.tmp").write_text("")
    (root / "data" / ".hubsyncignore").write_text("*.tmp\n")
    (root / ".ssh").mkdir()
    (root / ".ssh" / "id").write_text("secret")
    (root / "clone").mkdir()
    git(root / "clone", "init", "-q")
    return root


def everything(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*"))


def test_it_counts_what_would_go_up_and_names_what_would_not(root: Path, tmp_path: Path) -> None:
    (tmp_path / "remote").mkdir()
    before = everything(tmp_path)
    found = Workspace.survey(str(root), (tmp_path / "remote").as_uri(), identity=ADA)
    assert everything(tmp_path) == before
    assert (found.git, found.found) == (False, False)
    assert (found.files, found.bytes) == (3, 112)
    assert (found.largest[0].path, found.largest[0].size) == ("data/a.csv", 100)
    rules = {one.path: one.rule.source for one in found.ignored}
    assert rules == {".ssh": "built-in", "data/b.tmp": "data/.hubsyncignore"}
    assert (found.ignored_count, found.withheld) == (2, (".ssh",))
    assert found.repositories == ("clone",)


def test_what_is_there_already_is_told(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    url = (tmp_path / "remote").as_uri()
    Workspace.init(str(other), url).close()
    before = everything(tmp_path)
    assert Workspace.survey(str(root), url, identity=ADA).found
    assert everything(tmp_path) == before


@pytest.mark.parametrize("exists", [True, False])
def test_a_repository_is_tried_without_making_the_folder_a_clone(
    root: Path, tmp_path: Path, exists: bool
) -> None:
    if exists:
        git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote.git")
    (root / ".gitignore").write_text("*.csv\n")
    before = everything(tmp_path)
    found = Workspace.survey(str(root), f"git+file://{tmp_path}/remote.git", identity=ADA)
    assert everything(tmp_path) == before
    assert (found.git, found.found) == (True, exists)
    assert "data/a.csv" in {one.path for one in found.ignored}


def test_what_cannot_be_linked_is_refused_as_the_link_would_be(root: Path, tmp_path: Path) -> None:
    for url, code in (
        ("git+http://127.0.0.1:9/x.git", "unreachable"),
        ("https://ada:hunter2@example.org/x.git", "bad-config"),
        (root.as_uri(), "remote-in-workspace"),
    ):
        with pytest.raises(HubsyncError) as surveyed:
            Workspace.survey(str(root), url, identity=ADA)
        with pytest.raises(HubsyncError) as linked:
            Workspace.init(str(root), url, identity=ADA)
        assert (surveyed.value.code, surveyed.value.message) == (
            linked.value.code,
            linked.value.message,
        ), code
    Workspace.init(str(root), (tmp_path / "remote").as_uri()).close()
    with pytest.raises(HubsyncError) as caught:
        Workspace.survey(str(root / "data"), (tmp_path / "remote").as_uri(), identity=ADA)
    assert caught.value.code == "already-a-workspace"


def test_what_a_repository_would_not_be_sent_is_named_and_counted_apart(
    root: Path, tmp_path: Path
) -> None:
    (root / "sec.py").write_text(f"one = 1\ntoken = '{TOKEN}'\n")
    with open(root / "movie.mp4", "wb") as file:
        file.truncate(50_000_001)
    before = everything(tmp_path)
    found = Workspace.survey(str(root), f"git+file://{tmp_path}/remote.git", identity=ADA)
    assert everything(tmp_path) == before
    assert [(one.path, one.code) for one in found.held] == [
        ("movie.mp4", "file-too-large-for-git"),
        ("sec.py", "secret-found"),
    ]
    assert "line 2" in found.held[1].message
    assert TOKEN not in repr(found)
    assert found.held_bytes == 50_000_001 + (root / "sec.py").stat().st_size
    assert (found.files, found.bytes, found.unsearched) == (3, 112, 0)
    assert "movie.mp4" not in {one.path for one in found.largest}


def test_a_mirror_is_sent_everything(root: Path, tmp_path: Path) -> None:
    (root / "sec.py").write_text(f"token = '{TOKEN}'\n")
    found = Workspace.survey(str(root), (tmp_path / "remote").as_uri(), identity=ADA)
    assert (found.files, found.held) == (4, ())


def test_the_attributes_of_the_folder_and_what_its_clone_has_committed_count(
    root: Path, tmp_path: Path
) -> None:
    (root / ".gitattributes").write_text("*.mp4 filter=lfs\n")
    with open(root / "movie.mp4", "wb") as file:
        file.truncate(50_000_001)
    (root / "published.py").write_text(f"token = '{TOKEN}'\n")
    url = f"git+file://{tmp_path}/remote.git"
    held = [one.code for one in Workspace.survey(str(root), url, identity=ADA).held]
    assert "file-too-large-for-git" not in held
    assert "secret-found" in held
    git(root, "init", "-q")
    git(root, "add", "published.py")
    git(root, "commit", "-qm", "Published")
    held = [one.code for one in Workspace.survey(str(root), url, identity=ADA).held]
    assert "secret-found" not in held


def test_a_search_ends_in_time_and_says_how_much_it_left_out(root: Path) -> None:
    (root / "sec.py").write_text(f"token = '{TOKEN}'\n")
    sizes = {"sec.py": 50, "notes.md": 6, "movie.mp4": 50_000_001}
    files = {path: Entry(Kind.FILE, size, None, 0) for path, size in sizes.items()}
    found = foreseen(str(root), files, Silent(), patience=0.0)
    assert [one.path for one in found.held] == ["movie.mp4"]
    assert found.unsearched == 2


def test_a_clone_that_cannot_be_read_is_searched_all_the_same(root: Path, tmp_path: Path) -> None:
    (root / ".git").mkdir()
    (root / "sec.py").write_text(f"token = '{TOKEN}'\n")
    found = Workspace.survey(str(root), f"git+file://{tmp_path}/remote.git", identity=ADA)
    assert [one.path for one in found.held] == ["sec.py"]
