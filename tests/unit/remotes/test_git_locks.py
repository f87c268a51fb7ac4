"""Whose a lock of Git is: a killed hubsync's own go, a person's stay."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from hubsync.errors import LocalError, UsageError
from hubsync.owner import Owner, this_process
from hubsync.remotes.git.locks import Announced, Note, remove_parts
from tests.git_hubs import GitSite, Hub, git, no_ones_settings

NO_PROCESS = 2**22 + 1  # above the largest that Linux gives, see proc(5), pid_max


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GitSite]:
    with no_ones_settings(tmp_path / "nobody"):
        yield GitSite(tmp_path / "site")


@pytest.fixture
def one(site: GitSite) -> Hub:
    hub = site.hub("one", {"a": "1"})
    hub.sync()
    hub.workspace.close()
    return hub


def dead() -> Owner:
    return replace(this_process(), pid=NO_PROCESS, nonce="dead")


def leave_note(folder: Path, note: Note, age: float = 60.0) -> None:
    path = folder / "hubsync" / f"note-{note.owner.nonce}"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(msgspec.json.encode(note))
    set_age(path, age)


def set_age(path: Path, age: float) -> None:
    os.utime(path, (time.time() - age, time.time() - age))


def leave_lock(path: Path, age: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    set_age(path, age)
    return path


LOCKS = (
    "HEAD.lock",
    "config.lock",
    "packed-refs.lock",
    "FETCH_HEAD.lock",
    "shallow.lock",
    "refs/heads/main.lock",
    "refs/remotes/origin/main.lock",
    "refs/hubsync/outgoing/main.lock",
)


@pytest.mark.parametrize("name", LOCKS)
def test_a_killed_hubsyncs_lock_is_removed_and_the_next_sync_goes_on(
    site: GitSite, one: Hub, name: str
) -> None:
    leave_note(one.directory / ".git", Note(dead()))
    lock = leave_lock(one.directory / ".git" / name, 50)
    one.write({"a": "2"})
    one.sync()
    one.workspace.close()
    assert not lock.exists()
    assert site.files() == {"a": "2"}
    assert one.is_clean()
    assert list((one.directory / ".git").glob("hubsync/*")) == []


def test_a_killed_hubsyncs_lock_in_a_shared_folder_keeps_no_other_hub_out(
    site: GitSite, one: Hub
) -> None:
    leave_note(site.repository, Note(dead()))
    lock = leave_lock(site.repository / "refs/heads/main.lock", 50)
    one.write({"a": "2"})
    one.sync()
    assert not lock.exists()
    assert site.files() == {"a": "2"}


@pytest.mark.parametrize("note", ["none", "of a process that runs", "younger than the lock"])
@pytest.mark.parametrize("name", ["HEAD.lock", "refs/heads/main.lock", "index.lock"])
def test_somebody_elses_lock_stays(one: Hub, name: str, note: str) -> None:
    inside = one.directory / ".git"
    if note != "none":
        owner = this_process() if note == "of a process that runs" else dead()
        leave_note(inside, Note(owner, moving=True), 60)
    if note == "younger than the lock":
        leave_note(inside, Note(dead(), moving=True), 10)
    lock = leave_lock(inside / name, 50)
    with pytest.raises(LocalError) as caught:
        one.sync()
    assert caught.value.code == "repository-busy"
    assert lock.exists()
    assert one.files() == {"a": "1"}


def test_the_index_of_a_person_who_writes_a_commit_message_stays_locked(one: Hub) -> None:
    inside = one.directory / ".git"
    leave_note(inside, Note(dead(), moving=True), 60)
    lock = leave_lock(inside / "index.lock", 30)
    with pytest.raises(LocalError):
        one.sync()
    assert lock.exists()


def test_the_index_that_a_killed_hubsync_was_moving_is_unlocked(site: GitSite, one: Hub) -> None:
    inside = one.directory / ".git"
    leave_note(inside, Note(dead(), moving=True), 60)
    lock = leave_lock(inside / "index.lock", 59)
    one.write({"a": "2"})
    one.sync()
    assert not lock.exists()
    assert one.is_clean()


def test_a_lock_stays_while_git_runs_there(one: Hub) -> None:
    inside = one.directory / ".git"
    leave_note(inside, Note(dead()))
    lock = leave_lock(inside / "refs/heads/main.lock", 50)
    running = subprocess.Popen(
        ["git", "cat-file", "--batch"], cwd=one.directory, stdin=subprocess.PIPE
    )
    try:
        with pytest.raises(LocalError):
            one.sync()
    finally:
        running.communicate()
    assert lock.exists()


@pytest.mark.parametrize("staged", [None, "staged"])
def test_an_index_that_moved_before_its_branch_is_gone_on_with(
    site: GitSite, one: Hub, staged: str | None
) -> None:
    """Also where somebody staged something after the kill."""
    one.write({"a": "2", "b": "new"})
    one.git("add", "-A")
    one.git("commit", "-qm", "what the killed sync had made")
    one.git("push", "-q", "origin", "main")
    one.git("reset", "-q", "--soft", "HEAD~")
    leave_note(one.directory / ".git", Note(dead(), moving=True))
    if staged is not None:
        one.write({"c": staged})
        one.git("add", "c")
    one.sync()
    assert one.is_clean()
    assert site.files() == {"a": "2", "b": "new"} | ({} if staged is None else {"c": staged})
    assert one.git("rev-parse", "HEAD") == git(site.repository, "rev-parse", "main")


def test_what_was_begun_of_a_pack_goes_once_nobody_writes_it(one: Hub) -> None:
    inside = one.directory / ".git"
    leave_note(inside, Note(dead()))
    begun = leave_lock(inside / "objects/pack/pack_git2_0123456789abcdef", 50)
    fresh = leave_lock(inside / "objects/pack/pack_git2_fedcba9876543210", 0)
    before = leave_lock(inside / "objects/pack/pack_git2_1111111111111111", 70)
    one.sync()
    assert not begun.exists()
    assert fresh.exists()
    assert before.exists()
    set_age(before, 90_000)
    assert remove_parts(str(inside)) == 1
    assert fresh.exists()


def test_a_clone_that_was_killed_early_is_begun_again(site: GitSite, one: Hub) -> None:
    there = site.folder / "two"
    git(site.folder, "init", "-q", "-b", "main", "two")
    (there / ".git/hubsync").mkdir()
    (there / ".git/hubsync/begun").touch()
    assert site.clone("two").files() == {"a": "1"}
    assert not (there / ".git/hubsync/begun").exists()


def test_a_repository_of_somebody_is_no_clone_that_was_begun(site: GitSite, one: Hub) -> None:
    git(site.folder, "init", "-q", "-b", "main", "two")
    with pytest.raises(UsageError) as caught:
        site.clone("two")
    assert caught.value.code == "not-empty"


def test_a_note_is_there_although_others_take_the_last_of_theirs_away(tmp_path: Path) -> None:
    stop = threading.Event()

    def closing() -> None:
        while not stop.is_set():
            with suppress(OSError):
                os.rmdir(tmp_path / "hubsync")
            time.sleep(0.0001)

    other = threading.Thread(target=closing)
    other.start()
    try:
        for _ in range(300):
            with Announced(str(tmp_path)):
                assert len(list(tmp_path.glob("hubsync/note-*"))) == 1
    finally:
        stop.set()
        other.join()


def test_a_lock_that_was_made_in_one_tick_with_the_note_is_the_killed_ones(one: Hub) -> None:
    """Whatever the time is: as a float it may be rounded up or down."""
    inside = one.directory / ".git"
    now = time.time_ns() - 60_000_000_000
    for tick in range(40):
        leave_note(inside, Note(dead()))
        lock = leave_lock(inside / "refs/heads/main.lock", 0)
        for path in (inside / "hubsync/note-dead", lock):
            os.utime(path, ns=(now + tick * 4_000_001,) * 2)
        with Announced(str(inside)) as announced:
            assert len(announced.unfinished()) == 1
        assert not lock.exists()
