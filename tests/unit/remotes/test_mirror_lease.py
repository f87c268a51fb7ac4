"""The lease lock of mirrors on stores without conditional writes."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hubsync.errors import Interrupted, RemoteUnavailable
from hubsync.remotes.mirror import layout, lease
from hubsync.remotes.mirror.lease import LeaseLock
from hubsync.remotes.mirror.waiting import Waiting
from hubsync.stores.memory import MemoryStore
from hubsync.stores.protocol import ObjectInfo, Vouched
from tests.unit.remotes.faulty import Unconditional
from tests.unit.remotes.hubs import Hub, on

SECOND = 1_000_000_000


class Clock:
    """The store's time, which nobody's own clock has to agree with."""

    def __init__(self) -> None:
        self.now = 5 * SECOND

    def __call__(self) -> int:
        return self.now


def lock(store: MemoryStore, directory: Path, name: str, nap: Callable[[float], None]) -> LeaseLock:
    return LeaseLock(store, str(directory / name), name, random.Random(name), nap)


def locks(store: MemoryStore) -> list[str]:
    return [info.key for batch in store.list(layout.LIVE) for info in batch]


def never(seconds: float) -> None:
    raise AssertionError("had to wait")


def test_the_lock_is_there_while_it_is_held_and_gone_afterwards(tmp_path: Path) -> None:
    store = MemoryStore()
    with lock(store, tmp_path, "one", never).held() as held:
        assert locks(store) == [held.key]
        assert not held.lost
    assert locks(store) == []
    assert list((tmp_path / "one").iterdir()) == []


class Told:
    """A reporter that is asked to stop after so many looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks
        self.phases: list[str] = []

    def phase(self, name: str, files: int = 0, size: int = 0) -> None:
        self.phases.append(name)

    def advance(self, files: int = 0, size: int = 0) -> None:
        return

    def stopping(self) -> bool:
        self.looks -= 1
        return self.looks < 0


def test_who_waits_is_told_once_for_whom_and_can_stop_waiting(tmp_path: Path) -> None:
    store, told = MemoryStore(), Told(20)
    waiting = lock(store, tmp_path, "two", lambda _: None)
    with lock(store, tmp_path, "one", never).held() as held:
        with pytest.raises(Interrupted), waiting.held(Waiting(told)):
            raise AssertionError("has the lock")
        assert locks(store) == [held.key]
    assert told.phases == ["Waiting for one, which writes to the remote"]
    with waiting.held(Waiting(told)):
        pass


def test_a_second_hub_waits_until_the_first_is_done(tmp_path: Path) -> None:
    store = MemoryStore()
    naps: list[float] = []
    holding = lock(store, tmp_path, "one", never).held()
    holding.__enter__()

    def nap(seconds: float) -> None:
        naps.append(seconds)
        assert len(locks(store)) == 1
        if len(naps) == 4:
            holding.__exit__(None, None, None)

    with lock(store, tmp_path, "two", nap).held():
        assert len(locks(store)) == 1
    assert len(naps) == 4


def test_a_dead_lock_is_taken_over_by_the_stores_clock(tmp_path: Path) -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    store.write(layout.LIVE + "dead-1", b"")

    def nap(seconds: float) -> None:
        clock.now += 10 * SECOND

    with lock(store, tmp_path, "two", nap).held() as held:
        assert locks(store) == [held.key]
    assert clock.now - 5 * SECOND > lease.LEASE * SECOND


def test_somebody_who_never_lets_go_is_named(tmp_path: Path) -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)

    def nap(seconds: float) -> None:
        store.write(layout.LIVE + "busy.hub-0123456789abcdef", b"")

    nap(0)
    with pytest.raises(RemoteUnavailable, match=r"busy\.hub") as caught:
        lock(store, tmp_path, "two", nap).held().__enter__()
    assert caught.value.code == "remote-locked"
    assert locks(store) == [layout.LIVE + "busy.hub-0123456789abcdef"]


def test_the_lock_of_a_killed_process_of_this_workspace_needs_no_wait(tmp_path: Path) -> None:
    store = MemoryStore()
    key = layout.LIVE + "one-0000000000000001"
    store.write(key, b"")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "lease").write_text(key)
    with lock(store, tmp_path, "one", never).held() as held:
        assert locks(store) == [held.key]


def test_a_note_that_names_something_else_deletes_nothing(tmp_path: Path) -> None:
    store = MemoryStore()
    store.write("precious", b"")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "lease").write_text("precious")
    with lock(store, tmp_path, "one", never).held():
        assert store.head("precious") is not None


def test_two_that_start_together_both_get_their_turn(tmp_path: Path) -> None:
    store = MemoryStore()
    inside = 0
    most = 0
    guard = threading.Lock()

    def work(name: str) -> None:
        nonlocal inside, most
        own = LeaseLock(store, str(tmp_path / name), name, random.Random(name))
        for _ in range(10):
            with own.held():
                with guard:
                    inside += 1
                    most = max(most, inside)
                with guard:
                    inside -= 1

    threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "two", "three")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert locks(store) == []


def test_a_lock_that_was_taken_away_is_lost_and_not_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEWAL", 0.01)
    store = MemoryStore()
    with lock(store, tmp_path, "one", never).held() as held:
        store.delete(held.key)
        held._thread.join(5)
        assert held.lost
        assert locks(store) == []


def test_a_lock_is_renewed_while_it_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEWAL", 0.01)
    renewed = threading.Event()

    class Renewed(MemoryStore):
        writes = 0

        def write(self, key: str, data: bytes, *, expected: str | None = None):  # type: ignore[no-untyped-def]
            self.writes += key.startswith(layout.LIVE)
            if self.writes == 4:
                renewed.set()
            return super().write(key, data, expected=expected)

    with lock(Renewed(), tmp_path, "one", never).held() as held:
        assert renewed.wait(5)
        assert not held.lost


def test_hubs_with_clocks_years_apart_take_turns(tmp_path: Path) -> None:
    """The format says how to write; no hub's own time plays a part in it."""
    store = Unconditional(MemoryStore())
    ahead, behind = Hub(on(store), tmp_path, "ahead"), Hub(on(store), tmp_path, "behind")
    ahead.time += 2 * 365 * layout.DAY
    behind.time -= 2 * 365 * layout.DAY
    for number in range(3):
        for hub in (ahead, behind):
            hub.look()
            hub.push(hub.put("f", f"{hub.name}{number}".encode()))
    ahead.look()
    assert ahead.content("f") == b"behind2"
    assert [one.hub for one in ahead.remote.history()] == ["behind", "ahead"] * 3


class Doubtful(MemoryStore):
    """A store that would ask once more for every empty object that nobody vouches for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def list(self, prefix: str = "", vouched: Vouched | None = None) -> Iterator[list[ObjectInfo]]:
        for batch in super().list(prefix):
            doubted = [one for one in batch if one.size == 0 and not (vouched and vouched(one))]
            self.asked += [one.key for one in doubted]
            yield batch


def test_the_lock_that_was_just_written_is_not_asked_for_once_more(tmp_path: Path) -> None:
    store = Doubtful()
    with lock(store, tmp_path, "one", never).held():
        assert store.asked == []
        with pytest.raises(AssertionError, match="had to wait"):
            lock(store, tmp_path, "two", never).held().__enter__()
    assert len(store.asked) == 1
