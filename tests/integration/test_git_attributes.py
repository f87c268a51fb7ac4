"""Contents arrive as Git checks them out, and go as Git stores them (gitattributes(5))."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.git_hubs import GitSite, Hub, git, no_ones_settings


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GitSite]:
    with no_ones_settings(tmp_path / "nobody"):
        yield GitSite(tmp_path / "site")


def put(hub: Hub, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        path = hub.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def plain_clone(site: GitSite, *options: str) -> Path:
    """What the git command makes of the branch."""
    folder = site.folder / f"plain-{len(list(site.folder.iterdir()))}"
    git(site.folder, *options, "clone", "-q", str(site.repository), folder.name)
    return folder


def same_as_git(site: GitSite, hub: Hub, *options: str) -> None:
    plain = plain_clone(site, *options)
    names = set(git(plain, "ls-files", "-z").rstrip("\0").split("\0")) - {".gitattributes"}
    ours, theirs = (
        {name: (folder / name).read_bytes() for name in names} for folder in (hub.directory, plain)
    )
    assert ours == theirs
    assert hub.is_clean()


TEXT = b"one\ntwo\n"
CRLF = b"one\r\ntwo\r\n"
BINARY = bytes(range(256)) + CRLF + TEXT
CASES = {
    "auto": ("* text=auto\n", {"a.txt": TEXT, "b.bin": BINARY}),
    "auto, crlf": ("* text=auto eol=crlf\n", {"a.txt": CRLF, "b.bin": BINARY}),
    "crlf": ("*.txt text eol=crlf\n", {"a.txt": CRLF, "b": TEXT}),
    "lf": ("*.txt text eol=lf\n", {"a.txt": TEXT}),
    "binary": ("*.txt text eol=crlf\n*.bin binary\n", {"b.bin": BINARY, "a.txt": CRLF}),
    "no text": ("* -text\n", {"a.txt": CRLF, "b": TEXT}),
    "ident": ("*.c ident\n", {"a.c": b"$Id$\nint x;\n"}),
    "nested": ("*.txt -text\n", {"d/.gitattributes": b"*.txt text eol=crlf\n", "d/a.txt": CRLF}),
    "encoding": (
        "*.txt text working-tree-encoding=UTF-16LE eol=lf\n",
        {"a.txt": "grüße\n".encode("utf-16-le")},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_round_trip_is_as_with_git(site: GitSite, name: str) -> None:
    attributes, files = CASES[name]
    one = site.hub("one")
    put(one, {".gitattributes": attributes.encode(), **files})
    one.sync()
    assert one.is_clean()
    two = site.clone("two")
    same_as_git(site, two)
    assert two.sync().nothing_done()
    edited = next(path for path in files if not path.endswith(".gitattributes"))
    put(two, {edited: files[edited] + files[edited]})
    two.sync()
    one.sync()
    same_as_git(site, one)
    assert two.is_clean()
    assert two.sync().nothing_done()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("*.dat text eol=crlf\n", "*.dat binary\n"),
        ("*.dat text eol=crlf\n", "*.dat text eol=lf\n"),
        ("*.dat binary\n", "*.dat text eol=crlf\n"),
        ("*.dat text eol=crlf\n", None),
    ],
)
def test_attributes_that_arrive_with_the_files_count_for_them(
    site: GitSite, before: str, after: str | None
) -> None:
    """Those on the disk are older."""
    one = site.hub("one", {".gitattributes": before, "a": "1"})
    one.sync()
    two = site.clone("two")
    one.write({".gitattributes": after})
    put(one, {"x.dat": TEXT, "y.dat": TEXT * 2})
    one.sync()
    two.sync()
    same_as_git(site, two)
    assert one.is_clean()


def test_attributes_that_are_changed_on_one_side_change_no_file(site: GitSite) -> None:
    one = site.hub("one", {"a.txt": "one\ntwo\n"})
    one.sync()
    two = site.clone("two")
    one.write({".gitattributes": "*.txt text eol=crlf\n"})
    one.sync()
    two.sync()
    for hub in (one, two):
        assert (hub.directory / "a.txt").read_bytes() == TEXT
        assert hub.is_clean()
        assert hub.sync().nothing_done()


def test_autocrlf_is_as_with_git(site: GitSite, tmp_path: Path) -> None:
    one = site.hub("one")
    put(one, {"a.txt": TEXT, "b.bin": BINARY})
    one.sync()
    (tmp_path / "nobody").mkdir()
    (tmp_path / "nobody/.gitconfig").write_text("[core]\n\tautocrlf = true\n")
    two = site.clone("two")
    two.git("config", "core.autocrlf", "true")
    same_as_git(site, two, "-c", "core.autocrlf=true")
    put(two, {"a.txt": CRLF + b"three\r\n"})
    two.sync()
    one.git("config", "core.autocrlf", "false")
    one.sync()
    assert git(site.repository, "cat-file", "-s", "main:a.txt") == "14"
    assert two.is_clean()


FILTERED = "*.txt filter=upper\n"


def filter_upper(hub: Hub) -> None:
    """In Git in lower case, on the disk in upper case."""
    hub.git("config", "filter.upper.clean", "tr A-Z a-z")
    hub.git("config", "filter.upper.smudge", "tr a-z A-Z")


def test_a_persons_own_filter_is_applied_both_ways(site: GitSite) -> None:
    one = site.hub("one", {".gitattributes": FILTERED})
    filter_upper(one)
    one.write({"a.txt": "LOUD"})
    one.sync()
    assert site.files()["a.txt"] == "loud"
    assert one.is_clean()
    two = site.clone("two")
    assert two.files()["a.txt"] == "loud"  # Git without the filter's settings does nothing either
    assert two.is_clean()
    two.write({"a.txt": "louder"})
    two.sync()
    one.sync()
    assert one.files()["a.txt"] == "LOUDER"
    assert one.is_clean()


def test_a_filter_that_fails_holds_its_file_back_and_no_other(site: GitSite) -> None:
    one = site.hub("one", {".gitattributes": FILTERED, "b": "1"})
    one.git("config", "filter.upper.clean", "false")
    one.git("config", "filter.upper.required", "true")
    one.write({"a.txt": "LOUD"})
    (problem,) = one.sync().problems
    assert (problem.path, problem.code) == ("a.txt", "git-program")
    assert set(site.files()) == {".gitattributes", "b"}
    assert one.files()["a.txt"] == "LOUD"


def test_a_filter_that_fails_on_the_way_in_writes_nothing(site: GitSite) -> None:
    one = site.hub("one", {".gitattributes": FILTERED})
    one.sync()
    two = site.clone("two")
    one.write({"a.txt": "loud", "b": "1"})
    one.sync()
    two.git("config", "filter.upper.smudge", "false")
    two.git("config", "filter.upper.required", "true")
    (problem,) = two.sync().problems
    assert (problem.path, problem.code) == ("a.txt", "git-program")
    assert set(two.files()) == {".gitattributes", "b"}
    two.git("config", "filter.upper.smudge", "cat")
    two.git("config", "filter.upper.clean", "cat")
    two.sync()
    assert two.files()["a.txt"] == "loud"
    assert "a.txt" in site.files()
    assert two.is_clean()


@pytest.mark.parametrize("place", [0, 1, 5000])
def test_a_nul_byte_cuts_nothing_off(site: GitSite, place: int) -> None:
    data = b"x" * place + b"\0" + CRLF * 3
    one = site.hub("one", {".gitattributes": "* text=auto\n*.txt text\n"})
    put(one, {"a.bin": data, "a.txt": data})
    one.sync()
    assert git(site.repository, "cat-file", "-s", "main:a.bin") == str(len(data))
    assert git(site.repository, "cat-file", "-s", "main:a.txt") == str(len(data) - 6)
    assert one.is_clean()
