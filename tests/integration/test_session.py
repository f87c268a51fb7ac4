"""Continuous sessions on real remotes, with the processes that do their cycles."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hubsync import HubsyncError, Identity, Pace, Session, Workspace
from hubsync.session.status import State
from tests.git_hubs import git, no_ones_settings
from tests.servers import git_http
from tests.sessions import QUICK, Running, eventually, running

WHO = Identity("ada", "hub-b")


@pytest.fixture(autouse=True)
def nobodys_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the machine's Git is configured to do is asked neither here nor by the processes."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    with no_ones_settings(tmp_path):
        yield


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace that was never synced, on a remote that is a folder."""
    root = tmp_path / "work"
    root.mkdir()
    (root / "notes.md").write_text("one\n")
    (tmp_path / "remote").mkdir()
    Workspace.init(str(root), (tmp_path / "remote").as_uri()).close()
    return root


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A workspace that was never synced, on a bare repository."""
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote.git")
    root = tmp_path / "clone"
    root.mkdir()
    (root / "notes.md").write_text("one\n")
    Workspace.init(str(root), f"git+file://{tmp_path}/remote.git").close()
    return root


@pytest.fixture
def remote(workspace: Path) -> Path:
    return workspace.parent / "remote"


def run(test: Coroutine[object, object, None]) -> None:
    asyncio.run(test)


def test_a_save_is_soon_on_the_remote(workspace: Path, remote: Path) -> None:
    async def story() -> None:
        async with running(workspace) as one:
            await one.until_state(State.SYNCED)
            assert (remote / "notes.md").read_text() == "one\n"
            saved = time.monotonic()
            (workspace / "notes.md").write_text("two\n")
            await eventually(lambda: (remote / "notes.md").read_text() == "two\n")
            assert time.monotonic() - saved < 20
            status = await one.until_state(State.SYNCED)
        assert status.facts.last is not None
        assert status.facts.last.sent == ("notes.md",)
        assert [state.value for state in one.states[:3]] == ["idle", "pending", "syncing"]

    run(story())


def test_a_save_is_soon_a_commit(clone: Path, tmp_path: Path) -> None:
    root, bare = clone, tmp_path / "remote.git"

    async def story() -> None:
        async with running(root) as one:
            await one.until_state(State.SYNCED)
            (root / "notes.md").write_text("two\n")
            await eventually(lambda: git(bare, "show", "main:notes.md") == "two")
            await one.until_state(State.SYNCED)
            # A commit by hand is sent as well, and another clone's comes in.
            (root / "mine.md").write_text("mine\n")
            git(root, "add", "mine.md")
            git(root, "commit", "-q", "-m", "by hand")
            await eventually(lambda: "by hand" in git(bare, "log", "--format=%s", "main"))
            git(tmp_path, "clone", "-q", str(bare), "other")
            (tmp_path / "other" / "new.md").write_text("theirs\n")
            git(tmp_path / "other", "add", ".")
            git(tmp_path / "other", "commit", "-q", "-m", "theirs")
            git(tmp_path / "other", "push", "-q")
            await eventually((root / "new.md").exists)
        assert git(root, "status", "--porcelain") == ""

    run(story())


def test_what_another_hub_sends_arrives(workspace: Path, remote: Path, tmp_path: Path) -> None:
    async def story() -> None:
        async with running(workspace) as one:
            await one.until_state(State.SYNCED)
            other, _ = Workspace.clone(remote.as_uri(), str(tmp_path / "b"), identity=WHO)
            with other:
                (tmp_path / "b" / "theirs.md").write_text("x")
                other.sync(identity=WHO)
            await eventually((workspace / "theirs.md").exists)
            status = await one.until(
                lambda status: status.facts.last is not None and bool(status.facts.last.down)
            )
            assert status.facts.last is not None
            assert status.facts.last.changed_here == ("theirs.md",)
            # What a cycle writes wakes at most one more, which finds nothing.
            await asyncio.sleep(2)
            after = one.said.index(status)
            cycles = [s for s in one.said[after:] if s.facts.last and not s.facts.last.down]
            assert len({s.facts.last for s in cycles}) <= 1

    run(story())


def test_a_conflict_is_kept_twice_and_stays_until_it_is_resolved(
    workspace: Path, remote: Path, tmp_path: Path
) -> None:
    (workspace / "raw.bin").write_bytes(b"\0one")

    async def story() -> None:
        async with running(workspace) as one:
            await one.until_state(State.SYNCED)
            other, _ = Workspace.clone(remote.as_uri(), str(tmp_path / "b"), identity=WHO)
            one.session.pause()
            with other:
                (tmp_path / "b" / "raw.bin").write_bytes(b"\0two")
                other.sync(identity=WHO)
            (workspace / "raw.bin").write_bytes(b"\0three")
            one.session.resume()
            status = await one.until_state(State.CONFLICTS)
            assert status.facts.last is not None
            [copy] = status.facts.last.conflicts
            (workspace / "more.md").write_text("x")
            await eventually((remote / "more.md").exists)
            await one.until_state(State.CONFLICTS)
            (workspace / copy.copy).unlink()
            await one.until_state(State.SYNCED)

    run(story())


def test_a_conflict_that_another_process_kept_twice_is_told(
    workspace: Path, remote: Path, tmp_path: Path
) -> None:
    (workspace / "raw.bin").write_bytes(b"\0one")

    async def story() -> None:
        async with running(workspace) as one:
            await one.until_state(State.SYNCED)
            one.session.pause()
            other, _ = Workspace.clone(remote.as_uri(), str(tmp_path / "b"), identity=WHO)
            with other:
                (tmp_path / "b" / "raw.bin").write_bytes(b"\0two")
                other.sync(identity=WHO)
            (workspace / "raw.bin").write_bytes(b"\0three")
            with Workspace.open(str(workspace)) as by_hand:
                [conflict] = by_hand.sync(identity=WHO).conflicts
            one.session.resume()
            one.session.sync_now()
            status = await one.until_state(State.CONFLICTS)
            assert status.facts.last is not None
            assert [left.copy for left in status.facts.last.conflicts] == [conflict.copy]

    run(story())


def test_paused_nothing_is_sent_until_somebody_asks(workspace: Path, remote: Path) -> None:
    async def story() -> None:
        async with running(workspace) as one:
            await one.until_state(State.SYNCED)
            one.session.pause()
            assert one.session.status.state is State.PAUSED
            (workspace / "new.md").write_text("x")
            await one.until(lambda status: status.facts.pending > 0)
            await asyncio.sleep(1.5)
            assert not (remote / "new.md").exists()
            one.session.sync_now()
            await eventually((remote / "new.md").exists)
            await one.until_state(State.PAUSED)
            (workspace / "newer.md").write_text("x")
            await one.until(lambda status: status.facts.pending > 0)
            one.session.resume()
            await eventually((remote / "newer.md").exists)

    run(story())


@pytest.mark.parametrize("begins", ["in a process at hand", "in a new process"])
def test_what_is_saved_after_a_pause_stays_here_though_a_cycle_had_begun(
    clone: Path, begins: str
) -> None:
    async def story() -> None:
        async with running(clone) as one:
            await one.until_state(State.SYNCED)
            worker = one.worker()
            if begins == "in a new process" and worker is not None:
                os.kill(worker, signal.SIGKILL)
                await eventually(lambda: one.worker() is None)
            one.session.sync_now()
            await one.until_state(State.SYNCING)
            one.session.pause()
            await asyncio.sleep(0.02)  # the answer's way to whoever paused
            (clone / "new.md").write_text("x")
            await one.until_state(State.PAUSED)
            there = git(clone.parent / "remote.git", "ls-tree", "--name-only", "main")
            assert there.split() == ["notes.md"]
            one.session.resume()
            await one.until(
                lambda status: status.state is State.SYNCED and not status.facts.pending
            )
            there = git(clone.parent / "remote.git", "ls-tree", "--name-only", "main")
            assert there.split() == ["new.md", "notes.md"]

    run(story())


def test_a_pause_of_an_instant_holds_and_is_no_failure(clone: Path) -> None:
    async def story() -> None:
        async with running(clone) as one:
            await one.until_state(State.SYNCED)
            one.session.pause()
            (clone / "new.md").write_text("x")
            await one.until(lambda status: status.facts.pending > 0)
            one.session.resume()
            await asyncio.sleep(0)  # now a cycle is due
            one.session.pause()
            one.said.clear()
            await asyncio.sleep(1.0)
            assert State.SYNCING not in one.states
            one.session.resume()
            await one.until_state(State.SYNCING)
            one.session.pause()
            one.session.resume()
            await one.until_state(State.SYNCED)
            assert [status.facts.trouble for status in one.said if status.facts.trouble] == []
            there = git(clone.parent / "remote.git", "ls-tree", "--name-only", "main")
            assert there.split() == ["new.md", "notes.md"]

    run(story())


def test_offline_and_back_without_help(workspace: Path, remote: Path) -> None:
    away = remote.with_name("away")

    async def story() -> None:
        async with running(workspace) as one:
            await one.until_state(State.SYNCED)
            remote.rename(away)
            (workspace / "new.md").write_text("x")
            status = await one.until(lambda status: status.facts.trouble is not None)
            assert status.facts.retry_at is not None
            assert not remote.exists()
            away.rename(remote)
            await eventually((remote / "new.md").exists)
            await one.until_state(State.SYNCED)

    run(story())


def _link(root: Path, url: str) -> str:
    """Write another URL into the settings, as a person does; the one before."""
    settings = root / ".hubsync" / "config.toml"
    text = settings.read_text()
    [before] = re.findall(r'^url = "(.*)"', text, re.M)
    settings.write_text(text.replace(before, url))
    return str(before)


def _dead() -> str:
    """The URL of a server that is down."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}/x.git"


@pytest.mark.parametrize("found", ["when it is asked for news", "when something is saved"])
def test_a_remote_that_fails_delays_nothing_that_is_saved_for_another(
    workspace: Path, remote: Path, found: str
) -> None:
    bulk = workspace.parent / "bulk"
    with Workspace.open(str(workspace)) as opened:
        opened.add_remote("bulk", bulk.as_uri(), include=("data/**",))
    (workspace / "data").mkdir()
    settings, books = workspace / ".hubsync/config.toml", bulk / ".hubsync/format.json"
    as_it_was = settings.read_text(), books.read_text()
    pace = Pace(debounce=0.2, behind=2.0, look=0.5, full=3600.0, first=300.0, longest=600.0)

    async def story() -> None:
        async with running(workspace, pace=pace) as one:
            await one.until_state(State.SYNCED)
            if found == "when it is asked for news":
                settings.write_text(as_it_was[0].replace(bulk.as_uri(), "nosuch://place"))
            else:
                books.unlink()
                (workspace / "data/d").write_text("data\n")
            await one.until_state(State.FAILED, State.OFFLINE)
            for number in range(3):
                (workspace / "notes.md").write_text(f"saved {number}\n")
                await eventually(
                    lambda n=number: (remote / "notes.md").read_text() == f"saved {n}\n"
                )
            status = await one.until_state(State.FAILED, State.OFFLINE)
            assert "'bulk'" in status.facts.trouble.message
            settings.write_text(as_it_was[0])
            books.write_text(as_it_was[1])
            (workspace / "data/d").write_text("more data\n")
            await one.until_state(State.SYNCED)
            assert (bulk / "data/d").read_text() == "more data\n"

    run(story())


def test_a_server_that_is_down_is_offline_until_the_settings_name_another(clone: Path) -> None:
    before = _link(clone, _dead())

    async def story() -> None:
        async with running(clone) as one:
            await one.until_state(State.OFFLINE)
            _link(clone, before)
            await one.until_state(State.SYNCED)
        assert git(clone.parent / "remote.git", "show", "main:notes.md") == "one"

    run(story())


def test_without_a_login_it_says_so_and_goes_on_once_there_is_one(
    clone: Path, tmp_path: Path
) -> None:
    async def story() -> None:
        with git_http(tmp_path, user="ada", token="made-up") as server:
            before = _link(clone, server.url("remote.git"))
            async with running(clone) as one:
                status = await one.until_state(State.NEEDS_LOGIN)
                assert status.facts.trouble is not None
                assert status.facts.trouble.hint
                _link(clone, before)
                await asyncio.sleep(QUICK.longest)
                await one.until_state(State.SYNCED)

    run(story())


@asynccontextmanager
async def stopped(workspace: Path) -> AsyncIterator[Running]:
    """A session in whose workspace most files were deleted."""
    for number in range(30):
        (workspace / f"f{number}").write_text("x")
    async with running(workspace, flush=5.0) as one:
        await one.until_state(State.SYNCED)
        for number in range(30):
            (workspace / f"f{number}").unlink()
        await one.until_state(State.STOPPED)
        yield one


def test_a_safety_stop_waits_for_a_person_who_may_sync_by_hand(
    workspace: Path, remote: Path
) -> None:
    async def story() -> None:
        async with stopped(workspace) as one:
            status = one.session.status
            assert status.facts.trouble is not None
            assert status.facts.trouble.hint
            cycles = len([s for s in one.said if s.facts.trouble])
            (workspace / "new.md").write_text("x")
            await asyncio.sleep(4)  # long after the longest back-off
            assert one.session.status.state is State.STOPPED
            assert not (remote / "new.md").exists()
            assert len([s for s in one.said if s.facts.trouble]) <= cycles + 2
            await asyncio.to_thread(_confirmed, workspace)
            await one.until_state(State.SYNCED)
            assert not (remote / "f1").exists()

    run(story())


def test_a_safety_stop_that_is_confirmed_at_once_is_over_at_once(workspace: Path) -> None:
    async def story() -> None:
        async with stopped(workspace) as one:
            await asyncio.to_thread(_confirmed, workspace)
            await one.until_state(State.SYNCED)

    run(story())


def _confirmed(workspace: Path) -> None:
    from hubsync import SyncRequest

    with Workspace.open(str(workspace)) as by_hand:
        by_hand.sync(SyncRequest(confirm_deletes=True), identity=WHO)


def test_stopping_sends_what_was_saved_a_moment_before(workspace: Path, remote: Path) -> None:
    async def story() -> None:
        async with running(workspace) as one:
            await one.until_state(State.SYNCED)
            (workspace / "last.md").write_text("x")
            assert await one.session.stop(30.0)
            assert (remote / "last.md").exists()
            assert one.worker() is None

    run(story())


def test_what_is_saved_while_the_end_sends_the_rest_is_sent_too(
    workspace: Path, remote: Path
) -> None:
    async def story() -> None:
        async with running(workspace) as one:
            await one.until_state(State.SYNCED)
            for number in range(1500):
                (workspace / f"f{number}").write_text("x")
            ending = asyncio.create_task(one.session.stop(60.0))
            await eventually(lambda: len(list(remote.glob("f*"))) > 100)
            (workspace / "last.md").write_text("x")
            assert await ending
            assert (remote / "last.md").read_text() == "x"

    run(story())


def test_stopping_with_a_remote_that_hangs_ends_at_the_deadline(clone: Path) -> None:
    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent.setblocking(False)
            _link(clone, f"http://127.0.0.1:{silent.getsockname()[1]}/x.git")
            async with running(clone) as one:
                taken, _ = await asyncio.get_running_loop().sock_accept(silent)  # and not a word
                assert one.session.status.state is State.SYNCING
                pid = one.worker()
                assert pid is not None
                began = time.monotonic()
                assert not await one.session.stop(2.0)
                assert time.monotonic() - began < 10
                assert not _exists(pid)
            taken.close()

    run(story())


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_could_not_be_sent_goes_out_at_the_next_start(workspace: Path, remote: Path) -> None:
    away = remote.with_name("away")

    async def story() -> None:
        async with running(workspace) as one:
            await one.until_state(State.SYNCED)
            remote.rename(away)
            (workspace / "last.md").write_text("x")
            assert not await one.session.stop(20.0)
        away.rename(remote)
        async with running(workspace) as one:
            await one.until_state(State.SYNCED)
            assert (remote / "last.md").exists()

    run(story())


def test_a_killed_process_is_replaced_and_nothing_is_lost(workspace: Path, remote: Path) -> None:
    async def story() -> None:
        async with running(workspace) as one:
            await one.until_state(State.SYNCED)
            for number in range(600):
                (workspace / f"f{number}").write_text(f"content {number}\n" * 50)
            await one.until(lambda status: status.facts.progress is not None)
            killed = one.worker()
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
            await one.until(
                lambda s: s.facts.trouble is not None and s.facts.trouble.code == "worker-ended"
            )
            await one.until_state(State.SYNCED)
            assert one.worker() != killed
        for number in range(600):
            assert (remote / f"f{number}").read_text() == f"content {number}\n" * 50

    run(story())


def test_an_idle_process_that_is_killed_is_not_missed(workspace: Path, remote: Path) -> None:
    async def story() -> None:
        slow = Pace(debounce=0.2, look=3600.0)
        async with running(workspace, pace=slow) as one:
            await one.until_state(State.SYNCED)
            pid = one.worker()
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await eventually(lambda: one.worker() is None)
            (workspace / "new.md").write_text("x")
            await eventually((remote / "new.md").exists)
            await one.until_state(State.SYNCED)
        assert State.FAILED not in one.states

    run(story())


def test_only_one_session_at_a_time(workspace: Path) -> None:
    async def story() -> None:
        async with running(workspace) as one:
            await one.until_state(State.SYNCED)
            other = Session(str(workspace), identity=WHO)
            with pytest.raises(HubsyncError, match=f"process {os.getpid()} on ") as refused:
                await other.run()
            assert refused.value.code == "session-running"
            assert await other.stop(1.0) is True
        async with running(workspace) as one:
            await one.until_state(State.SYNCED)

    run(story())


def test_a_sync_by_hand_beside_a_session_works(workspace: Path, remote: Path) -> None:
    def by_hand(number: int) -> None:
        (workspace / f"hand{number}.md").write_text("x" * number)
        with Workspace.open(str(workspace)) as opened:
            opened.sync(identity=WHO)
        assert (remote / f"hand{number}.md").exists()

    async def story() -> None:
        async with running(workspace) as one:
            for number in range(1, 6):
                (workspace / f"auto{number}.md").write_text("x")
                await asyncio.to_thread(by_hand, number)
            await eventually((remote / "auto5.md").exists)
            await one.until_state(State.SYNCED)
        assert State.FAILED not in one.states

    run(story())


def test_a_module_of_the_users_shadows_none_of_ours(workspace: Path, remote: Path) -> None:
    for name in ("random.py", "asyncio.py", "hubsync.py", "msgspec.py"):
        (workspace / name).write_text("raise RuntimeError('this is a file of the user')\n")
    before = os.getcwd()
    os.chdir(workspace)
    try:

        async def story() -> None:
            async with running(workspace) as one:
                await one.until_state(State.SYNCED)
                assert (remote / "random.py").exists()

        run(story())
    finally:
        os.chdir(before)


def test_a_stream_of_saves_is_sent_before_it_ends(workspace: Path, remote: Path) -> None:
    async def story() -> None:
        async with running(workspace) as one:
            await one.until_state(State.SYNCED)
            sent = False
            end = time.monotonic() + 30
            while not sent and time.monotonic() < end:
                (workspace / "stream.md").write_text(str(time.monotonic()))
                await asyncio.sleep(0.05)  # less than the debounce, for ever
                sent = (remote / "stream.md").exists()
            assert sent

    run(story())


def test_cancelling_ends_the_process_and_frees_the_workspace(workspace: Path) -> None:
    async def story() -> None:
        session = Session(str(workspace), identity=WHO, pace=QUICK)
        one = Running(session)
        task = asyncio.create_task(session.run())
        await one.until_state(State.SYNCED)
        pid = one.worker()
        assert pid is not None
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not _exists(pid)
        async with running(workspace) as other:
            await other.until_state(State.SYNCED)

    run(story())


def test_listeners_that_left_hear_nothing(workspace: Path) -> None:
    heard: list[object] = []

    async def story() -> None:
        async with running(workspace) as one:
            leave: Callable[[], None] = one.session.listen(heard.append)
            await one.until_state(State.SYNCED)
            assert heard
            leave()
            heard.clear()
            one.session.pause()
            one.session.resume()
        assert heard == []

    run(story())
