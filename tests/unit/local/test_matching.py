"""A listing matches what is remembered, or there is no mark."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from hubsync.core.gitrules import GitRules
from hubsync.core.ignore import IgnoreRules
from hubsync.local.evidence import entry_of
from hubsync.local.listing import Listing
from hubsync.local.matching import Matched, matched, matched_still
from hubsync.local.rescan import Spots
from hubsync.model import Entry, Kind

RULES = IgnoreRules.builtin(GitRules(lambda path, is_dir: False)).with_file(
    "", "*.log\nbuild/\n", ".gitignore"
)


def listing(root: Path, *hidden: str) -> bytes:
    with Listing(str(root), hidden) as made:
        assert made.name()
        return made.content()


def base(root: Path, *paths: str) -> dict[str, Entry]:
    return {path: entry_of(os.lstat(root / path), b"") for path in paths}


def match(
    root: Path, known: Mapping[str, Entry], beside: Mapping[str, Entry | None] | None = None
) -> Matched | None:
    return matched(listing(root), known, beside or {}, RULES)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path in ("a", "d/b", "d/e/c"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    return tmp_path


def test_what_is_remembered_matches(root: Path) -> None:
    found = match(root, base(root, "a", "d/b", "d/e/c"))
    assert found is not None
    assert found.hidden == ()
    with Listing(str(root)) as made:
        assert found.listing == made.name()


def test_a_file_too_many(root: Path) -> None:
    assert match(root, base(root, "a", "d/b")) is None


def test_a_file_too_few(root: Path) -> None:
    known = base(root, "a", "d/b", "d/e/c")
    (root / "a").unlink()
    assert match(root, known) is None


@pytest.mark.parametrize("field", ["inode", "mtime", "ctime", "size"])
def test_other_evidence(root: Path, field: str) -> None:
    known = base(root, "a", "d/b", "d/e/c")
    known["d/b"] = msgspec.structs.replace(
        known["d/b"], **{field: getattr(known["d/b"], field) + 1}
    )
    assert match(root, known) is None


def test_evidence_that_vouches_for_nothing(root: Path) -> None:
    known = base(root, "a", "d/b", "d/e/c")
    known["a"] = msgspec.structs.replace(known["a"], inode=0)
    assert match(root, known) is None


def test_another_kind(root: Path) -> None:
    known = base(root, "a", "d/b", "d/e/c")
    known["a"] = msgspec.structs.replace(known["a"], kind=Kind.LINK, target="b")
    assert match(root, known) is None


def test_hidden_directories_are_left_out_from_then_on(root: Path) -> None:
    for path in ("build/x/y", "d/__pycache__/z.pyc", "d/build/q"):
        (root / path).parent.mkdir(parents=True)
        (root / path).touch()
    found = match(root, base(root, "a", "d/b", "d/e/c"))
    assert found is not None
    assert sorted(found.hidden) == ["build", "d/__pycache__", "d/build"]
    with Listing(str(root), found.hidden) as made:
        assert found.listing == made.name()


def test_what_is_remembered_in_a_hidden_directory(root: Path) -> None:
    (root / "build").mkdir()
    (root / "build/x").touch()
    assert match(root, base(root, "a", "d/b", "d/e/c", "build/x")) is None


def test_hidden_files_are_listed(root: Path) -> None:
    (root / "d/x.log").touch()
    found = match(root, base(root, "a", "d/b", "d/e/c"))
    assert found is not None
    with Listing(str(root)) as made:
        assert found.listing == made.name()


@pytest.mark.parametrize("name", [".gitignore", ".hubsyncignore"])
def test_rules_that_are_hidden_themselves(root: Path, name: str) -> None:
    (root / name).touch()
    rules = RULES.with_file("d", "*\n", ".hubsyncignore").with_file("", f"{name}\nd/\n")
    assert matched(listing(root), base(root, "a"), {}, rules) is None


def test_an_empty_directory_that_no_scan_has_met(root: Path) -> None:
    (root / "d/new/er").mkdir(parents=True)
    assert match(root, base(root, "a", "d/b", "d/e/c")) is None


def test_an_empty_directory_that_is_known(root: Path) -> None:
    (root / "d/new/er").mkdir(parents=True)
    known = base(root, "a", "d/b", "d/e/c")
    assert match(root, known, {"d/new/er": Entry(Kind.DIR)}) is not None


def test_an_empty_directory_that_is_gone(root: Path) -> None:
    assert match(root, base(root, "a", "d/b", "d/e/c"), {"d/new": Entry(Kind.DIR)}) is None


def test_a_directory_with_nothing_but_hidden_files_is_not_empty(root: Path) -> None:
    (root / "logs").mkdir()
    (root / "logs/x.log").touch()
    assert match(root, base(root, "a", "d/b", "d/e/c")) is not None


def test_another_difference_from_the_base(root: Path) -> None:
    known = base(root, "a", "d/b", "d/e/c")
    assert match(root, known, {"a": None}) is None
    assert match(root, known, {"a": known["a"]}) is None


@pytest.mark.parametrize("path", ["d/.git/HEAD", ".git-not/.git"])
def test_a_repository(root: Path, path: str) -> None:
    (root / path).parent.mkdir(parents=True)
    (root / path).touch()
    assert match(root, base(root, "a", "d/b", "d/e/c")) is None


def still(
    root: Path,
    known: Mapping[str, Entry],
    *paths: str,
    beside: Mapping[str, Entry | None] | None = None,
    hidden: tuple[str, ...] = (),
) -> Matched | None:
    """Where the listing may differ from an earlier one at those paths alone."""
    spots = Spots(frozenset(paths), hidden)
    return matched_still(listing(root, *hidden), spots, known, beside or {}, RULES)


def test_what_matched_still_matches_where_it_was_changed(root: Path) -> None:
    (root / "x.log").touch()
    (root / "build").mkdir()
    (root / "new").touch()
    (root / "a").unlink()
    known = base(root, "new", "d/b", "d/e/c")
    found = still(root, known, "a", "new", "x.log", hidden=("build",))
    every = match(root, known)
    assert found is not None
    assert every is not None
    assert (found.listing, found.rows) == (every.listing, every.rows)
    assert (found.hidden, found.hidden_files) == (every.hidden, every.hidden_files)


def test_it_does_no_more_where_it_was_changed_otherwise(root: Path) -> None:
    known = base(root, "a", "d/b", "d/e/c")
    assert still(root, known, "a", "d/b") is not None
    (root / "d/b").write_text("more")
    assert still(root, known, "a", "d/b") is None
    (root / "d/b").unlink()
    assert still(root, known, "d/b") is None
    (root / "new").touch()
    assert still(root, known, "new") is None


def test_evidence_that_vouches_for_nothing_matches_no_listing(root: Path) -> None:
    known = base(root, "a", "d/b", "d/e/c")
    known["a"] = msgspec.structs.replace(known["a"], inode=0)
    assert still(root, known, "a") is None


def test_a_directory_that_is_hidden_no_more_matches_nothing(root: Path) -> None:
    assert still(root, base(root, "a", "d/b", "d/e/c"), hidden=("d",)) is None


def test_an_empty_directory_goes_on_matching_while_it_is_there(root: Path) -> None:
    known = base(root, "a", "d/b", "d/e/c")
    beside = {"empty": Entry(Kind.DIR)}
    assert still(root, known, "empty", beside=beside) is None
    (root / "empty").mkdir()
    assert still(root, known, "empty", beside=beside) is not None
    assert still(root, known, "a", beside={"a": None}) is None
