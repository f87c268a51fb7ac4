"""A scan of the paths that changed finds what one of everything does, or leaves it to that."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from hubsync.core.gitrules import GitRules
from hubsync.core.ignore import IgnoreRules
from hubsync.errors import LocalError
from hubsync.local.rescan import Spots, rescan
from hubsync.local.scan import scan
from hubsync.local.scanned import Scan
from hubsync.model import Tree

Act = Callable[[Path], object]
RULES = IgnoreRules.builtin(GitRules(lambda path, is_dir: False))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    at = tmp_path / "work"
    for path in (
        "a",
        "b",
        "d/a",
        "d/b",
        "lone/a",
        "d/e/f",
        "x.log",
        "logs/x.log",
        "build/o",
        "mine/o",
    ):
        (at / path).parent.mkdir(parents=True, exist_ok=True)
        (at / path).write_text(path)
    (at / "empty").mkdir()
    (at / "link").symlink_to("a")
    (at / ".gitignore").write_text("*.log\nbuild/\n")
    (at / "d/.gitignore").write_text("*.tmp\n")
    (at / ".hubsyncignore").write_text("mine/\n")
    return at


def whole(root: Path, known: Tree | None = None, digest: str = "") -> Scan:
    return scan(str(root), known or Tree(), RULES, rules_digest=digest)


def both(root: Path, act: Act, *paths: str) -> tuple[Scan | None, Scan]:
    """What either scan finds once ``act`` did something about just these paths."""
    before = whole(root)
    act(root)
    spots = Spots(frozenset((*paths, "x.log")), ("build", "mine"), before.ruled)
    known = Tree(before.tree.flat())
    some = rescan(str(root), known, RULES, spots, before.rules_digest)
    return some, whole(root, known, before.rules_digest)


def bind_socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def swapped(root: Path) -> None:
    os.rename(root / "a", root / "aside")
    os.rename(root / "b", root / "a")
    os.rename(root / "aside", root / "b")


def made_of_file(root: Path, path: str) -> None:
    (root / path).unlink()
    (root / path).mkdir()


ALIKE: dict[str, tuple[Act, tuple[str, ...]]] = {
    "nothing happened": (lambda root: None, ("a", "link", "d/e/f", "never/was")),
    "edited": (lambda root: (root / "d/a").write_text("other"), ("d/a",)),
    "touched": (lambda root: os.utime(root / "a", (1, 1)), ("a",)),
    "new": (lambda root: (root / "d/new").write_text("new"), ("d/new",)),
    "deleted": (lambda root: (root / "d/a").unlink(), ("d/a",)),
    "renamed": (lambda root: os.rename(root / "d/a", root / "z"), ("d/a", "z")),
    "swapped": (swapped, ("a", "b")),
    "executable": (lambda root: os.chmod(root / "a", 0o755), ("a",)),
    "new and hidden": (lambda root: (root / "d/n.tmp").touch(), ("d/n.tmp",)),
    "hidden and below a hidden one": (lambda root: (root / "build/p").touch(), ("build/p",)),
    "hidden and below what hubsync hides": (lambda root: (root / "mine/p").touch(), ("mine/p",)),
    "another link": (
        lambda root: ((root / "link").unlink(), (root / "link").symlink_to("b")),
        ("link",),
    ),
    "a link outside": (lambda root: (root / "out").symlink_to("/etc"), ("out",)),
    "a file in place of a link": (
        lambda root: ((root / "link").unlink(), (root / "link").touch()),
        ("link",),
    ),
    "a socket": (lambda root: bind_socket(root / "d/s"), ("d/s",)),
    "a name that cannot be": (
        lambda root: os.rename(os.fsencode(root / "a"), os.fsencode(root) + b"/\xff"),
        ("a", os.fsdecode(b"\xff")),
    ),
    "left by a killed run": (
        lambda root: (root / "d/.hubsync-tmp-1").touch(),
        ("d/.hubsync-tmp-1",),
    ),
    "an empty directory that stays one": (lambda root: None, ("empty",)),
    "an empty directory that is gone": (lambda root: (root / "empty").rmdir(), ("empty",)),
    "the last file of the root's": (lambda root: (root / "b").unlink(), ("b",)),
}


@pytest.mark.parametrize("name", ALIKE)
def test_both_scans_find_the_same(root: Path, name: str) -> None:
    act, paths = ALIKE[name]
    some, every = both(root, act, *paths)
    assert some is not None
    assert dict(some.tree) == dict(every.tree)
    assert set(some.problems) == set(every.problems)
    assert (some.ignored, some.renamed, some.nested) == (
        every.ignored,
        every.renamed,
        every.nested,
    )
    assert (some.rules_digest, some.ruled) == (every.rules_digest, every.ruled)
    assert some.files > 0


LEFT: dict[str, tuple[Act, tuple[str, ...]]] = {
    "a directory became empty": (lambda root: (root / "lone/a").unlink(), ("lone/a",)),
    "a directory became empty of what was hidden": (
        lambda root: (root / "logs/x.log").unlink(),
        ("logs/x.log",),
    ),
    "a directory is empty no more": (lambda root: (root / "empty/a").touch(), ("empty/a",)),
    "a directory in place of a file": (lambda root: made_of_file(root, "a"), ("a",)),
    "a file in place of a directory": (
        lambda root: (os.rename(root / "d", root.parent / "d"), (root / "d").touch()),
        ("d/a",),
    ),
    "other rules": (lambda root: (root / ".gitignore").write_text("*\n"), ("a",)),
    "rules are looked at": (lambda root: None, (".gitignore",)),
    "new rules": (lambda root: (root / "lone/.gitignore").touch(), ("lone/.gitignore",)),
    "rules are gone": (lambda root: (root / "d/.gitignore").unlink(), ("a",)),
    "rules that cannot be read": (lambda root: made_of_link(root, ".gitignore"), ("a",)),
    "a repository": (lambda root: (root / "lone/.git").touch(), ("lone/.git",)),
    "a hidden repository": (lambda root: (root / "build/.git").mkdir(), ("a",)),
}


def made_of_link(root: Path, path: str) -> None:
    (root / path).unlink()
    (root / path).symlink_to("a")


@pytest.mark.parametrize("name", LEFT)
def test_what_concerns_more_than_a_path_is_left_to_a_whole_scan(root: Path, name: str) -> None:
    act, paths = LEFT[name]
    before = whole(root)
    act(root)
    spots = Spots(frozenset(paths), ("build", "mine"), before.ruled)
    known = Tree(before.tree.flat())
    assert rescan(str(root), known, RULES, spots, before.rules_digest) is None


def test_a_root_that_is_gone_is_no_deletion(root: Path) -> None:
    known = whole(root).tree
    os.rename(root, root.parent / "gone")
    with pytest.raises(LocalError, match="cannot be read"):
        rescan(str(root), known, RULES, Spots(frozenset({"a"})), "")


def test_a_hidden_directory_that_is_hidden_no_more(root: Path) -> None:
    before = whole(root)
    tracking = IgnoreRules.builtin(GitRules(lambda path, is_dir: path == "build"))
    spots = Spots(frozenset(), ("build", "mine"), before.ruled)
    known = Tree(before.tree.flat())
    assert rescan(str(root), known, tracking, spots, before.rules_digest) is None


def test_a_hidden_file_that_git_tracks_by_now_is_seen(root: Path) -> None:
    before = whole(root)
    tracking = IgnoreRules.builtin(GitRules(lambda path, is_dir: path == "x.log"))
    spots = Spots(frozenset({"x.log"}), ("build", "mine"), before.ruled)
    known = Tree(before.tree.flat())
    found = rescan(str(root), known, tracking, spots, before.rules_digest)
    assert found is not None
    assert [*found.tree.changes_since(known)] == ["x.log"]


def test_no_other_file_is_looked_at(root: Path) -> None:
    before = whole(root)
    (root / "a").write_text("edited")
    (root / "b").write_text("edited")
    spots = Spots(frozenset({"a"}), ("build", "mine"), before.ruled)
    known = Tree(before.tree.flat())
    found = rescan(str(root), known, RULES, spots, before.rules_digest)
    assert found is not None
    assert [*found.tree.changes_since(known)] == ["a"]


def test_a_workspace_whose_last_file_went_is_a_matter_for_the_whole_scan(tmp_path: Path) -> None:
    (tmp_path / "only").write_text("x")
    (tmp_path / "empty").mkdir()
    before = whole(tmp_path)
    (tmp_path / "only").unlink()
    known = Tree(before.tree.flat())
    spots = Spots(frozenset(["only"]))
    assert rescan(str(tmp_path), known, RULES, spots, before.rules_digest) is None
    assert whole(tmp_path, known).files == 0
