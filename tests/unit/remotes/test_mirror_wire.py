"""The bytes of the books: fixed on the way out, distrusted on the way in."""

from __future__ import annotations

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubsync.errors import RemoteFormatError
from hubsync.model import Entry, Kind
from hubsync.remotes.mirror import layout, revision, wire
from hubsync.remotes.mirror.journal import Journal
from hubsync.remotes.mirror.revision import Revision
from hubsync.remotes.mirror.wire import Batch, FormatFile, Head, MarkAt, RowChange, Segment

ID = "0123456789abcdef" * 2
ENTRY = Entry(Kind.FILE, 3, b"d" * 32, 17, True, "", 0, 0, '"etag"')


def test_a_batch_is_laid_out_as_documented() -> None:
    changes = [
        RowChange("a", None, wire.row_of(ENTRY)),
        RowChange("l", b"b" * 32, wire.row_of(Entry(Kind.LINK, target="é", identity="2"))),
        RowChange("d", None, wire.row_of(Entry(Kind.DIR))),
        RowChange("gone", b"c" * 32, None),
    ]
    batch = Batch(1, ID, changes, 5, "hub", "me", "why", repeated=["a"])
    assert msgspec.msgpack.decode(wire.encode(batch)) == {
        "format": 1,
        "id": ID,
        "changes": [
            ["a", None, ["f", 3, b"d" * 32, 17, True, "", '"etag"']],
            ["l", b"b" * 32, ["l", 2, None, 0, False, "é", "2"]],
            ["d", None, ["d", 0, None, 0, False, "", ""]],
            ["gone", b"c" * 32, None],
        ],
        "time": 5,
        "hub": "hub",
        "author": "me",
        "message": "why",
        "marks": b"",
        "repeated": ["a"],
    }
    assert wire.decode_batch(wire.encode(batch), ID, "log/x") == batch


def test_a_head_is_laid_out_as_documented() -> None:
    head = Head(1, ID, 4, (Segment("index/a", 1, 2, 9), Segment("log/b", 3, 3, 1)))
    head = msgspec.structs.replace(head, marks=(MarkAt(2, b"marked 2"),))
    assert msgspec.msgpack.decode(wire.encode(head)) == {
        "format": 1,
        "id": ID,
        "fence": 4,
        "segments": [["index/a", 1, 2, 9], ["log/b", 3, 3, 1]],
        "marks": [[2, b"marked 2"]],
    }
    assert wire.decode_head(wire.encode(head), ID) == head
    assert head.last == 3


def test_format_json_is_readable_by_people() -> None:
    made = FormatFile(1, ID, "2026-11-21T00:00:00+00:00", "hubsync 1", "lease")
    assert wire.encode(made).startswith(b'{\n "format": 1,\n "id":')
    assert wire.decode_format(wire.encode(made)) == made


def test_rows_come_back_as_entries() -> None:
    assert wire.entry_of(wire.row_of(ENTRY)) == ENTRY
    assert wire.entry_of(None) is wire.row_of(None) is None


def test_fields_of_later_versions_are_ignored() -> None:
    data = msgspec.msgpack.encode({"format": 1, "id": ID, "fence": 0, "later": [1, {"x": 2}]})
    assert wire.decode_head(data, ID) == Head(1, ID, 0)


def packed(**fields: object) -> bytes:
    return msgspec.msgpack.encode({"format": 1, "id": ID, "fence": 0, "segments": [], **fields})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"not msgpack at all",
        packed()[:-1],
        packed(id="f" * 32),
        packed(id="../x"),
        packed(fence=-1),
        packed(segments=[["index/../../x", 1, 1, 1]]),
        packed(segments=[["versions/x", 1, 1, 1]]),
        packed(segments=[["log/x", 2, 2, 1]]),
        packed(segments=[["log/x", 1, 1, 1], ["log/y", 3, 3, 1]]),
        packed(segments=[["log/x", 1, 0, 1]]),
        packed(segments=[["log/x", 1, 1, -1]]),
        packed(segments="log/x"),
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff\xa1a",
        b"\x91" * 100_000,
        b"\x84\xa6format\x01\xa2id" + b"\x91" * 100_000,
        b"\x84\xa5later" + b"\x91" * 100_000,
        b"\x85\xa5later\xdd\xff\xff\xff\xff",
    ],
    ids=lambda data: repr(data[:12]),
)
def test_a_head_that_makes_no_sense_is_refused(data: bytes) -> None:
    with pytest.raises(RemoteFormatError) as caught:
        wire.decode_head(data, ID)
    assert caught.value.hint


@pytest.mark.parametrize(
    "row",
    [
        ["f", -1, b"d" * 32, 0, False, "", "i"],
        ["f", 2**64 - 1, b"d" * 32, 0, False, "", "i"],
        ["f", 1, b"short", 0, False, "", "i"],
        ["x", 1, b"d" * 32, 0, False, "", "i"],
        ["f", 1, b"d" * 32, 0, False, "", b"\xff"],
        ["f", 1],
        "f",
    ],
    ids=repr,
)
def test_rows_that_make_no_sense_are_refused(row: object) -> None:
    data = msgspec.msgpack.encode({"format": 1, "id": ID, "changes": [["a", None, row]]})
    with pytest.raises(RemoteFormatError):
        wire.decode_batch(data, ID, "log/x")


@given(st.binary(max_size=200))
def test_no_bytes_lead_to_anything_but_a_plain_refusal(data: bytes) -> None:
    for decode in (
        wire.decode_format,
        lambda some: wire.decode_head(some, ID),
        lambda some: wire.decode_batch(some, ID, "log/x"),
    ):
        with contextlib.suppress(RemoteFormatError):
            assert isinstance(decode(data), FormatFile | Head | Batch)


@pytest.mark.parametrize("version", [0, 2, 10**9])
def test_another_layout_version_is_named(version: int) -> None:
    for data, decode in (
        (packed(format=version), lambda some: wire.decode_head(some, ID)),
        (packed(format=version, changes=7), lambda some: wire.decode_batch(some, ID, "log/x")),
        (b'{"format": %d, "new": 1}' % version, wire.decode_format),
    ):
        with pytest.raises(RemoteFormatError, match=str(version)) as caught:
            decode(data)
        assert caught.value.code == "remote-version"


def test_a_revision_comes_back_and_nonsense_does_not() -> None:
    made = Revision('"etag"', 7, ("a", "ü"), ("w",))
    assert revision.parse(made.text) == made
    for text in ("", "m1.", "m1.###", "g1.abc", made.text[:-3], "m1." + "A" * 10):
        assert revision.parse(text) is None
    assert revision.named(frozenset(map(str, range(5000)))) is None


def test_stamps_sort_like_times_whatever_the_clock_says() -> None:
    times = [0, 1, 10**9, 1_763_683_200_123_456_789, 2**63 - 1, 253_402_300_799 * 10**9, 2**70]
    stamps = [layout.stamp(time) for time in times]
    assert stamps == sorted(stamps)
    assert [layout.stamped(stamp + "-x") for stamp in stamps[:-1]] == times[:-1]
    assert layout.stamped("99999999T999999.000000000Z") is None
    assert layout.stamp(-5) == layout.stamp(0)


def test_hub_names_become_harmless_in_object_names() -> None:
    assert layout.plain("../Übung lab/1") == "bung-lab-1"
    assert layout.plain("...") == "hub"


def test_a_torn_journal_is_read_up_to_the_tear_and_goes_on_there(tmp_path) -> None:  # type: ignore[no-untyped-def]
    journal = Journal(str(tmp_path), ID)
    with journal.writer() as writer:
        writer.add("a", ENTRY)
        writer.add("b", ENTRY)
    file = tmp_path / "publish.journal"
    file.write_bytes(file.read_bytes()[:-3])
    assert set(journal.entries()) == {"a"}
    with journal.writer() as writer:
        writer.add("c", ENTRY)
    assert journal.entries() == {"a": ENTRY, "c": ENTRY}
    assert Journal(str(tmp_path), "f" * 32).entries() == {}
    file.write_bytes(b"\x00" * 50)
    assert journal.entries() == {}
    journal.remove()
    journal.remove()
    assert journal.entries() == {}
