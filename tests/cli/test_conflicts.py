"""`conflicts` and `resolve`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from hubsync.local.apply import Applier
from hubsync.local.steps import Applied, Step
from tests.cli.running import Hub

THEIRS, MINE = b"one\nTWO from a\nthree\n", b"one\nTWO from b\nthree\n"


def test_conflicts_are_listed(conflict: Hub) -> None:
    (copy,) = conflict.directory.glob("notes.conflict-*.md")
    assert copy.read_bytes() == MINE
    ran = conflict.run("conflicts").ok()
    assert f"  notes.md, other version: {copy.name}" in ran.out.splitlines()
    assert conflict.run("conflicts", "--json").ok().json() == [
        {"path": "notes.md", "copy": copy.name}
    ]


def test_status_names_them_too(conflict: Hub) -> None:
    ran = conflict.run("status")
    assert ran.status == 3
    assert "  notes.md, other version: notes.conflict-" in ran.out


def test_no_conflicts(hub_a: Hub) -> None:
    assert hub_a.run("conflicts").ok().out == "No conflicts.\n"
    assert hub_a.run("conflicts", "--json").ok().json() == []


@pytest.mark.parametrize(("keep", "content"), [("mine", MINE), ("theirs", THEIRS)])
def test_one_version_is_kept(conflict: Hub, hub_a: Hub, keep: str, content: bytes) -> None:
    conflict.run("resolve", "notes.md", "--keep", keep).ok()
    assert (conflict / "notes.md").read_bytes() == content
    assert not list(conflict.directory.glob("notes.conflict-*"))
    assert conflict.run("conflicts", "--json").ok().json() == []
    conflict.run("sync").ok()
    hub_a.run("sync").ok()
    assert (hub_a / "notes.md").read_bytes() == content


def test_both_versions_are_kept(conflict: Hub) -> None:
    document = conflict.run("resolve", "notes.md", "--keep", "both", "--json").ok().json()
    assert document["path"] == "notes.md"
    assert document["keep"] == "both"
    assert conflict.run("conflicts", "--json").ok().json() == []
    contents = {path.read_bytes() for path in conflict.directory.glob("*.md")}
    assert contents == {MINE, THEIRS}


def test_what_has_no_conflict_cannot_be_resolved(hub_a: Hub) -> None:
    ran = hub_a.run("resolve", "notes.md", "--keep", "mine")
    assert ran.status in (1, 2)
    assert ran.err.startswith("error: ")
    assert "internal" not in ran.err


def test_what_to_keep_has_to_be_said(conflict: Hub) -> None:
    assert conflict.run("resolve", "notes.md").status == 2
    assert conflict.run("resolve", "notes.md", "--keep", "ours").status == 2


def test_copy_stays_where_a_folder_has_its_name(conflict: Hub) -> None:
    (copy,) = conflict.directory.glob("notes.conflict-*.md")
    (conflict / "notes.md").unlink()
    conflict.write("notes.md/inside.txt", "theirs")
    ran = conflict.run("resolve", "notes.md", "--keep", "mine", "--json")
    assert ran.status == 1
    assert ran.json()["error"]["code"] == "folder-in-the-way"
    assert "'both'" in ran.json()["error"]["hint"]
    assert copy.read_bytes() == MINE
    assert (conflict / "notes.md/inside.txt").read_bytes() == b"theirs"
    conflict.run("resolve", "notes.md", "--keep", "both").ok()
    assert not copy.exists()
    assert (conflict / "notes-2.md").read_bytes() == MINE
    assert (conflict / "notes.md/inside.txt").read_bytes() == b"theirs"


def test_empty_folder_gives_way_to_the_copy(conflict: Hub) -> None:
    (conflict / "notes.md").unlink()
    (conflict / "notes.md").mkdir()
    conflict.run("resolve", "notes.md", "--keep", "mine").ok()
    assert (conflict / "notes.md").read_bytes() == MINE
    assert not list(conflict.directory.glob("notes.conflict-*"))


@pytest.mark.parametrize("keep", ["mine", "both"])
def test_copy_stays_where_its_new_name_was_taken_meanwhile(
    conflict: Hub, monkeypatch: pytest.MonkeyPatch, keep: str
) -> None:
    (copy,) = conflict.directory.glob("notes.conflict-*.md")
    target = "notes.md" if keep == "mine" else "notes-2.md"
    applied = Applier.apply

    def save_as_it_is_applied(self: Applier, steps: Sequence[Step]) -> Iterator[Applied]:
        conflict.write(target, "saved meanwhile")
        return applied(self, steps)

    monkeypatch.setattr(Applier, "apply", save_as_it_is_applied)
    ran = conflict.run("resolve", "notes.md", "--keep", keep, "--json")
    assert ran.status == 1
    assert ran.json()["error"]["code"] == "changed-meanwhile"
    assert copy.read_bytes() == MINE
    assert (conflict / target).read_bytes() == b"saved meanwhile"


def test_each_of_several_copies_gets_a_name_of_its_own(conflict: Hub) -> None:
    conflict.write("notes.conflict-12345678.md", "a third version")
    conflict.run("resolve", "notes.md", "--keep", "both").ok()
    contents = {path.read_bytes() for path in conflict.directory.glob("*.md")}
    assert contents == {MINE, THEIRS, b"a third version"}
    assert conflict.run("conflicts", "--json").ok().json() == []
