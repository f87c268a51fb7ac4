"""Names of conflict copies: from the content, short enough, and recognised again."""

from __future__ import annotations

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from hubsync.core.conflicts import (
    conflict_name,
    copy_names,
    entry_digest,
    is_conflict_copy,
    original_among,
)
from hubsync.model import Entry, Kind

DIGEST = bytes.fromhex("0123456789abcdef" * 4)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("notes.md", "notes.conflict-01234567.md"),
        ("a/b/notes.md", "a/b/notes.conflict-01234567.md"),
        ("Makefile", "Makefile.conflict-01234567"),
        (".bashrc", ".bashrc.conflict-01234567"),
        (".config.toml", ".config.conflict-01234567.toml"),
        ("a.tar.gz", "a.tar.conflict-01234567.gz"),
        ("d.x/plain", "d.x/plain.conflict-01234567"),
        ("ends.", "ends.conflict-01234567."),
        ("..odd", "..odd.conflict-01234567"),
        ("naïve 笔记.txt", "naïve 笔记.conflict-01234567.txt"),
    ],
)
def test_a_copy_is_named_after_stem_content_and_extension(path: str, name: str) -> None:
    assert conflict_name(path, DIGEST) == name
    assert is_conflict_copy(name) == path


def test_a_copy_of_a_copy_is_a_copy_of_the_original() -> None:
    other = blake3(b"other").digest()
    assert conflict_name(conflict_name("a.txt", other), DIGEST) == conflict_name("a.txt", DIGEST)


@pytest.mark.parametrize(
    "path",
    [
        "notes.md",
        "notes.conflict-0123456.md",
        "notes.conflict-0123456789.md",
        "notes.conflict-0123456x.md",
        "notes.conflict-01234567x.md",
        "notes.conflict-01234567.tar.gz",
        ".conflict-01234567",
        "a.conflict-01234567.d/notes.md",
    ],
)
def test_other_names_are_no_copies(path: str) -> None:
    assert is_conflict_copy(path) is None


def test_a_name_at_the_limit_loses_the_end_of_its_stem_between_characters() -> None:
    path = "d/" + "é" * 120 + ".ipynb"
    name = conflict_name(path, DIGEST)
    assert name.endswith("é.conflict-01234567.ipynb")
    assert 254 <= len(name.removeprefix("d/").encode()) <= 255


def test_an_extension_that_leaves_no_room_is_dropped() -> None:
    name = conflict_name("a." + "x" * 250, DIGEST)
    assert name == "a.conflict-01234567"


@pytest.mark.parametrize(
    "path", ["d/" + "é" * 120 + ".ipynb", "a." + "x" * 250, "n" * 255, "a.txt"]
)
def test_of_a_name_that_was_shortened_the_original_is_found_beside_the_copy(path: str) -> None:
    copy = conflict_name(path, DIGEST)
    another = conflict_name(path, blake3(b"other").digest(), 16)
    beside = [another, copy, f"{path[:100]}-", path, path[:-1], "b.txt"]
    assert original_among(copy, set(beside), beside) == path
    assert original_among(another, set(beside), beside) == path


def test_a_copy_whose_original_is_gone_is_still_a_copy_and_other_names_are_none() -> None:
    copy = conflict_name("n" * 255, DIGEST)
    original = original_among(copy, {copy}, [copy])
    assert original is not None
    assert set(original) == {"n"}
    assert original_among("notes.md", {"notes.md"}, ["notes.md"]) is None


def test_more_of_the_digest_is_used_where_a_name_is_taken() -> None:
    assert list(copy_names("a.txt", DIGEST)) == [
        "a.conflict-01234567.txt",
        "a.conflict-0123456789abcdef.txt",
        "a.conflict-0123456789abcdef0123456789abcdef.txt",
        f"a.conflict-{DIGEST.hex()}.txt",
    ]
    assert all(is_conflict_copy(name) == "a.txt" for name in copy_names("a.txt", DIGEST))


def test_a_copy_never_takes_its_own_name() -> None:
    assert next(copy_names("a.conflict-01234567.txt", DIGEST)) == "a.conflict-0123456789abcdef.txt"


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=200),
    st.binary(min_size=32, max_size=32),
)
def test_every_name_gives_a_copy_that_a_disk_can_hold(name: str, digest: bytes) -> None:
    copy = conflict_name(f"d/{name}", digest)
    assert copy.startswith("d/")
    assert len(copy.removeprefix("d/").encode()) <= 255
    assert copy != f"d/{name}" or is_conflict_copy(f"d/{name}") is not None


def test_a_link_is_named_after_its_target() -> None:
    assert entry_digest(Entry(Kind.LINK, target="a")) == blake3(b"a").digest()
    assert entry_digest(Entry(Kind.FILE, digest=DIGEST)) == DIGEST
    assert entry_digest(Entry(Kind.FILE)) is None
