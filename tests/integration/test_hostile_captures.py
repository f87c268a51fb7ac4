"""A remote that somebody else writes to: what it calls a repository brings nothing that runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pygit2
import pytest
from msgspec import json, to_builtins

from hubsync.nested import bundle, pack
from hubsync.nested.bundle import RECORD
from hubsync.nested.findings import Untold
from hubsync.nested.ground import Ground
from hubsync.nested.look import Looked
from hubsync.nested.packing import pack_into
from hubsync.nested.state import Branch, Capture, State
from hubsync.nested.trees import TreeRefused, Trees
from tests.git_hubs import no_ones_settings
from tests.nested_hubs import Site

NOBODY = pygit2.Signature("x", "x@example.org", 0, 0)


@pytest.fixture(autouse=True)
def _nobody(tmp_path: Path) -> Iterator[None]:
    with no_ones_settings(tmp_path / "nobody"):
        yield


@dataclass
class Forge:
    """Makes captures, good and bad ones, and puts them on the remote."""

    site: Site
    repository: Any

    def commit(self, tree: Any) -> str:
        return str(self.repository.create_commit(None, NOBODY, NOBODY, "x", tree, []))

    def tree(self, *entries: tuple[bytes, bytes, Any]) -> Any:
        """A tree that no check has seen: mode, name, object."""
        data = b"".join(mode + b" " + name + b"\0" + oid.raw for mode, name, oid in entries)
        return self.repository.odb.write(pygit2.enums.ObjectType.TREE, data)

    def blob(self, data: bytes = b"#!/bin/sh\ntouch /tmp/owned\n") -> Any:
        return self.repository.create_blob(data)

    def state(self, tree: Any, **changes: Any) -> State:
        tip = self.commit(tree)
        return State(**{"head": "refs/heads/main", "branches": {"main": Branch(tip)}, **changes})

    def plain(self, **changes: Any) -> State:
        return self.state(self.tree((b"100644", b"f", self.blob())), **changes)

    def put(self, state: State, path: str = "p") -> None:
        self.put_data(self.packed(state), path)

    def packed(self, state: State, before: tuple[str, ...] = ()) -> bytes:
        target = self.site.folder / "packed"
        pack_into(str(target), "p", Looked(state, self.repository, ()), Capture(state, before))
        return target.read_bytes()

    def put_record(
        self, state: State, record: dict[str, Any], path: str = "p", without: Any = None
    ) -> None:
        """A capture that says of itself what nobody checked, without one of its objects."""
        data = BytesIO(self.packed(state))
        tree = self.repository.TreeBuilder().write()
        message = json.encode(record).decode()
        name = self.repository.create_commit(None, NOBODY, NOBODY, message, tree, [])
        builder = pygit2.PackBuilder(self.repository)
        parsed = bundle.parsed(data)
        for oid, _ in pack.objects(data, parsed.pack, lambda raw: None):
            if oid != getattr(without, "raw", None):
                builder.add(pygit2.Oid(raw=oid))
        builder.add(name)
        builder.write(self.repository.path)
        (packed,) = Path(self.repository.path).glob("*.pack")
        refs = {**parsed.refs, RECORD: str(name)}
        self.put_data(bundle.header(refs, ()) + packed.read_bytes(), path)

    def put_data(self, data: bytes, path: str = "p") -> None:
        folder = self.site.folder / "remote" / ".hubsync-nested" / path
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{'0' * 32}.bundle").write_bytes(data)


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    site = Site(tmp_path, f"file://{tmp_path}/remote")
    one = site.hub("one")
    (one.directory / "plain.txt").write_text("plain")
    one.sync()
    return Forge(site, pygit2.init_repository(str(tmp_path / "forge"), bare=True))


def refused(forge: Forge, code: str = "nested-refused") -> None:
    two = forge.site.clone("two")
    assert two.cloned is not None
    assert [(one.path, one.code) for one in two.cloned.problems] == [("p", code)]
    assert sorted(os.listdir(two.directory)) == [".hubsync", ".hubsync-nested", "plain.txt"]
    assert not list((two.directory / ".hubsync/nested").glob("*"))


def test_a_good_one_comes(forge: Forge) -> None:
    forge.put(forge.plain())
    two = forge.site.clone("two")
    assert not two.cloned.problems  # type: ignore[union-attr]
    assert two.repository("p").git("log", "--format=%s") == "x"
    hooks = [hook.name for hook in (two.directory / "p/.git/hooks").glob("*")]
    assert [name for name in hooks if not name.endswith(".sample")] == []


@pytest.mark.parametrize("name", [b".git", b".GIT", b"..", b".", b"git~1", b".g\xe2\x80\x8cit"])
def test_a_name_that_leads_into_git_or_out(forge: Forge, name: bytes) -> None:
    inside = forge.tree((b"100755", b"post-checkout", forge.blob()))
    hooks = forge.tree((b"40000", b"hooks", inside))
    forge.put(forge.state(forge.tree((b"40000", name, hooks))))
    refused(forge, refused_as(forge))


def refused_as(forge: Forge) -> str:
    """libgit2 refuses some of these names itself."""
    three = forge.site.clone("three")
    (problem,) = three.cloned.problems  # type: ignore[union-attr]
    assert problem.code in ("nested-refused", "nested-unreadable")
    return problem.code


@pytest.mark.parametrize("where", ["worktree", "staged"])
def test_uncommitted_files_that_lead_into_git(forge: Forge, where: str) -> None:
    inside = forge.tree((b"100755", b"post-checkout", forge.blob()))
    bad = forge.tree((b"40000", b".git", forge.tree((b"40000", b"hooks", inside))))
    forge.put(forge.plain(**{where: forge.commit(bad)}))
    refused(forge, refused_as(forge))


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% /tmp/owned",
        "ext::x",
        "-oProxyCommand=touch",
        "--upload-pack=touch",
        "ssh://-oProxyCommand=touch/x",
        "ftp://example.org/x",
        "https://user:token@example.org/x",
        "https://example.org/x\n[core]\n\tfsmonitor = touch",
        "fd::7",
        "relative/path",
    ],
)
def test_an_address_that_runs_something(forge: Forge, url: str) -> None:
    state = forge.plain()
    record = to_builtins(Capture(state))
    record["state"]["remotes"] = {"origin": url}
    forge.put_record(state, record)
    refused(forge)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("head", "refs/heads/../../hooks/x"),
        ("head", "HEAD"),
        ("head", "-x"),
        ("branches", {"../../../hooks/post-checkout": {"tip": "TIP"}}),
        ("branches", {"main": {"tip": "zz"}}),
        ("branches", {"main": {"tip": "TIP", "upstream": "origin/..\n[alias]"}}),
        ("refs", {"refs/remotes/origin/x": "TIP"}),
        ("refs", {"refs/tags/../../config": "TIP"}),
        ("remotes", {'o"]\n[core]': "https://example.org/x"}),
        ("stashes", [{"commit": "TIP", "message": "a\nb"}]),
        ("hooks", {"post-checkout": "touch"}),
    ],
)
def test_a_record_that_names_what_it_must_not(forge: Forge, key: str, value: Any) -> None:
    state = forge.plain()
    text = json.encode(to_builtins(Capture(state)))
    record = json.decode(text)
    tip = state.commit.encode()
    record["state"][key] = json.decode(json.encode(value).replace(b"TIP", tip))
    forge.put_record(state, record)
    refused(forge)


@pytest.mark.parametrize("path", [".ssh", ".aws", ".venv", "node_modules/x", ".hubsync-nested/p"])
def test_a_place_that_is_not_for_repositories(forge: Forge, path: str) -> None:
    forge.put(forge.plain(), path)
    two = forge.site.clone("two")
    assert not two.cloned.problems  # type: ignore[union-attr]
    assert not (two.directory / path / ".git").exists()


@pytest.mark.parametrize("path", [".git", ".hubsync/x", "a/.git/b"])
def test_a_place_inside_git_or_hubsync(forge: Forge, path: str) -> None:
    forge.put(forge.plain(), path)
    two = forge.site.clone("two")
    assert [p.code for p in two.cloned.problems] == ["name-reserved"]  # type: ignore[union-attr]
    assert not (two.directory / path).exists() or path == ".hubsync/x"
    assert not (two.directory / ".hubsync/x").exists()


@pytest.mark.parametrize("damage", ["cut", "garbage", "empty", "flipped", "incomplete", "bomb"])
def test_a_damaged_bundle(forge: Forge, damage: str) -> None:
    state = forge.plain()
    data = forge.packed(state)
    middle = data.index(b"PACK") + 40
    bad = {
        "cut": data[: len(data) - 30],
        "garbage": b"# v2 git bundle\n\nPACK" + os.urandom(300),
        "empty": b"",
        "flipped": data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :],
        "incomplete": data.replace(state.commit.encode(), b"1" * 40),
        "bomb": b"# v2 git bundle\n\nPACK\0\0\0\2\0\0\0\1\xb0" + b"\xff" * 9 + b"\x7f" + b"x" * 99,
    }[damage]
    if damage == "incomplete":
        other = State("refs/heads/main", {"main": Branch("1" * 40)})
        record = to_builtins(Capture(other))
        forge.put_record(state, record)
    else:
        forge.put_data(bad)
    refused(forge)


@pytest.mark.parametrize("kind", ["file", "folder", "parent"])
@pytest.mark.parametrize("there", [False, True])
def test_an_object_that_is_missing_lets_nothing_in(forge: Forge, kind: str, there: bool) -> None:
    """Nothing of the repository is moved, and no branch leads to what is not there."""
    file = forge.blob(b"missing")
    folder = forge.tree((b"100644", b"f", file))
    parent = pygit2.Oid(hex=forge.commit(folder))
    tree = forge.tree((b"40000", b"d", folder))
    tip = forge.repository.create_commit(None, NOBODY, NOBODY, "x", tree, [parent])
    state = State("refs/heads/main", {"main": Branch(str(tip))})
    good = forge.plain()
    record = to_builtins(Capture(state, (good.name,)))
    lacking = {"file": file, "folder": folder, "parent": parent}[kind]
    if not there:
        forge.put_record(state, record, without=lacking)
        refused(forge)
        return
    forge.put(good)
    two = forge.site.clone("two")
    before = two.repository("p").seen()
    forge.put_record(state, record, without=lacking)
    assert [(one.path, one.code) for one in two.sync().problems] == [("p", "nested-refused")]
    assert two.repository("p").seen() == before
    assert two.repository("p").is_sound()


def test_a_link_out_of_the_repository_is_not_written_through(forge: Forge, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link = forge.tree((b"120000", b"d", forge.blob(str(outside).encode())))
    inside = forge.tree((b"100644", b"x", forge.blob(b"owned")))
    state = forge.state(link)
    worktree = forge.commit(forge.tree((b"40000", b"d", inside)))
    forge.put(State(state.head, state.branches, worktree=worktree))
    forge.site.clone("two")
    assert os.listdir(outside) == []


def test_a_link_where_a_folder_above_belongs(forge: Forge, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    two = forge.site.hub("two")
    (two.directory / "d").symlink_to(outside)
    forge.put(forge.plain(), "d/p")
    result = two.sync()
    assert "nested-in-the-way" in [problem.code for problem in result.problems]
    assert os.listdir(outside) == []


def _in_each_other(forge: Forge, link: bytes, name: bytes = b"a") -> str:
    """A commit whose tree has a link and a folder under one name: a program "behind" the link."""
    program = forge.tree((b"100755", b"post-checkout", forge.blob()))
    first = (b"120000", b"a", forge.blob(link))
    return forge.commit(forge.tree(first, (b"40000", name, program)))


@pytest.mark.parametrize("link", [b"/OUTSIDE", b".git/hooks"])
@pytest.mark.parametrize("where", ["worktree", "staged", "branch", "below"])
def test_a_tree_with_a_link_and_a_folder_of_one_name(
    forge: Forge, tmp_path: Path, link: bytes, where: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    bad = _in_each_other(forge, link.replace(b"/OUTSIDE", str(outside).encode()))
    if where == "branch":
        forge.put(State("refs/heads/main", {"main": Branch(bad)}))
    elif where == "below":
        tree = forge.repository[bad].tree.id
        forge.put(forge.plain(worktree=forge.commit(forge.tree((b"40000", b"d", tree)))))
    else:
        forge.put(forge.plain(**{where: bad}))
    refused(forge)
    assert os.listdir(outside) == []


@pytest.mark.parametrize("link", [b"/OUTSIDE", b".git/hooks"])
def test_a_tree_of_both_does_not_come_into_a_repository_that_is_there(
    forge: Forge, tmp_path: Path, link: bytes
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link = link.replace(b"/OUTSIDE", str(outside).encode())
    good = forge.state(forge.tree((b"120000", b"a", forge.blob(link))))
    forge.put(good)
    two = forge.site.clone("two")
    hooks = sorted(os.listdir(two.directory / "p/.git/hooks"))
    bad = msgspec.structs.replace(good, worktree=_in_each_other(forge, link))
    forge.put_data(forge.packed(bad, (good.name,)))
    result = two.sync()
    assert [(one.path, one.code) for one in result.problems] == [("p", "nested-refused")]
    assert os.listdir(outside) == []
    assert sorted(os.listdir(two.directory / "p/.git/hooks")) == hooks
    assert two.repository("p").status() == []


def test_names_that_the_disk_takes_for_one_are_refused(forge: Forge) -> None:
    tree = _in_each_other(forge, b".git/hooks", b"A")
    Trees(forge.repository, folds=False).check(tree)
    with pytest.raises(TreeRefused):
        Trees(forge.repository, folds=True).check(tree)


def test_a_small_tree_of_endless_files(forge: Forge) -> None:
    tree = forge.tree((b"100644", b"f", forge.blob()))
    for _ in range(40):
        tree = forge.tree((b"40000", b"a", tree), (b"40000", b"b", tree))
    forge.put(forge.plain(worktree=forge.commit(tree)))
    refused(forge)


def test_nothing_is_written_through_a_link_that_came_after_the_check(tmp_path: Path) -> None:
    (tmp_path / "work/.git/hooks").mkdir(parents=True)
    (tmp_path / "work/a").symlink_to(".git/hooks")
    (tmp_path / "work/b").symlink_to(tmp_path)
    with Ground("p", str(tmp_path / "work")) as ground:
        for name in ("a/x", "b/x", "b/work/x", ".git/x", ".git"):
            with pytest.raises(Untold):
                ground.spot(name, create=True)
        assert ground.spot("c/x", create=True).name == "x"


def test_a_link_where_a_folder_of_it_is_expected(forge: Forge, tmp_path: Path) -> None:
    """Files stand where the repository comes to: none of them is reached through a link."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").write_text("old")
    two = forge.site.hub("two")
    (two.directory / "p").mkdir()
    (two.directory / "p/d").symlink_to(outside)
    inner = forge.tree((b"100644", b"x", forge.blob(b"old")))
    was = forge.commit(forge.tree((b"40000", b"d", inner)))
    inner = forge.tree((b"100644", b"x", forge.blob(b"new")))
    tip = forge.commit(forge.tree((b"40000", b"d", inner)))
    branches = {"main": Branch(tip), "old": Branch(was)}
    forge.put(State("refs/heads/main", branches))
    result = two.sync()
    assert "nested-in-the-way" in [problem.code for problem in result.problems]
    assert (outside / "x").read_text() == "old"
