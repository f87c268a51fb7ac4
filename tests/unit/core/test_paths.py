"""Rule 14: which names pass, which links stay inside, and how names are shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubsync.core.paths import (
    ancestors,
    check_local_name,
    check_remote_name,
    display,
    is_reserved,
    link_stays_inside,
    name_of,
    parent,
)


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "a/b.c/d",
        "with blank/and\ttab",
        "line\nbreak",
        "back\\slash",
        "..a/b..",
        "...",
        ".gitignore",
        ".github/workflows/x.yml",
        ".gitattributes",
        "git/config",
        "a.git/config",
        "x.git",
        "git~2",
        ".hubsyncignore",
        "hubsync/x",
        "é/笔记.ipynb",
        "x" * 255,
        "/".join(["d" * 200] * 20),
        "é" * 127,
    ],
)
def test_ordinary_names_pass(path: str) -> None:
    assert check_remote_name(path) is None


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/x",
        "x/",
        "a//b",
        "..",
        "../x",
        "a/..",
        "a/../b",
        ".",
        "./x",
        "a/./b",
        "a\0b",
        "é/../x",
    ],
)
def test_names_that_lead_elsewhere_are_refused(path: str) -> None:
    problem = check_remote_name(path)
    assert problem is not None
    assert problem.code == "name-unsafe"
    assert problem.path == path


@pytest.mark.parametrize(
    "path",
    [
        ".git",
        ".git/config",
        "a/.git",
        "a/.git/hooks/post-checkout",
        ".GIT/config",
        ".Git/config",
        ".git./config",
        ".git /config",
        ".git . ./config",
        "git~1/config",
        "GIT~1",
        ".git:stream",
        ".git::$INDEX_ALLOCATION/config",
        ".git\\config",
        ".g\u200cit/config",
        "\ufeff.git/config",
        ".git\u202e/config",
        ".hubsync/config.toml",
        ".hubsync",
        "sub/.hubsync/state",
        ".HUBSYNC/x",
        ".hub\u200dsync/x",
    ],
)
def test_nothing_comes_into_git_or_hubsync_by_any_spelling(path: str) -> None:
    problem = check_remote_name(path)
    assert problem is not None
    assert problem.code == "name-reserved"


@pytest.mark.parametrize("path", ["x" * 256, "a/" + "é" * 128, "d/" * 2048 + "x", "é/" * 1400])
def test_names_no_disk_holds_are_refused(path: str) -> None:
    problem = check_remote_name(path.rstrip("/"))
    assert problem is not None
    assert problem.code == "name-too-long"
    assert len(problem.message) < 200


def test_a_remote_name_that_is_no_unicode_is_refused() -> None:
    problem = check_remote_name("a\udcff")
    assert problem is not None
    assert problem.code == "name-not-unicode"


def test_a_local_name_of_bytes_is_a_problem_that_can_be_printed(tmp_path: Path) -> None:
    os.close(os.open(os.fsencode(tmp_path) + b"/caf\xe9.txt", os.O_CREAT))
    (name,) = os.listdir(tmp_path)
    problem = check_local_name(name)
    assert problem is not None
    assert problem.code == "name-not-unicode"
    assert "caf\\xe9.txt" in problem.message
    problem.message.encode("utf-8")


def test_ordinary_local_names_pass() -> None:
    for path in ("a", "é/笔记", "line\nbreak", "x" * 255):
        assert check_local_name(path) is None


def test_a_local_path_that_no_other_disk_opens_is_a_problem() -> None:
    problem = check_local_name("/".join(["d" * 200] * 30))
    assert problem is not None
    assert problem.code == "name-too-long"


@given(st.text(min_size=1, max_size=40))
def test_the_quick_look_never_passes_what_the_close_look_refuses(path: str) -> None:
    if check_remote_name(path) is None:
        parts = path.split("/")
        assert not {"", ".", ".."} & set(parts)
        assert not any(is_reserved(part) for part in parts)
        assert "\0" not in path
        path.encode("utf-8")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("l", "a"),
        ("l", "a/b"),
        ("l", "./a"),
        ("d/l", "../a"),
        ("d/e/l", "../../a"),
        ("d/l", ".."),
        ("l", "."),
        ("l", "a..b"),
        ("d/l", "./../a"),
    ],
)
def test_links_that_stay_inside(path: str, target: str) -> None:
    assert link_stays_inside(path, target)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("l", ""),
        ("l", "/etc/passwd"),
        ("l", ".."),
        ("l", "../a"),
        ("d/l", "../../a"),
        ("d/l", "./.././../a"),
        ("l", "a/../../b"),
        ("l", "up/../x"),
        ("l", "a\0b"),
        ("l", "x" * 5000),
    ],
)
def test_links_that_do_not(path: str, target: str) -> None:
    assert not link_stays_inside(path, target)


def test_accepted_links_cannot_be_chained_out_of_the_workspace(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    links = {"a/b/up": "..", "a/top": "b/up", "a/b/deep": "../top/b"}
    for path, target in links.items():
        assert link_stays_inside(path, target)
        (root / path).symlink_to(target)
    for path in links:
        assert (root / path).resolve().is_relative_to(root)
    assert not link_stays_inside("a/out", "b/up/../../secret")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("plain/é", "plain/é"),
        ("a\nb", "a\\x0ab"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("caf\udce9", "caf\\xe9"),
        ("txt.\u202eexe", "txt.\\u202eexe"),
        ("x\x7fy\x9bz", "x\\x7fy\\x9bz"),
    ],
)
def test_names_are_shown_without_harm_to_a_terminal(path: str, shown: str) -> None:
    assert display(path) == shown
    assert display(path).isprintable()


def test_parents_and_ancestors() -> None:
    assert parent("a/b/c") == "a/b"
    assert parent("a") == ""
    assert name_of("a/b") == "b"
    assert list(ancestors("a/b/c")) == ["a/b", "a"]
    assert list(ancestors("a")) == []
