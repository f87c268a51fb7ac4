"""One process at a time, and nobody ever has to remove a lock by hand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from hubsync.errors import LocalError, WorkspaceBusy
from hubsync.local.layout import Layout
from hubsync.local.lock import _Found, _read, _remove_stale, acquire, acquire_session, holder
from hubsync.owner import SILENT_DAMAGED, Owner, _started, this_process
from tests.unit.local.disk import Disk
from tests.unit.local.faults import meanwhile

HOLD = """
import sys, time
from hubsync.local.layout import Layout
from hubsync.local.lock import acquire
with acquire(Layout(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""

CONTEND = """
import os, sys, time
from hubsync.local.layout import Layout
from hubsync.local.lock import acquire
root, rounds = sys.argv[1], int(sys.argv[2])
for _ in range(rounds):
    with acquire(Layout(root), timeout=60):
        inside = os.open(os.path.join(root, "inside"), os.O_CREAT | os.O_EXCL)
        time.sleep(0.001)
        os.close(inside)
        os.unlink(os.path.join(root, "inside"))
        with open(os.path.join(root, "count"), "a") as file:
            file.write("x")
"""


@pytest.fixture
def layout(disk: Disk) -> Layout:
    return Layout(disk.root)


def plant(layout: Layout, age: float = 0.0, **fields: object) -> None:
    """A lock that another process, which runs, seems to hold."""
    pid = os.getppid()
    other = {"pid": pid, "started": _started(pid), "nonce": "planted"}
    owner = msgspec.structs.replace(this_process(), **{**other, **fields})
    Path(layout.lock).write_bytes(msgspec.json.encode(owner))
    if age:
        then = time.time() - age
        os.utime(layout.lock, (then, then))


def stale(layout: Layout) -> _Found:
    """What a process that takes over saw of the lock of one that is gone."""
    plant(layout, started="1")
    judged = _read(layout.lock)
    assert judged is not None
    return judged


def test_held_and_released(layout: Layout) -> None:
    with acquire(layout, timeout=0) as lock:
        lock.check()
        assert "held by process" in (holder(layout) or "")
        with pytest.raises(WorkspaceBusy) as caught:
            acquire(layout, timeout=0)
        assert str(os.getpid()) in caught.value.message
    assert holder(layout) is None
    assert sorted(os.listdir(layout.metadata)) == [".gitignore", "stage", "state", "trash"]


def test_waits_for_the_one_who_holds_it(layout: Layout) -> None:
    first = acquire(layout, timeout=0)
    timer = threading.Timer(0.3, first.release)
    timer.start()
    begun = time.monotonic()
    acquire(layout, timeout=10).release()
    timer.join()
    assert 0.2 < time.monotonic() - begun < 5


def test_a_killed_owner_is_replaced_at_once(layout: Layout) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, layout.root], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(WorkspaceBusy):
            acquire(layout, timeout=0.3)
        process.send_signal(signal.SIGKILL)
        # Not waited for yet: it is a zombie, whose number is still taken.
        acquire(layout, timeout=5).release()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("fields", "age"),
    [
        ({"pid": 2**22 + 1}, 0),
        ({"started": "1"}, 0),
        ({"boot": "another"}, 46),
        ({"namespace": "pid:[1]"}, 46),
        ({"host": "elsewhere", "boot": "another"}, 121),
    ],
)
def test_an_owner_that_is_gone_is_replaced(
    layout: Layout, fields: dict[str, object], age: float
) -> None:
    plant(layout, age, **fields)
    assert holder(layout) is None
    with acquire(layout, timeout=0) as lock:
        lock.check()
    assert not os.path.exists(layout.lock)


@pytest.mark.parametrize(
    ("fields", "age"),
    [
        ({}, 1000),
        ({"boot": "another"}, 40),
        ({"namespace": "pid:[1]", "pid": 1}, 40),
        ({"host": "elsewhere", "boot": "another"}, 110),
    ],
)
def test_an_owner_that_may_be_alive_is_not(
    layout: Layout, fields: dict[str, object], age: float
) -> None:
    plant(layout, age, **fields)
    with pytest.raises(WorkspaceBusy):
        acquire(layout, timeout=0)


@pytest.mark.parametrize("content", [b"", b"{", b'{"pid": "x"}'])
def test_a_damaged_lock_is_respected_for_some_seconds_and_told(
    layout: Layout, content: bytes
) -> None:
    Path(layout.lock).write_bytes(content)
    with pytest.raises(WorkspaceBusy) as caught:
        acquire(layout, timeout=0)
    assert "damaged lock file" in caught.value.message
    assert layout.lock in caught.value.hint
    then = time.time() - SILENT_DAMAGED - 1
    os.utime(layout.lock, (then, then))
    acquire(layout, timeout=0).release()


def test_who_holds_a_lock_that_was_damaged_finds_it_lost_and_no_longer_touches_it(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So nobody works on where a damaged lock was taken over."""
    monkeypatch.setattr("hubsync.local.lock.HEARTBEAT", 0.01)
    with acquire(layout, timeout=0) as lock:
        Path(layout.lock).write_bytes(b"")
        os.utime(layout.lock, (0, 0))
        lock._thread.join(timeout=10)
        assert not lock._thread.is_alive()
        with pytest.raises(WorkspaceBusy):
            lock.check()
        assert os.stat(layout.lock).st_mtime == 0


def test_who_lost_the_lock_hears_of_it_and_leaves_the_new_one_alone(layout: Layout) -> None:
    lock = acquire(layout, timeout=0)
    os.unlink(layout.lock)
    plant(layout)
    with pytest.raises(WorkspaceBusy):
        lock.check()
    lock.release()
    assert os.path.exists(layout.lock)


def test_a_takeover_that_was_killed_half_way_stops_nobody(layout: Layout) -> None:
    plant(layout, started="1")
    Path(layout.lock + ".takeover").touch()
    os.utime(layout.lock + ".takeover", (0, 0))
    acquire(layout, timeout=5).release()
    assert not os.path.exists(layout.lock + ".takeover")


def test_a_lock_that_was_taken_over_meanwhile_keeps_its_name_throughout(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were it moved aside to be looked at, a third process would find the workspace free."""
    judged = stale(layout)
    os.unlink(layout.lock)
    plant(layout)
    gone = []
    meanwhile(monkeypatch, "unlink", lambda: gone.append(not os.path.exists(layout.lock)))
    meanwhile(monkeypatch, "rename", lambda: gone.append(True))
    assert _remove_stale(layout.lock, judged)
    assert gone == [False], "nothing was touched but the guard"
    with pytest.raises(WorkspaceBusy):
        acquire(layout, timeout=0)


def test_a_lock_that_is_taken_over_just_before_it_is_moved_aside_comes_back(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = stale(layout)

    def take_over() -> None:
        os.unlink(layout.lock)
        plant(layout)

    meanwhile(monkeypatch, "rename", take_over)
    assert _remove_stale(layout.lock, judged)
    with pytest.raises(WorkspaceBusy):
        acquire(layout, timeout=0)


def test_many_processes_are_never_inside_together_though_they_start_at_a_stale_lock(
    layout: Layout,
) -> None:
    plant(layout, started="1")
    processes = [
        subprocess.Popen([sys.executable, "-c", CONTEND, layout.root, "5"]) for _ in range(5)
    ]
    assert [process.wait(timeout=90) for process in processes] == [0] * 5
    assert Path(layout.root, "count").read_text() == "x" * 25


def test_a_workspace_without_its_folder_is_a_local_error(tmp_path: Path) -> None:
    with pytest.raises(LocalError):
        acquire(Layout(str(tmp_path)), timeout=0)


def test_owners_survive_their_json() -> None:
    me = this_process()
    assert msgspec.json.decode(msgspec.json.encode(me), type=Owner) == me
    assert me.started


def test_takeover_by_another_that_ends_just_now_is_no_error(layout: Layout) -> None:
    """The other's guard comes and goes while it is looked at."""
    over = threading.Event()

    def guard() -> None:
        while not over.is_set():
            Path(layout.lock + ".takeover").touch()
            with suppress(FileNotFoundError):
                os.unlink(layout.lock + ".takeover")

    other = threading.Thread(target=guard)
    other.start()
    try:
        for _ in range(20):
            plant(layout, started="1")
            acquire(layout, timeout=30).release()
    finally:
        over.set()
        other.join()


def test_a_session_keeps_no_command_out_and_only_another_session(layout: Layout) -> None:
    with acquire_session(layout):
        with acquire(layout, timeout=0):
            assert os.path.exists(layout.session_lock)
        began = time.monotonic()
        with pytest.raises(WorkspaceBusy, match=f"process {os.getpid()} on ") as refused:
            acquire_session(layout)
        assert time.monotonic() - began < 5  # whoever has it can be seen to run
        assert refused.value.code == "session-running"
    assert not os.path.exists(layout.session_lock)
    with acquire_session(layout):
        pass


def test_a_session_stands_in_for_a_killed_one_that_cannot_be_looked_at(layout: Layout) -> None:
    owner = msgspec.structs.replace(this_process(), nonce="planted", boot="of a pod that is gone")
    Path(layout.session_lock).write_bytes(msgspec.json.encode(owner))
    then = time.time() - 43  # this host's name, so that it counts as gone after 45 s of silence
    os.utime(layout.session_lock, (then, then))
    with acquire_session(layout) as lock:
        lock.check()


def test_waiting_to_stand_in_can_be_given_up(layout: Layout) -> None:
    owner = msgspec.structs.replace(this_process(), nonce="planted", boot="of another machine")
    Path(layout.session_lock).write_bytes(msgspec.json.encode(owner))
    with pytest.raises(WorkspaceBusy, match="continuously"):
        acquire_session(layout, stopping=lambda: True)


def test_a_lock_that_was_out_of_reach_when_it_was_released_keeps_nobody_out(
    layout: Layout, disk: Disk
) -> None:
    away = Path(disk.root) / "put-away"
    for take in (acquire, acquire_session):
        lock = take(layout)
        os.rename(layout.metadata, away)
        lock.release()
        os.rename(away, layout.metadata)
        assert os.path.exists(lock.path)
        with take(layout) as again:
            again.check()
            with pytest.raises(WorkspaceBusy):
                acquire_session(layout) if take is acquire_session else acquire(layout, timeout=0)
