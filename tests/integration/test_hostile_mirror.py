"""Mirrors written by hand, by somebody who means harm or made mistakes (rules 7, 9 and 14).

Whatever they hold: a plain error, or problems of single paths; nothing is written outside the
workspace, nothing is deleted on either side. The hand needs no code of hubsync's, only
docs/reference/mirror-format.md.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from pathlib import Path
from typing import Any

import msgspec
import pytest
from blake3 import blake3

from hubsync import Identity, Workspace
from hubsync.errors import HubsyncError, RemoteFormatError, SafetyStop
from hubsync.model import Kind
from hubsync.remotes.protocol import Known
from hubsync.stores.memory import MemoryStore, _Object, shared_memory
from hubsync.stores.protocol import ObjectInfo
from tests.contract.remote_contract import Hub
from tests.contract.test_mirror_contract import on

ID = "00112233445566778899aabbccddeeff"
ME = Identity("me", "hub")

BAD_NAMES = [
    "../x",
    "../../etc/passwd",
    "/x",
    "/etc/passwd",
    "a//b",
    "a/./b",
    "a/../../b",
    "..",
    ".",
    "a/",
    ".git/config",
    ".git/hooks/post-checkout",
    "sub/.git/config",
    ".GIT/config",
    ".git\u200c/config",
    "git~1/config",
    "with\0nul",
    ".hubsync/config.toml",
    ".hubsync/state/main",
    "sub/.hubsync/config.toml",
    ".HubSync/config.toml",
    "n" * 300,
    "",
]


class Hand:
    """Writes objects, at any name, past every check."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.rows: list[Any] = []
        self.number = 0

    def object(self, key: str, data: bytes) -> str:
        """Returns its identity."""
        self.number += 1
        identity = f"hand{self.number}"
        info = ObjectInfo(key, len(data), identity, 1_700_000_000 * 10**9)
        self.store._objects[key] = _Object(data, info)
        return identity

    def format(self, **changed: Any) -> None:
        fields = {
            "format": 1,
            "id": ID,
            "created": "2026-01-01T00:00:00+00:00",
            "by": "somebody",
            "writes": "conditional",
        }
        self.object(".hubsync/format.json", json.dumps({**fields, **changed}).encode())

    def file(self, path: str, data: bytes, **changed: Any) -> None:
        """An object and its row; ``changed`` are lies about it."""
        identity = self.object(path, data)
        row: dict[str, Any] = {
            "kind": "f",
            "size": len(data),
            "digest": blake3(data).digest(),
            "mtime": 0,
            "executable": False,
            "target": "",
            "identity": identity,
        }
        self.rows.append([path, None, list({**row, **changed}.values())])

    def index(self, **changed: Any) -> None:
        """The rows as one log, and the head that names it."""
        log = {"format": 1, "id": ID, "changes": self.rows, **changed}
        self.object(".hubsync/log/1", msgspec.msgpack.encode(log))
        self.head()

    def head(self, **changed: Any) -> None:
        fields = {
            "format": 1,
            "id": ID,
            "fence": 1,
            "segments": [["log/1", 1, 1, len(self.rows)]],
        }
        self.object(".hubsync/index/head", msgspec.msgpack.encode({**fields, **changed}))


@pytest.fixture
def place() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def hand(place: str) -> Hand:
    return Hand(shared_memory(place))


@pytest.fixture
def hub(hand: Hand, tmp_path: Path) -> Hub:
    hand.format()
    return Hub(on(hand.store), tmp_path)


def everything(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}


def test_a_mirror_written_by_hand_is_read(hand: Hand, hub: Hub) -> None:
    hand.file("a", b"good")
    hand.file("d/b", b"also good", executable=True)
    hand.index()
    seen = hub.look()
    assert not seen.problems
    assert not seen.unrecorded
    assert hub.content("a") == b"good"
    assert seen.tree["d/b"].executable


@pytest.mark.parametrize("name", BAD_NAMES, ids=repr)
def test_a_bad_name_in_the_index_is_a_problem_of_that_path(name: str, hand: Hand, hub: Hub) -> None:
    hand.file("good", b"good")
    hand.file(name, b"evil")
    hand.index()
    seen = hub.look()
    assert set(seen.tree) == {"good"}
    assert name in {problem.path for problem in seen.problems} or name.startswith(".hubsync/")
    assert hub.look(listing=False).tree.keys() == {"good"}


@pytest.mark.parametrize("name", BAD_NAMES, ids=repr)
def test_a_bad_name_in_the_bucket_is_a_problem_of_that_path(
    name: str, hand: Hand, hub: Hub
) -> None:
    hand.file("good", b"good")
    hand.index()
    hand.object(name, b"evil")
    for _ in range(2):
        seen = hub.look()
        assert set(seen.tree) == {"good"}
        if not name.startswith(".hubsync/"):
            assert [problem.path for problem in seen.problems] == [name]
            assert seen.problems[0].hint


@pytest.mark.parametrize("listing", [True, False])
def test_a_clone_of_bad_names_stays_inside(
    listing: bool, hand: Hand, place: str, tmp_path: Path
) -> None:
    hand.format()
    hand.file("good", b"good")
    for name in BAD_NAMES:
        hand.file(name, b"evil")
    for target in ("/etc/passwd", "../../outside", "..", "x/../../.."):
        size = len(target)
        hand.file(
            f"link {hash(target)}", target.encode(), kind="l", digest=None, target=target, size=size
        )
    hand.file("link/inside", b"through a link")
    hand.index()
    before = set(hand.store._objects)
    inner = tmp_path / "jail" / "inner"
    inner.mkdir(parents=True)
    workspace, result = Workspace.clone(
        f"memory://{place}", str(inner / "w"), exclusive=not listing, identity=ME
    )
    with workspace:
        again = workspace.sync(identity=ME)
    visible = {name for name in everything(inner / "w") if not name.startswith(".hubsync")}
    assert visible == {"good", "link", "link/inside"}
    assert everything(tmp_path) == {"jail", "jail/inner", "jail/inner/w"} | {
        f"jail/inner/w/{name}" for name in everything(inner / "w")
    }
    assert result.problems
    assert not again.deleted_remotely
    assert not again.up
    assert before <= set(hand.store._objects)


def test_a_wrong_digest_is_a_problem_of_that_path(hand: Hand, hub: Hub) -> None:
    hand.file("good", b"good")
    hand.file("poisoned", b"what is there", digest=blake3(b"what is told").digest())
    hand.index()
    hub.look()
    fetched = hub.fetch("good", "poisoned")
    assert Path(fetched["good"].source).read_bytes() == b"good"
    problem = fetched["poisoned"].problem
    assert problem is not None
    assert problem.code == "content-mismatch"
    assert not fetched["poisoned"].moved


@pytest.mark.parametrize("size", [0, 2**62, 2**63 - 1])
def test_an_absurd_size_is_not_believed(size: int, hand: Hand, hub: Hub) -> None:
    hand.file("f", b"four", size=size)
    hand.index()
    seen = hub.look()
    assert seen.tree["f"].size == 4
    assert seen.tree["f"].digest is None
    assert hub.content("f") == b"four"
    hub.known = None
    hub.look(listing=False)
    assert hub.fetch("f")["f"].problem is not None
    stage = hub.directory / "stage"
    assert sum(file.stat().st_size for file in stage.iterdir()) <= 8


@pytest.mark.parametrize(
    "row",
    [
        {"size": -1},
        {"size": 2**64 - 1},
        {"digest": b"short"},
        {"digest": "text"},
        {"kind": "device"},
        {"mtime": "yesterday"},
        {"executable": 7},
        {"target": None},
        {"identity": 5},
    ],
    ids=repr,
)
def test_rows_that_make_no_sense_are_a_damaged_remote(
    row: dict[str, Any], hand: Hand, hub: Hub
) -> None:
    hand.file("f", b"four", **row)
    hand.index()
    refused(hand, hub)


def refused(hand: Hand, hub: Hub) -> None:
    """A plain error with a hint, and nothing changed, with a tree known before or without."""
    before = dict(hand.store._objects)
    for listing in (True, False):
        with pytest.raises(RemoteFormatError) as caught:
            hub.remote.snapshot(None, listing=listing)
        assert caught.value.hint
        assert len(caught.value.message) < 300
    assert hand.store._objects == before


def nested(depth: int) -> bytes:
    return b"\x91" * depth + b"\xc0"


@pytest.mark.parametrize("which", [".hubsync/index/head", ".hubsync/log/1"])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>not found</html>",
        b"\xc1\xc1\xc1",
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        nested(1_000_000),
        b"\x84\xa6format\x01\xa1x" + nested(1_000_000),
        b"\x84\xa6format\x01\xa7changes\xdd\x7f\xff\xff\xff",
        b"\x84\xa6format\x01\xa8segments\xdd\x7f\xff\xff\xff",
    ],
    ids=lambda data: repr(data[:16]),
)
def test_metadata_that_is_no_metadata_is_refused(
    which: str, data: bytes, hand: Hand, hub: Hub
) -> None:
    hand.file("f", b"four")
    hand.index()
    hand.object(which, data)
    refused(hand, hub)


def test_truncated_metadata_is_refused_at_every_length(hand: Hand, hub: Hub) -> None:
    hand.file("f", b"four")
    hand.index()
    for key in (".hubsync/index/head", ".hubsync/log/1"):
        whole = hand.store._objects[key].data
        for length in range(len(whole)):
            hand.object(key, whole[:length])
            refused(hand, hub)
        hand.object(key, whole)
    assert hub.look().tree.keys() == {"f"}


@pytest.mark.parametrize(
    "segments",
    [
        [["log/missing", 1, 1, 1]],
        [["log/../../outside", 1, 1, 1]],
        [["versions/x", 1, 1, 1]],
        [["log/1", 1, 1, 1]] * 2 + [["log/1", 7, 7, 1]],
        [["log/1", 2**61, 2**61, 1]],
        [["log/1", 1, 1, -4]],
    ],
    ids=repr,
)
def test_a_head_that_leads_nowhere_is_refused(segments: list[Any], hand: Hand, hub: Hub) -> None:
    hand.file("f", b"four")
    hand.index()
    hand.head(segments=segments)
    refused(hand, hub)


@pytest.mark.parametrize(
    "marks", [[["x", b"8" * 8]], [[1, b"short"]], [[-1, b"8" * 8]], 7], ids=repr
)
def test_marks_that_make_no_sense_are_refused(marks: Any, hand: Hand, hub: Hub) -> None:
    hand.file("f", b"four")
    hand.index()
    hand.head(marks=marks)
    refused(hand, hub)


@pytest.mark.parametrize("marks", [b"", b"odd", b"8" * 8, b"8" * 8_000_003])
def test_marks_of_a_segment_tell_nothing_or_stop(marks: bytes, hand: Hand, hub: Hub) -> None:
    """Whatever they are: the files are synced, or nothing at all is changed."""
    hand.file("f", b"four")
    hand.index()
    hub.look()
    hand.index(marks=marks)
    hand.head(segments=[["log/1", 1, 5, 1]], marks=[[9, b"8" * 8]])
    before = dict(hand.store._objects)
    with contextlib.suppress(SafetyStop):
        assert hub.look().tree.keys() == {"f"}
    assert hand.store._objects == before


@pytest.mark.parametrize("changed", [{"id": "f" * 32}, {"format": 2}], ids=repr)
def test_books_of_another_mirror_or_version_are_refused(
    changed: dict[str, Any], hand: Hand, hub: Hub
) -> None:
    hand.file("f", b"four")
    hand.index(**changed)
    refused(hand, hub)
    hand.index()
    hand.head(**changed)
    refused(hand, hub)


@pytest.mark.parametrize(
    "changed",
    [
        {"format": 2},
        {"format": "one"},
        {"id": "../../x"},
        {"id": 5},
        {"writes": "whenever"},
        {"created": None},
    ],
    ids=repr,
)
def test_a_format_file_that_makes_no_sense_is_refused(
    changed: dict[str, Any], hand: Hand, tmp_path: Path
) -> None:
    hand.format(**changed)
    remote = on(hand.store)(tmp_path / "scratch")
    before = dict(hand.store._objects)
    for create in (True, False):
        with pytest.raises(RemoteFormatError) as caught:
            remote.connect(create=create)
        assert caught.value.hint
    assert hand.store._objects == before


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"name": "my app"}'], ids=repr
)
def test_somebody_elses_format_file_is_left_alone(data: bytes, hand: Hand, tmp_path: Path) -> None:
    hand.object(".hubsync/format.json", data)
    with pytest.raises(RemoteFormatError):
        on(hand.store)(tmp_path / "scratch").connect(create=True)
    assert hand.store._objects[".hubsync/format.json"].data == data


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize("left", ["index/head", "log/20261121T072346.4Z-hub", "versions/12/34"])
def test_a_mirror_whose_format_file_is_gone_is_damaged_and_not_made_anew(
    hand: Hand, tmp_path: Path, left: str, create: bool
) -> None:
    hand.object(f".hubsync/{left}", b"something")
    before = dict(hand.store._objects)
    with pytest.raises(RemoteFormatError) as caught:
        on(hand.store)(tmp_path / "scratch").connect(create=create)
    assert "format.json" in caught.value.message
    assert hand.store._objects == before


def test_a_file_and_files_below_it_are_reported_and_stay(hand: Hand, hub: Hub) -> None:
    hand.file("f", b"file")
    hand.file("f/x", b"below")
    hand.file("d/g", b"file")
    hand.file("d/g/deep/er", b"below")
    hand.file("good", b"good")
    hand.index()
    for _ in range(2):
        for listing in (True, False):
            seen = hub.look(listing=listing)
            assert {problem.path for problem in seen.problems} == {"f", "d/g"}
            assert not seen.unrecorded
            assert "good" in seen.tree
            assert "f" in seen.tree
    hand.store.delete("f")
    hand.store.delete("d/g/deep/er")
    seen = hub.look()
    assert not seen.problems
    assert set(seen.tree) == {"f/x", "d/g", "good"}


def test_a_collision_deletes_nothing_on_either_side(hand: Hand, place: str, tmp_path: Path) -> None:
    hand.format()
    hand.file("f", b"file")
    hand.file("good", b"good")
    hand.index()
    workspace, _ = Workspace.clone(f"memory://{place}", str(tmp_path / "w"), identity=ME)
    with workspace:
        hand.object("f/x", b"below")
        for _ in range(3):
            result = workspace.sync(identity=ME)
            assert "f" in {problem.path for problem in result.problems}
            assert not result.deleted_locally
            assert not result.deleted_remotely
            assert (tmp_path / "w" / "f").read_bytes() == b"file"
        assert hand.store.head("f") is not None
        assert hand.store.head("f/x") is not None


def test_a_poisoned_mirror_costs_a_workspace_nothing(
    hand: Hand, place: str, tmp_path: Path
) -> None:
    hand.format()
    hand.file("a", b"one")
    hand.file("b", b"two")
    hand.index()
    workspace, _ = Workspace.clone(f"memory://{place}", str(tmp_path / "w"), identity=ME)
    with workspace:
        for data in (b"", b"\xc1", nested(100_000)):
            hand.object(".hubsync/index/head", data)
            with pytest.raises(HubsyncError):
                workspace.sync(identity=ME)
        hand.store.delete(".hubsync/index/head")
        with pytest.raises(HubsyncError):
            workspace.sync(identity=ME)
    assert (tmp_path / "w" / "a").read_bytes() == b"one"
    assert (tmp_path / "w" / "b").read_bytes() == b"two"
    assert hand.store.head("a") is not None


def test_a_link_row_over_a_files_object_leads_nowhere(hand: Hand, hub: Hub) -> None:
    """A row says link; the tree carries the row's target, and out of the workspace is a problem."""
    hand.file("inside", b"d/x", kind="l", digest=None, target="d/x")
    hand.file("outside", b"../../x", kind="l", digest=None, target="../../x")
    hand.file("d/x", b"x")
    hand.index()
    for _ in range(2):
        seen = hub.look()
        assert seen.tree["inside"].kind is Kind.LINK
        assert {problem.path for problem in seen.problems} == {"outside"}
    assert {problem.path for problem in hub.look(listing=False).problems} == {"outside"}


def test_what_a_workspace_remembers_is_not_believed_either(hand: Hand, hub: Hub) -> None:
    hand.file("f", b"four")
    hand.index()
    seen = hub.look()
    for text in ("", "m1.", "m1.gaNh", "m1." + "A" * 50, seen.revision[:-2]):
        again = hub.remote.snapshot(Known(ID, text, seen.tree), listing=True)
        assert again.tree.flat() == seen.tree.flat()
        assert hub.remote.changed_since(text)


def test_a_link_in_the_index_without_an_identity_is_that_link(hand: Hand, hub: Hub) -> None:
    hand.file("good", b"good")
    link = {"kind": "l", "digest": None, "target": "good", "identity": ""}
    hand.file("link", b"good", **link)
    hand.file("other", b"evil", **link)
    hand.index()
    seen = hub.look()
    assert (seen.tree["link"].kind, seen.tree["link"].target) == (Kind.LINK, "good")
    assert seen.tree["other"].kind is Kind.FILE
    hub.publish_all([])
    assert hub.look(listing=False).tree["link"].kind is Kind.LINK
    assert not hub.look().unrecorded
    assert list(hub.remote.history()) == []
