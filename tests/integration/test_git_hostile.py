"""Trees that no git command makes: names that lead elsewhere are problems of their path, nothing is
written there, and the rest is synced (rules 7 and 14)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubsync import Identity, Workspace
from tests.git_hubs import GitSite, Hub, git, no_ones_settings

RESERVED = (
    b".git",
    b".GIT",
    b".Git",
    b"git~1",
    b"GIT~1",
    b".git ",
    b".git.",
    b".git\\x",
    b".git::$INDEX_ALLOCATION",
    ".g\u200cit".encode(),
    b".hubsync",
    b".HUBSYNC",
)
UNSAFE = (b"..", b".")
NO_TEXT = (b"\xff\xfe.txt",)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GitSite]:
    with no_ones_settings(tmp_path / "nobody"):
        yield GitSite(tmp_path / "site")


def made(site: GitSite, kind: str, data: bytes) -> str:
    """An object that git would not make itself."""
    done = subprocess.run(
        ["git", "hash-object", "-w", "-t", kind, "--literally", "--stdin"],
        cwd=site.repository,
        input=data,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()


def row(mode: bytes, name: bytes, what: str) -> bytes:
    return mode + b" " + name + b"\0" + bytes.fromhex(what)


def push_tree(site: GitSite, *rows: bytes) -> None:
    tree = made(site, "tree", b"".join(sorted(rows, key=lambda one: one.split(b" ", 1)[1])))
    parent = git(site.repository, "rev-parse", "-q", "--verify", "main", check=False)
    parents = ["-p", parent] if parent else []
    commit = git(site.repository, "commit-tree", tree, *parents, "-m", "by somebody")
    git(site.repository, "update-ref", "refs/heads/main", commit)


def names(site: GitSite) -> set[bytes]:
    listed = subprocess.run(
        ["git", "ls-tree", "-z", "--name-only", "main"],
        cwd=site.repository,
        capture_output=True,
        check=True,
    )
    return set(listed.stdout.split(b"\0")) - {b""}


def cloned(site: GitSite) -> tuple[Hub, list[str]]:
    """A hub, and the codes of the problems it told while it came about."""
    directory = site.folder / "hub"
    workspace, result = Workspace.clone(
        site.url, str(directory), identity=Identity("ada", directory.name)
    )
    return Hub(directory, workspace), [one.code for one in result.problems]


@pytest.mark.parametrize("as_folder", [False, True], ids=["file", "folder"])
@pytest.mark.parametrize("name", [*RESERVED, *UNSAFE, *NO_TEXT])
def test_a_name_that_may_not_come_in_is_a_problem_of_that_path(
    site: GitSite, name: bytes, as_folder: bool
) -> None:
    good, evil = made(site, "blob", b"good"), made(site, "blob", b"evil")
    inner = made(site, "tree", row(b"100644", b"config", evil))
    bad = row(b"40000", name, inner) if as_folder else row(b"100644", name, evil)
    push_tree(site, row(b"100644", b"good", good), bad)
    hub, codes = cloned(site)
    expected = "name-unsafe" if name in UNSAFE else "name-reserved"
    assert codes == ["name-not-unicode" if name in NO_TEXT else expected]
    hub.write({"mine": "mine"})
    hub.sync()
    assert hub.files() == {"good": "good", "mine": "mine"}
    assert b"evil" not in (hub.directory / ".git/config").read_bytes()
    assert not (site.folder / "config").exists()
    # What is on the remote is somebody's, and stays there.
    assert names(site) == {b"good", b"mine", name}


def test_such_a_name_that_comes_later_does_not_stop_the_sync(site: GitSite) -> None:
    hub = site.hub("hub", {"a": "1"})
    hub.sync()
    evil, new = made(site, "blob", b"evil"), made(site, "blob", b"new")
    push_tree(site, row(b"100644", b".git", evil), row(b"100644", b"a", new))
    hub.write({"mine": "mine"})
    assert [one.code for one in hub.sync().problems] == ["name-reserved"]
    assert hub.files() == {"a": "new", "mine": "mine"}
    assert names(site) == {b".git", b"a", b"mine"}


@pytest.mark.parametrize("name", [b".git", b"GIT~1", b".."])
def test_a_persons_commit_does_not_delete_what_no_index_can_hold(
    site: GitSite, name: bytes
) -> None:
    good, evil = made(site, "blob", b"good"), made(site, "blob", b"evil")
    inner = made(site, "tree", row(b"100644", b"config", evil))
    push_tree(site, row(b"100644", b"good", good), row(b"40000", name, inner))
    hub, _ = cloned(site)
    hub.write({"good": "better"})
    hub.git("commit", "-qam", "by hand")
    commit = hub.git("rev-parse", "HEAD")
    hub.sync()
    assert names(site) == {b"good", name}
    assert git(site.repository, "show", "main:good") == "better"
    assert commit in git(site.repository, "rev-list", "main").splitlines()
    assert hub.sync().nothing_done()


def test_one_name_that_stands_twice_in_a_tree_loses_nothing_else(site: GitSite) -> None:
    one, other = made(site, "blob", b"one"), made(site, "blob", b"other")
    push_tree(
        site, row(b"100644", b"a", one), row(b"100644", b"a", other), row(b"100644", b"b", one)
    )
    hub, _ = cloned(site)
    assert hub.files()["b"] == "one"
    assert hub.files()["a"] in ("one", "other")


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "d/../../outside"])
def test_a_link_to_the_outside_is_not_made(site: GitSite, target: str) -> None:
    (site.folder / "outside").mkdir()
    link, good = made(site, "blob", target.encode()), made(site, "blob", b"good")
    push_tree(site, row(b"100644", b"good", good), row(b"120000", b"link", link))
    hub, codes = cloned(site)
    assert len(codes) == 1
    assert not (hub.directory / "link").is_symlink()
    hub.write({"mine": "mine"})
    hub.sync()
    assert names(site) == {b"good", b"link", b"mine"}


def test_a_staged_name_that_is_no_text_stops_no_sync(site: GitSite) -> None:
    hub = site.hub("hub", {"a": "1"})
    hub.sync()
    other = site.clone("other")
    other.write({"b": "2"})
    other.sync()
    hub.write({"\udcff.txt": "odd"})
    hub.git("add", "-A")
    hub.sync()
    assert hub.files()["b"] == "2"
    assert hub.files()["\udcff.txt"] == "odd"
    assert hub.git("rev-parse", "HEAD") == git(site.repository, "rev-parse", "main")


def test_a_committed_name_that_is_no_text_stops_no_sync(site: GitSite) -> None:
    hub = site.hub("hub", {"a": "1"})
    hub.sync()
    other = site.clone("other")
    other.write({"b": "2"})
    other.sync()
    hub.write({"\udcff.txt": "odd"})
    hub.git("add", "-A")
    hub.git("commit", "-qm", "by hand")
    hub.sync()
    assert hub.files()["b"] == "2"
    hub.git("rm", "-q", "--cached", "\udcff.txt")
    hub.git("commit", "-qm", "taken out")
    hub.write({"c": "3"})
    hub.sync()
    assert git(site.repository, "show", "main:c") == "3"
    assert hub.is_sound()


def test_a_dangerous_name_is_told_as_long_as_it_is_there(site: GitSite) -> None:
    blob = made(site, "blob", b"text")
    inside = made(site, "tree", row(b"100644", b"config", blob))
    push_tree(site, row(b"100644", b"a", blob), row(b"40000", b".git", inside))
    hub = site.hub("one")
    for _ in range(3):
        assert [one.path for one in hub.sync().problems] == [".git/config"]
        assert [one.path for one in hub.workspace.status().problems] == [".git/config"]
    hub.write({"a": "edited"})
    assert [one.path for one in hub.sync().problems] == [".git/config"]
    assert [one.path for one in hub.sync().problems] == [".git/config"]
    push_tree(site, row(b"100644", b"a", blob))
    assert not hub.sync().problems
    assert hub.sync().nothing_done()
    assert not hub.workspace.status().problems
