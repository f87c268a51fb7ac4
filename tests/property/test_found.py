"""What the random tests found: each the smallest example, named after what has to hold."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from hubsync.results import SyncResult
from tests.property import disk
from tests.property.disk_steps import before_disk_step
from tests.property.faulty_store import MODES, OPERATIONS, Fault
from tests.property.world import Hub, Telling, World, in_one_thread


@pytest.fixture
def world() -> Iterator[World]:
    with World(2) as made, in_one_thread():
        yield made


@pytest.fixture
def exclusive() -> Iterator[World]:
    with World(2, exclusive=True) as made, in_one_thread():
        yield made


def write(world: World, hub: Hub, path: str, data: bytes) -> None:
    world.act(lambda: disk.write(hub.root, path, data))


@pytest.mark.parametrize("edited", [False, True])
def test_upload_of_a_killed_hub_is_found_where_the_index_is_trusted(
    exclusive: World, edited: bool
) -> None:
    """Killed between the upload and the note of it; the object is in no index, and every later
    creation met it and planned again, without ever looking."""
    one, _ = exclusive.hubs
    write(exclusive, one, "a", b"\0one")
    assert exclusive.killed(one, "sync", at=0, what="upload", done=True)
    if edited:
        write(exclusive, one, "a", b"\0two")
    exclusive.quiet()


@pytest.mark.parametrize("moment", range(3))
@pytest.mark.parametrize("done", [False, True], ids=["before it is there", "once it is there"])
@pytest.mark.parametrize("mode", MODES)
def test_who_edits_what_a_killed_first_push_had_sent_is_in_conflict_with_nobody(
    mode: str, done: bool, moment: int
) -> None:
    """New files are hashed on their way, so that nobody knew what was in them."""
    with World(2, mode) as world, in_one_thread():
        one, _ = world.hubs
        for path in "abc":
            write(world, one, path, b"\0one of " + path.encode())
        assert world.killed(one, "push", at=moment, what="upload", done=done)
        for path in "abc":
            write(world, one, path, b"\0two of " + path.encode())
        result = world.run(one)
        assert isinstance(result, SyncResult)
        assert not result.conflicts
        world.quiet()
        assert disk.read_tree(one.root).keys() == {"a", "b", "c"}


@pytest.mark.parametrize("mode", MODES)
def test_who_is_in_conflict_with_what_a_killed_push_had_sent_is_told(mode: str) -> None:
    """By another tool, at the time at which this hub first knows of its own objects: the conflict
    copy and the rest go out in two steps on what was seen once."""
    with World(2, mode) as world, in_one_thread():
        one, _ = world.hubs
        for path in "abc":
            write(world, one, path, b"\0one of " + path.encode())
        assert world.killed(one, "push", at=2, what="upload", done=True)
        world.put_object("b", b"\0another tool's")
        for path in "ab":
            write(world, one, path, b"\0two of " + path.encode())
        result = world.run(one)
        assert isinstance(result, SyncResult)
        assert [conflict.path for conflict in result.conflicts] == ["b"]
        world.quiet()


def test_push_goes_on_after_it_was_killed_between_upload_and_note(world: World) -> None:
    one, _ = world.hubs
    write(world, one, "a", b"\0one")
    assert world.killed(one, "push", at=0, what="upload", done=True)
    result = world.run(one, "push")
    assert isinstance(result, SyncResult)
    assert not result.problems
    world.quiet()


def test_index_learns_what_another_tool_wrote_even_if_it_was_here_already(world: World) -> None:
    """Else every hub has to read the object to learn what is in it."""
    one, two = world.hubs
    write(world, one, "a", b"same")
    world.put_object("a", b"same")
    assert isinstance(world.run(one), SyncResult)
    world.store.arm(None)
    write(world, two, "a", b"same")
    assert isinstance(world.run(two), SyncResult)
    assert not world.store.counted["download"]


@pytest.mark.parametrize("first", [0, 1])
def test_empty_directory_stays_where_the_other_side_has_a_file(world: World, first: int) -> None:
    """Rule 5 keeps both; the empty directory was removed on both sides."""
    one, two = world.hubs
    world.act(lambda: os.mkdir(os.path.join(one.root, "a")))
    write(world, two, "a", b"file")
    world.run(world.hubs[first])
    world.quiet()
    tree = disk.read_tree(one.root)
    assert tree["a"].what == "dir"
    assert b"file" in {item.data for item in tree.values()}


def test_edit_in_the_tick_of_the_last_one_is_uploaded_at_once(world: World) -> None:
    """Its evidence vouches for nothing, and a signature made of it never fitted the file."""
    one, _ = world.hubs
    write(world, one, "a", b"\0one")
    world.quiet()
    write(world, one, "a", b"\0two")
    result = world.run(one)
    assert isinstance(result, SyncResult)
    assert [change.path for change in result.up] == ["a"]
    assert not result.problems


def test_sync_makes_its_own_folders_again(world: World) -> None:
    """All of hubsync's folder but the settings is lost, and ignore rules come in."""
    one, two = world.hubs
    write(world, one, ".hubsyncignore", b"ig/\n")
    world.run(one)
    world.lose_all_but_config(two)
    assert isinstance(world.run(two), SyncResult)
    world.quiet()


@pytest.mark.parametrize("moment", range(6))
def test_conflict_of_a_link_with_a_file_that_does_not_arrive_waits(
    world: World, moment: int
) -> None:
    """The user stops before the download: nothing is known to be there."""
    one, _ = world.hubs
    world.act(lambda: os.symlink("a", os.path.join(one.root, "a")))
    world.put_object("a", b"foreign")
    world.run(one, reporter=Telling(moment))
    world.run(one, fault=Fault("download", 0, "failed"))
    world.quiet()


def test_link_replaced_by_a_file_that_vanishes_without_a_state(world: World) -> None:
    """The history is asked about a path that is gone by the time it would be read."""
    one, _ = world.hubs
    write(world, one, "a", b"\0one")
    world.quiet()
    world.lose_all_but_config(one)
    world.delete_object("a")
    full = os.path.join(one.root, "a")
    world.run(one, reporter=Telling(1, lambda: world.act(lambda: disk.remove(full))))
    world.quiet()


def test_nothing_fetched_by_a_killed_run_stays_behind(world: World) -> None:
    """What a killed run staged goes, even if the next run finds nothing to do."""
    one, two = world.hubs
    write(world, one, "a", b"\0one")
    world.quiet()
    for moment in range(60):
        write(world, two, "a", b"\0%d" % moment)
        world.run(two)
        died = world.killed(one, "sync", at=moment, what="disk")
        world.quiet()
        if not died:
            return
    pytest.fail("the command never came to its end")


def test_failing_store_half_way_through_a_listing_deletes_nothing(world: World) -> None:
    one, _ = world.hubs
    for number in range(6):
        write(world, one, f"d{number}/f", b"%d" % number)
    world.quiet()
    for page in range(8):
        world.run(one, fault=Fault("list", page, "failed", done=True))
    world.quiet()
    assert len(world.objects()) == 6


def test_what_was_removed_under_an_ignore_rule_is_carried_when_the_rule_goes(world: World) -> None:
    """And nothing is deleted while it holds."""
    one, two = world.hubs
    write(world, one, "d/a", b"content")
    write(world, one, "b", b"stays")
    world.quiet()
    write(world, one, ".hubsyncignore", b"d/\n")
    world.run(one)
    world.run(two)
    world.act(lambda: disk.remove(os.path.join(two.root, "d")))
    world.quiet()
    assert "d/a" in world.objects()
    assert "d/a" in disk.read_tree(one.root)


@pytest.mark.parametrize("moment", range(30))
@pytest.mark.parametrize("old", [False, True])
def test_save_at_any_step_of_a_replacement_survives(moment: int, old: bool) -> None:
    """Rule 10, between any two changes that a sync makes to the disk."""
    with World(2, old=old) as world, in_one_thread():
        one, two = world.hubs
        write(world, one, "f", b"\0one")
        world.quiet()
        write(world, two, "f", b"\0two")
        world.run(two)
        save = b"\0saved while it was replaced"
        with before_disk_step(moment, lambda: write(world, one, "f", save)):
            world.run(one)
        world.quiet()
        if save in world.owed:
            assert save in {item.data for item in disk.read_tree(two.root).values()}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("empty", [False, True])
def test_file_goes_for_a_directory_only_once_its_copy_is_there(
    world: World, operation: str, number: int, done: bool, empty: bool
) -> None:
    """Rule 5: the copy could not be uploaded, and the original was removed all the same."""
    one, two = world.hubs
    write(world, one, "d", b"precious")
    world.run(one)
    if empty:
        world.act(lambda: os.mkdir(os.path.join(two.root, "d")))
    else:
        write(world, two, "d/e", b"below")
    world.run(two, fault=Fault(operation, number, "failed", done))
    assert b"precious" in world.objects().values()
    world.quiet()
    assert b"precious" in {item.data for item in disk.read_tree(one.root).values()}
    assert world.odd == set()


def test_file_of_another_tool_takes_the_place_of_a_folder_with_only_empty_ones(
    world: World,
) -> None:
    """The row of an empty directory is no object below the file: nothing is there to collide."""
    one, two = world.hubs
    world.act(lambda: os.makedirs(os.path.join(one.root, "d/e/f")))
    world.act(lambda: os.makedirs(os.path.join(one.root, "d/g")))
    write(world, one, "stays", b"stays")
    world.quiet()
    world.put_object("d", b"foreign")
    world.quiet()
    assert not world.problems
    assert disk.read_tree(two.root)["d"].data == b"foreign"


def test_link_that_arrives_where_a_folder_of_ignored_files_stands_is_told_so(world: World) -> None:
    """It was said to be still changing, for ever."""
    one, two = world.hubs
    write(world, one, ".hubsyncignore", b"*.log\n")
    world.quiet()
    write(world, two, "l/x.log", b"ignored")
    world.act(lambda: os.symlink("stays", os.path.join(one.root, "l")))
    world.run(one)
    result = world.run(two)
    assert isinstance(result, SyncResult)
    assert [(one.path, one.code) for one in result.problems] == [("l", "folder-in-the-way")]


def rename_to_no_name(world: World, hub: Hub, path: str) -> str:
    """Rename the file at ``path`` to a name that cannot be synced."""
    bad = os.path.join(hub.root, "bad\udcff")
    world.act(lambda: os.rename(os.path.join(hub.root, path), bad))
    return bad


def test_file_renamed_to_a_name_that_cannot_be_synced_stays_elsewhere(world: World) -> None:
    """Until it is renamed again, or deleted."""
    one, two = world.hubs
    write(world, one, "d/good.txt", b"content")
    write(world, one, "stays", b"stays")
    world.quiet()
    bad = rename_to_no_name(world, one, "d/good.txt")
    world.quiet()
    assert disk.read_tree(two.root)["d/good.txt"].data == b"content"
    assert world.problems.keys() == {"d/good.txt", "bad\udcff"}
    world.act(lambda: os.unlink(bad))
    world.quiet()
    assert "d/good.txt" not in disk.read_tree(two.root)
    assert not world.problems


def test_ignore_file_that_does_not_arrive_rules_nothing_here(world: World) -> None:
    """By its rules a file came down that the scan, without them, did not see: for ever again."""
    one, two = world.hubs
    write(world, one, "d/.hubsyncignore", b"!b.txt\n")
    write(world, one, "d/b.txt", b"content")
    world.run(one)
    write(world, one, ".hubsyncignore", b"d/*\n!d/a\n")
    world.quiet()
    assert not world.problems
    assert "d/b.txt" not in disk.read_tree(two.root)


def test_file_renamed_to_such_a_name_and_deleted_elsewhere_is_gone(world: World) -> None:
    """Nobody has it under its old name any more, and the directory that is left is an empty one."""
    one, two = world.hubs
    write(world, one, "d/e/a", b"content")
    write(world, one, "stays", b"stays")
    world.quiet()
    rename_to_no_name(world, two, "d/e/a")
    world.act(lambda: disk.remove(os.path.join(one.root, "d")))
    world.quiet()
    assert world.problems.keys() == {"bad\udcff"}
    assert disk.read_tree(one.root)["d/e"].empty


@pytest.mark.parametrize("moment", range(14))
def test_upload_of_a_killed_hub_is_taken_back_where_the_index_is_trusted(
    exclusive: World, moment: int
) -> None:
    """Killed before the object was noted, and the file deleted before the next run."""
    one, _ = exclusive.hubs
    write(exclusive, one, "a", b"\0one")
    exclusive.killed(one, "sync", at=moment, what="disk")
    exclusive.act(lambda: disk.remove(os.path.join(one.root, "a")))
    exclusive.quiet()


def test_status_after_a_kill_leaves_it_to_the_sync_to_look(exclusive: World) -> None:
    one, _ = exclusive.hubs
    write(exclusive, one, "a", b"\0one")
    assert exclusive.killed(one, "sync", at=0, what="upload", done=True)
    exclusive.act(lambda: disk.remove(os.path.join(one.root, "a")))
    with exclusive.workspace(one) as workspace:
        workspace.status()
    exclusive.quiet()


@pytest.fixture
def three() -> Iterator[World]:
    with World(3) as made, in_one_thread():
        yield made


def test_nested_folders_where_a_tool_put_a_file_beside_one_settle(three: World) -> None:
    zero, one, _ = three.hubs
    three.put_object("d/e", b"foreign e")
    three.put_object("d/e/a", b"foreign a")
    write(three, one, "d", b"\0file d")
    write(three, zero, "d/a", b"\0below d")
    three.quiet()


def test_sync_that_brings_other_rules_carries_what_they_let_through(world: World) -> None:
    one, two = world.hubs
    write(world, one, ".hubsyncignore", b"*.log\n")
    write(world, one, "other", b"other")
    world.quiet()
    write(world, two, "kept.log", b"\0kept")
    world.act(lambda: disk.remove(os.path.join(one.root, ".hubsyncignore")))
    world.run(one)
    world.run(two)
    assert world.objects()["kept.log"] == b"\0kept"
    world.quiet()


def test_file_takes_the_place_of_an_empty_ignored_folder(world: World) -> None:
    one, two = world.hubs
    write(world, one, ".hubsyncignore", b"d/e/\n")
    world.quiet()
    world.act(lambda: os.makedirs(os.path.join(one.root, "d/e")))
    write(world, two, "d/e", b"\0x")
    world.quiet()
    assert disk.read_tree(one.root)["d/e"].data == b"\0x"


def test_upload_that_arrived_though_it_was_refused_gets_into_the_index(exclusive: World) -> None:
    """And the first try to write the index fails, when the object is known to this hub already."""
    one, two = exclusive.hubs
    write(exclusive, one, "a", b"\0one")
    exclusive.run(one, fault=Fault("upload", 0, error="denied", done=True))
    exclusive.run(one, fault=Fault("write", 0, error="denied"))
    exclusive.quiet()
    assert disk.read_tree(two.root)["a"].data == b"\0one"


def test_rules_of_two_hubs_hold_both_and_nothing_hidden_is_sent() -> None:
    """Each hub hides something of its own before it knows the other, then changes the same line."""
    with World(2, "conditional") as world:
        rules = dict.fromkeys(("one", "two"), "")
        for number in range(2):
            for hub, name in zip(world.hubs, rules, strict=True):
                rules[name] += f"{name} {number}/\n"
                write(world, hub, ".hubsyncignore", rules[name].encode())
                write(world, hub, f"{name} {number}/hidden", b"%d" % number)
            for hub in world.hubs:
                world.run(hub)
            world.quiet()
            assert set(world.objects()) == {".hubsyncignore"}
