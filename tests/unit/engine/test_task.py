"""From decisions to what they mean on either side."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from hubsync.engine.task import Compiler, Merged, Staged, Task, signature, wanted_by_carries
from hubsync.local.steps import Step
from hubsync.model import Carry, Entry, KeepBoth, Kind, Plan, Side
from hubsync.remotes.protocol import Put, Record, Remove

HERE = Entry(Kind.FILE, 4, b"h" * 32, mtime=1, ctime=2, inode=3)
THERE = Entry(Kind.FILE, 5, b"t" * 32, identity="tag")
UNREAD = Entry(Kind.FILE, 5, None, identity="tag")
FOLDER = Entry(Kind.DIR)
LINK = Entry(Kind.LINK, target="x")
COPY = "p.conflict-12345678"


def compiler(
    staged: Mapping[tuple[Side, str], Staged] | None = None,
    *,
    only: Side | None = None,
    unrecorded: frozenset[str] = frozenset(),
    remote: Mapping[str, Entry] | None = None,
) -> Compiler:
    return Compiler("/files", staged or {}, unrecorded, only, (remote or {}).get)


def fetched(side: Side, entry: Entry, path: str = "p") -> dict[tuple[Side, str], Staged]:
    return {(side, path): Staged(entry, f"/stage/{side.value}")}


def kept(keeper: Side | None, source: Side, local: Entry | None, remote: Entry | None) -> KeepBoth:
    copied = local if source is Side.LOCAL else remote
    assert copied is not None
    return KeepBoth("p", local, remote, keeper, source, copied, COPY)


# -- carries ---------------------------------------------------------------------------------


def test_an_upload_is_bound_to_what_the_scan_saw() -> None:
    task = compiler().carry(Carry("p", Side.REMOTE, HERE, THERE, moved_from="old"))
    assert task == Task("p", (Put("p", HERE, "/files/p", THERE, (4, 1, 2, 3), "old"),))


def test_evidence_that_vouches_for_nothing_binds_nothing() -> None:
    assert signature(THERE) is None


@pytest.mark.parametrize("entry", [FOLDER, LINK])
def test_what_has_no_bytes_has_no_source(entry: Entry) -> None:
    task = compiler().carry(Carry("p", Side.REMOTE, entry, None))
    assert task == Task("p", (Put("p", entry, "", None),))


def test_a_deletion_expects_what_the_plan_saw() -> None:
    assert compiler().carry(Carry("p", Side.REMOTE, None, THERE)) == Task(
        "p", (Remove("p", THERE),)
    )
    assert compiler().carry(Carry("p", Side.LOCAL, None, HERE)) == Task(
        "p", steps=(Step("p", None, HERE),)
    )


def test_a_download_takes_the_digest_it_turned_out_to_have() -> None:
    task = compiler(fetched(Side.REMOTE, THERE)).carry(Carry("p", Side.LOCAL, UNREAD, None))
    assert task == Task("p", steps=(Step("p", THERE, None, "/stage/remote"),))


def test_a_content_that_could_not_be_had_is_no_task() -> None:
    assert compiler().carry(Carry("p", Side.LOCAL, THERE, HERE)) is None


def test_a_new_mode_needs_no_content() -> None:
    executable = Entry(Kind.FILE, 4, HERE.digest, executable=True)
    carry = Carry("p", Side.LOCAL, executable, HERE)
    assert list(wanted_by_carries(Plan({}, (carry,)))) == []
    assert compiler().carry(carry) == Task("p", steps=(Step("p", executable, HERE),))


def test_the_books_learn_what_another_tool_wrote_unless_only_this_side_may_change() -> None:
    carry, unrecorded = Carry("p", Side.LOCAL, UNREAD, None), frozenset({"p"})
    task = compiler(fetched(Side.REMOTE, THERE), unrecorded=unrecorded).carry(carry)
    assert task is not None
    assert task.changes == (Record("p", THERE),)
    pulled = compiler(fetched(Side.REMOTE, THERE), unrecorded=unrecorded, only=Side.LOCAL).carry(
        carry
    )
    assert pulled is not None
    assert pulled.changes == ()


def test_the_books_learn_of_an_object_that_equals_the_file() -> None:
    remote, unrecorded = {"p": THERE}, frozenset({"p"})
    assert compiler(remote=remote, unrecorded=unrecorded).learned("p") == Task(
        "p", (Record("p", THERE),)
    )
    assert compiler(remote=remote).learned("p") is None
    assert compiler(unrecorded=unrecorded).learned("p") is None
    assert compiler(remote=remote, unrecorded=unrecorded, only=Side.LOCAL).learned("p") is None


# -- both changed ----------------------------------------------------------------------------


@pytest.mark.parametrize("only", [None, Side.LOCAL])
def test_a_merge_goes_to_both_sides_or_to_this_one_alone(only: Side | None) -> None:
    content = Entry(Kind.FILE, 9, b"m" * 32)
    merged = Merged("p", HERE, THERE, Staged(content, "/stage/m"))
    task = compiler(only=only).merged(merged)
    assert task.steps == (Step("p", content, HERE, "/stage/m"),)
    assert task.changes == (() if only else (Put("p", content, "/stage/m", THERE),))


@pytest.mark.parametrize("only", [None, Side.LOCAL])
def test_the_copy_of_a_local_file_stands_before_the_remotes_takes_its_name(
    only: Side | None,
) -> None:
    staged = {**fetched(Side.LOCAL, HERE), **fetched(Side.REMOTE, THERE)}
    task = compiler(staged, only=only).keep(kept(Side.REMOTE, Side.LOCAL, HERE, THERE))
    assert task is not None
    assert task.copy_step == Step(COPY, HERE, None, "/stage/local")
    assert task.copy_change == (None if only else Put(COPY, HERE, "/stage/local", None))
    assert task.steps == (Step("p", THERE, HERE, "/stage/remote"),)
    assert task.changes == ()


def test_the_keepers_content_is_recorded_where_the_books_do_not_know_it() -> None:
    staged = {**fetched(Side.LOCAL, HERE), **fetched(Side.REMOTE, THERE)}
    task = compiler(staged, unrecorded=frozenset({"p"})).keep(
        kept(Side.REMOTE, Side.LOCAL, HERE, UNREAD)
    )
    assert task is not None
    assert task.changes == (Record("p", THERE),)


def test_the_local_side_may_keep_the_name() -> None:
    task = compiler(fetched(Side.REMOTE, THERE)).keep(kept(Side.LOCAL, Side.REMOTE, HERE, THERE))
    assert task is not None
    assert task.steps == ()
    assert task.changes == (Put("p", HERE, "/files/p", THERE, signature(HERE)),)


@pytest.mark.parametrize(("other", "entry"), [(FOLDER, FOLDER), (None, None)])
def test_a_local_file_makes_room_for_a_directory(other: Entry | None, entry: Entry | None) -> None:
    task = compiler(fetched(Side.LOCAL, HERE)).keep(kept(None, Side.LOCAL, HERE, other))
    assert task is not None
    assert task.steps == (Step("p", entry, HERE),)
    assert task.changes == ()


def test_a_remote_file_makes_room_for_a_directory() -> None:
    staged = fetched(Side.REMOTE, THERE)
    below = compiler(staged).keep(kept(None, Side.REMOTE, None, THERE))
    empty = compiler(staged).keep(kept(None, Side.REMOTE, FOLDER, THERE))
    assert below is not None
    assert empty is not None
    assert below.changes == (Remove("p", THERE),)
    assert empty.changes == (Put("p", FOLDER, "", THERE),)
    assert below.steps == empty.steps == ()


def test_links_are_kept_twice_without_any_content() -> None:
    other = Entry(Kind.LINK, target="y")
    task = compiler().keep(kept(Side.REMOTE, Side.LOCAL, LINK, other))
    assert task is not None
    assert task.copy_step == Step(COPY, LINK, None)
    assert task.steps == (Step("p", other, LINK),)


@pytest.mark.parametrize("missing", [Side.LOCAL, Side.REMOTE])
def test_without_both_contents_nothing_is_kept_twice(missing: Side) -> None:
    staged = {**fetched(Side.LOCAL, HERE), **fetched(Side.REMOTE, THERE)}
    del staged[missing, "p"]
    assert compiler(staged).keep(kept(Side.REMOTE, Side.LOCAL, HERE, THERE)) is None
