"""Marks in the file browser."""

from __future__ import annotations

from pathlib import Path

from hubsync.model import Problem
from hubsync.results import ConflictCopy
from hubsync.session.status import Outcome
from hubsync_jupyter.marks import marks, signature

LAST = Outcome(
    conflicts=(ConflictCopy("data/a.md", "data/a.conflict-1.md"),),
    problems=(Problem("secret.py", "secret", "x"),),
)


def test_entries_of_the_directory_alone_are_marked() -> None:
    assert marks("", ["notes.md", "data/deep/b.md"], LAST, [".git"]) == {
        ".git": ["ignored"],
        "data": ["conflict", "pending"],
        "notes.md": ["pending"],
        "secret.py": ["problem"],
    }
    assert marks("data", ["data/deep/b.md", "database.md"], LAST, []) == {
        "a.conflict-1.md": ["conflict"],
        "a.md": ["conflict"],
        "deep": ["pending"],
    }


def test_what_is_ignored_waits_for_nothing() -> None:
    assert marks("", ["a.tmp"], None, ["a.tmp"]) == {"a.tmp": ["ignored"]}


def test_signature_changes_with_entries_and_rules(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    seen = [signature(str(tmp_path), "data")]
    (tmp_path / "data" / "x").write_text("")
    seen.append(signature(str(tmp_path), "data"))
    (tmp_path / ".hubsyncignore").write_text("x\n")
    seen.append(signature(str(tmp_path), "data"))
    (tmp_path / "data" / ".gitignore").write_text("x\n")
    seen.append(signature(str(tmp_path), "data"))
    assert len(set(seen)) == 4
    assert signature(str(tmp_path), "gone")[0] is None
