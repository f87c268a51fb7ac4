"""Some of the situations that a demanding user will try, one by one: two hubs, one remote.

Each test's docstring says: what there was / what hub A does / what hub B or the remote does / the
only acceptable result.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from hubsync.errors import HubsyncError, SafetyStop
from hubsync.local.layout import Layout
from hubsync.remotes.mirror.layout import LIVE
from hubsync.remotes.mirror.lease import LEASE
from hubsync.results import SyncResult
from tests.property import disk
from tests.property.faulty_store import ERRORS, OPERATIONS, Fault
from tests.property.world import SECOND, YEAR, Hub, Telling, World

LINES = b"".join(b"line %d\n" % number for number in range(9))


@pytest.fixture(params=["conditional", "s3", "pretending", "plain"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with World(2, request.param) as made:
        yield made


@pytest.fixture
def a(world: World) -> Hub:
    return world.hubs[0]


@pytest.fixture
def b(world: World) -> Hub:
    return world.hubs[1]


def write(world: World, hub: Hub, path: str, data: bytes) -> None:
    world.act(lambda: disk.write(hub.root, path, data))


def delete(world: World, hub: Hub, path: str) -> None:
    world.act(lambda: disk.remove(os.path.join(hub.root, path)))


def everywhere(world: World, **files: bytes) -> None:
    """These files on all sides, at rest; beside them one that no test is about."""
    write(world, world.hubs[0], "stay", b"stay")
    for name, data in files.items():
        write(world, world.hubs[0], name.replace("__", "/"), data)
    world.quiet()


def ok(result: SyncResult | HubsyncError) -> SyncResult:
    assert isinstance(result, SyncResult), repr(result)
    return result


def files(hub: Hub) -> dict[str, bytes]:
    return {
        path: item.data
        for path, item in disk.read_tree(hub.root).items()
        if item.what == "file" and path != "stay"
    }


def test_edit_survives_a_deletion_and_is_reported(world: World, a: Hub, b: Hub) -> None:
    """f1 / deleted / edited to f2 / f2 on both, reported."""
    everywhere(world, f=b"f1")
    delete(world, a, "f")
    write(world, b, "f", b"f2")
    ok(world.run(b))
    assert ok(world.run(a)).kept == ("f",)
    world.quiet()
    assert files(a) == files(b) == {"f": b"f2"}


def test_deletion_after_an_edit_elsewhere_is_reported_too(world: World, a: Hub, b: Hub) -> None:
    """f1 / deleted, synced first / edited to f2 / f2 on both, reported."""
    everywhere(world, f=b"f1")
    delete(world, a, "f")
    ok(world.run(a))
    write(world, b, "f", b"f2")
    assert ok(world.run(b)).kept == ("f",)
    world.quiet()
    assert files(a) == files(b) == {"f": b"f2"}


@pytest.mark.parametrize("first", [0, 1])
def test_what_was_edited_or_added_survives_a_removed_directory(
    world: World, a: Hub, b: Hub, first: int
) -> None:
    """d/{a,b} / `rm -r d` / a edited, c added / edited a and c survive."""
    everywhere(world, d__a=b"a1", d__b=b"b1")
    delete(world, a, "d")
    write(world, b, "d/a", b"a2")
    write(world, b, "d/c", b"c1")
    ok(world.run(world.hubs[first]))
    world.quiet()
    assert files(a) == files(b) == {"d/a": b"a2", "d/c": b"c1"}


@pytest.mark.parametrize("first", [0, 1])
def test_file_that_became_a_directory_keeps_the_other_edit_as_a_copy(
    world: World, a: Hub, b: Hub, first: int
) -> None:
    """f / becomes a directory f/x / f edited / f/x, and the edited f as a conflict copy."""
    everywhere(world, f=b"f1")
    delete(world, a, "f")
    write(world, a, "f/x", b"x1")
    write(world, b, "f", b"f2")
    ok(world.run(world.hubs[first]))
    world.quiet()
    found = files(a)
    assert found.pop("f/x") == b"x1"
    ((name, data),) = found.items()
    assert name.startswith("f.conflict-")
    assert data == b"f2"


def test_same_edit_on_both_is_no_conflict_and_no_transfer(world: World, a: Hub, b: Hub) -> None:
    """f1 / edited to f2 / edited to the same f2 / no conflict, no transfer."""
    everywhere(world, f=b"f1")
    write(world, a, "f", b"f2")
    write(world, b, "f", b"f2")
    ok(world.run(a))
    result = ok(world.run(b))
    assert result.nothing_done()
    assert result.bytes == 0
    world.quiet()
    assert files(b) == {"f": b"f2"}


def test_clocks_years_apart_lose_nothing(world: World, a: Hub, b: Hub) -> None:
    """f1 / f2 with the clock two years ahead / f3 two years behind / both contents kept."""
    a.skew, b.skew = 2 * YEAR, -2 * YEAR
    everywhere(world, f=b"f1\0")
    for hub, data in ((a, b"f2\0"), (b, b"f3\0")):
        write(world, hub, "f", data)
        when = 1_800_000_000_000_000_000 + hub.skew
        os.utime(os.path.join(hub.root, "f"), ns=(when, when))
    ok(world.run(a))
    ok(world.run(b))
    world.quiet()
    assert sorted(files(a).values()) == [b"f2\0", b"f3\0"]
    assert files(a)["f"] == b"f2\0"


def test_file_rewritten_while_it_is_uploaded_is_never_torn(world: World, a: Hub) -> None:
    """large f / rewritten while uploaded / nothing / old or one whole version; then the last."""
    old, new, last = (bytes([one]) * 3_000_000 for one in (1, 2, 3))
    everywhere(world, f=old)
    write(world, a, "f", new)
    save = Fault("upload", 0, act=lambda: write(world, a, "f", last))
    world.run(a, fault=save)
    assert world.objects()["f"] in (old, new, last)
    ok(world.run(a))
    assert world.objects()["f"] == last


def test_save_between_plan_and_replacement_survives(world: World, a: Hub, b: Hub) -> None:
    """f1 / saved again between plan and replacement / f2 / the save survives."""
    for moment in range(8):
        write(world, a, "f", b"f1\0" + bytes([moment]))
        world.quiet()
        write(world, b, "f", b"f2\0" + bytes([moment]))
        ok(world.run(b))
        saved = b"saved\0" + bytes([moment])
        world.run(a, reporter=Telling(moment, lambda saved=saved: write(world, a, "f", saved)))  # type: ignore[misc]
        if saved in world.owed:
            assert saved in files(a).values()
        world.quiet()
        assert saved not in world.owed or saved in files(b).values()


@pytest.mark.parametrize("world", ["conditional", "plain"], indirect=True)
@pytest.mark.parametrize("operation", ["disk", *OPERATIONS])
def test_kill_at_any_moment_leaves_old_or_new_and_the_next_run_goes_on(
    world: World, a: Hub, b: Hub, operation: str
) -> None:
    """anything / SIGKILL at any moment / nothing / old or new, never partial; then it goes on.

    What is done to the disk is the same for both stores: each takes every second step of it."""
    everywhere(world, f=LINES, g=b"g1", d__x=b"x1")
    moments = range(world.mode == "plain", 200, 2) if operation == "disk" else range(40)
    for moment in moments:
        stamp = b"%d" % moment
        write(world, a, "f", LINES.replace(b"line 1", b"a" + stamp))
        write(world, a, "new", stamp)
        delete(world, a, "d/x")
        write(world, b, "f", LINES.replace(b"line 7", b"b" + stamp))
        write(world, b, "g", b"b" + stamp)
        ok(world.run(b))
        died = world.killed(a, "sync", at=moment, what=operation)
        allowed = {LINES, b"g1", b"x1", stamp, b"b" + stamp, *world.owed}
        assert set(files(a).values()) <= allowed | world.findable()
        world.quiet()
        if not died:
            break
        write(world, a, "d/x", b"x" + stamp)
        write(world, a, "f", LINES)
        write(world, a, "g", b"g1")
        world.quiet()
    else:
        pytest.fail("the command never came to its end")


@pytest.mark.parametrize("world", ["pretending"], indirect=True)
@pytest.mark.parametrize("known", [True, False], ids=["edited", "new"])
def test_a_hub_that_stood_still_in_a_write_takes_nothing_for_good(
    world: World, a: Hub, b: Hub, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """f1 / stands still in the upload of f2, then goes on / takes the lock over, sends f3 and is
    closed / f2 and f3 are both on the remote."""
    everywhere(world, **({"f": b"f1\0"} if known else {}))
    write(world, a, "f", b"f2\0")
    write(world, b, "f", b"f3\0")

    def meanwhile() -> None:
        [lock] = [key for key in world.inner._objects if key.startswith(LIVE)]
        held = world.inner._objects[lock]
        long_ago = held.info.mtime - 2 * int(LEASE) * SECOND
        world.inner._objects[lock] = replace(held, info=replace(held.info, mtime=long_ago))
        world._command_meanwhile(b, "sync")
        real = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: real() + 2 * LEASE)

    world.run(a, fault=Fault("upload", 0, act=meanwhile))
    monkeypatch.undo()
    assert world.objects()["f"] == b"f2\0"
    world.quiet()
    remote = {one.data for one in world.inner._objects.values()}
    assert {b"f2\0", b"f3\0"} <= remote


@pytest.mark.parametrize("error", sorted(ERRORS))
@pytest.mark.parametrize("halfway", [False, True])
def test_listing_that_fails_deletes_nothing_and_fails(
    world: World, a: Hub, error: str, halfway: bool
) -> None:
    """synced / nothing / a listing that fails at page k / zero deletions, an error."""
    everywhere(world, **{f"d{one}__f": b"%d" % one for one in range(5)})
    before = files(a)
    failed = 0
    for page in range(10):
        result = world.run(a, fault=Fault("list", page, error, halfway))
        assert files(a) == before
        if isinstance(result, HubsyncError):
            assert result.exit_status != 0
            failed += 1
        else:
            assert result.nothing_done()
    assert failed
    world.quiet()
    assert files(a) == before


def test_new_pod_with_an_image_skeleton_is_united_with_the_remote(
    world: World, a: Hub, b: Hub
) -> None:
    """synced / new pod: skeleton in the home, no state / remote intact / the union."""
    everywhere(world, profile=b"mine\0", work=b"w")
    world.act(lambda: [shutil.rmtree(b.root), os.mkdir(b.root)])
    world._link(b)
    world.forgot = True
    write(world, b, "profile", b"skeleton\0")
    write(world, b, "welcome", b"hello")
    result = ok(world.run(b))
    assert not result.deleted_remotely
    assert len(result.conflicts) == 1
    world.quiet()
    found = files(a)
    assert found["profile"] == b"mine\0"
    assert sorted(found.values()) == [b"hello", b"mine\0", b"skeleton\0", b"w"]


def test_lost_state_does_not_bring_a_deleted_file_back(world: World, a: Hub, b: Hub) -> None:
    """f deleted on A and synced / the state on B is lost, B still has f / f stays deleted."""
    everywhere(world, f=b"f1", g=b"g1")
    delete(world, a, "f")
    ok(world.run(a))
    world.lose_state(b)
    ok(world.run(b))
    world.quiet()
    assert "f" not in files(a)
    assert "f" not in files(b)
    assert "f" not in world.objects()


def test_same_size_and_same_second_is_still_found(world: World, a: Hub, b: Hub) -> None:
    """same size, same second, other content / the change is found."""
    everywhere(world, f=b"one")
    full = os.path.join(a.root, "f")
    status = os.stat(full)
    write(world, a, "f", b"two")
    os.utime(full, ns=(status.st_atime_ns, status.st_mtime_ns))
    ok(world.run(a))
    ok(world.run(b))
    assert files(b) == {"f": b"two"}


@pytest.mark.parametrize("data", [(b"f2\0", b"f3\0"), (LINES + b"two\n", b"three\n" + LINES)])
def test_pushes_at_the_same_instant_keep_both(
    world: World, a: Hub, b: Hub, data: tuple[bytes, bytes]
) -> None:
    """f1 / push f2 / push f3 at the same instant / one wins, the other merges or keeps both."""
    everywhere(world, f=LINES)
    for number, operation in enumerate(OPERATIONS):
        mark = b"%d\n" % number
        write(world, a, "f", data[0] + mark if b"\0" in data[0] else mark + data[0])
        write(world, b, "f", data[1] + mark)

        def meanwhile() -> None:
            live = [one for one in world.inner._objects if one.startswith(".hubsync/live/")]
            if not live:
                world._command_meanwhile(b, "push")

        world.run(a, "push", fault=Fault(operation, 0, act=meanwhile))
        world.quiet()
        assert files(a) == files(b)


def test_renamed_top_directory_is_neither_read_again_nor_a_safety_stop(
    world: World, a: Hub, b: Hub
) -> None:
    """many files / one edit, then the top directory is renamed / one upload, no safety stop."""
    for one in range(60):
        disk.write(a.root, f"top/d{one % 5}/f{one}", b"content %d" % one)
    world.quiet()
    write(world, a, "top/d0/f0", b"edited")
    world.store.arm(None)
    ok(world.run(a))
    assert world.store.counted["upload"] <= 2
    world.act(lambda: os.rename(os.path.join(a.root, "top"), os.path.join(a.root, "other")))
    result = ok(world.run(a))
    assert result.bytes == 0, "a rename sends no content"
    ok(world.run(b))
    world.quiet()
    assert len(files(b)) == 60


@pytest.mark.parametrize("gone", ["local", "remote"])
def test_empty_side_is_a_safety_stop(world: World, a: Hub, gone: str) -> None:
    """synced / everything is gone on one side / nothing is deleted until it is confirmed."""
    everywhere(world, **{f"f{one}": b"%d" % one for one in range(20)})
    for name in (*files(a), "stay"):
        if gone == "local":
            delete(world, a, name)
        else:
            world.delete_object(name)
    result = world.run(a)
    assert isinstance(result, SafetyStop)
    assert result.exit_status == 4
    ok(world.run(a, confirm=True))
    assert not files(a)
    assert not world.objects()


def test_full_disk_keeps_the_old_files_and_leaves_nothing(
    world: World, a: Hub, b: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """disk full / a pull / the old files stay, the message says so, nothing is left."""
    everywhere(world, f=b"old")
    write(world, b, "f", b"n" * 5_000_000)
    ok(world.run(b))
    real = os.statvfs

    def full(path: str) -> os.statvfs_result:
        status = list(real(path))
        status[3] = status[4] = 0
        return os.statvfs_result(status)

    with monkeypatch.context() as patched:
        patched.setattr(os, "statvfs", full)
        patched.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 0))
        result = world.run(a, "pull")
    assert isinstance(result, HubsyncError)
    assert result.code == "disk-full"
    assert files(a) == {"f": b"old"}
    assert not os.listdir(Layout(a.root).stage)
    ok(world.run(a, "pull"))
    assert files(a) == {"f": b"n" * 5_000_000}
