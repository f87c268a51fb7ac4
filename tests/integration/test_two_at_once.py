"""Two real processes that write to one remote at the same instant: nothing is lost, both come to
hold the same, and no index row is wrong."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kill.hubs import FOLDER, Ended, Hub, Launcher, launcher
from tests.kill.places import Bucket, Folder, Place, contents, everything, files
from tests.servers import Server

ROUNDS = 20


@pytest.fixture(scope="module")
def starters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Launcher, Launcher]]:
    scratch = tmp_path_factory.mktemp("launchers")
    with launcher(scratch / "a") as one, launcher(scratch / "b") as other:
        yield one, other


@pytest.fixture(params=["bucket", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """With conditional writes, or under the lease lock."""
    if request.param == "folder":
        return Folder(tmp_path / "remote")
    server: Server = request.getfixturevalue("s3_with_conditions")
    return Bucket(server, tmp_path.name)


class Two:
    """Two hubs on one remote, who write random things down."""

    def __init__(self, base: Path, place: Place, starters: tuple[Launcher, Launcher]) -> None:
        self.place = place
        self.hubs = [
            Hub(base / name, by, place.environ)
            for name, by in zip(("hub-a", "hub-b"), starters, strict=True)
        ]
        self.dice = random.Random("two at once")
        self.written: set[bytes] = set()
        for hub in self.hubs:
            hub.directory.mkdir()
            hub.ok("init", place.url, *place.options)

    def edit(self, hub: Hub, round_: int) -> None:
        """Files of one's own, files that both write, and now and then a deletion. All that stood
        there before was synced, so whatever is replaced or deleted has to be kept somewhere."""
        name = hub.directory.name
        old = hub.directory / f"shared/{self.dice.randrange(5)}.bin"
        if self.dice.random() < 0.3 and old.exists():
            old.unlink()
        for path in (f"{name}/{round_}.txt", "same.bin", f"shared/{round_ % 5}.bin", f"n{round_}"):
            content = f"{path} by {name} in round {round_}\0"
            hub.write(path, content)
            self.written.add(content.encode())

    def at_once(self, *commands: str) -> list[Ended]:
        ended: dict[int, Ended] = {}
        ready = threading.Barrier(2)

        def run(number: int) -> None:
            ready.wait()
            ended[number] = self.hubs[number].run(commands[number], "--json")

        threads = [threading.Thread(target=run, args=(number,)) for number in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [ended[0], ended[1]]

    def lost(self) -> set[bytes]:
        kept = contents(self.place)
        for hub in self.hubs:
            kept |= everything(hub.directory)
        return self.written - kept


@pytest.mark.parametrize("commands", [("push", "push"), ("sync", "sync"), ("push", "sync")])
def test_nothing_is_lost_when_two_hubs_write_at_once(
    tmp_path: Path,
    place: Place,
    starters: tuple[Launcher, Launcher],
    commands: tuple[str, str],
) -> None:
    two = Two(tmp_path, place, starters)
    for round_ in range(ROUNDS // 3 + 1):
        for hub in two.hubs:
            two.edit(hub, round_)
        # A push leaves what needs both directions: a sync of both, at once again, takes it in.
        rest = [] if commands == ("sync", "sync") else [("sync", "sync")]
        for together in (commands, *rest):
            for ended in two.at_once(*together):
                assert ended.status in (0, 3), ended
    for hub in (*two.hubs, *two.hubs):
        hub.until_quiet("sync")
    one, other = (hub.seen() for hub in two.hubs)
    assert one == other
    assert files(place) == {path: data for path, (_, data) in one.items() if one[path] != FOLDER}
    assert two.lost() == set()
    # The index tells the truth: a clone that has nothing but the remote is the same.
    third = Hub(tmp_path / "third", two.hubs[0].by, place.environ)
    third.ok("clone", place.url, str(third.directory), *place.options)
    assert third.seen() == one


def test_a_second_process_in_the_same_workspace_waits_for_the_first(
    tmp_path: Path, place: Place, starters: tuple[Launcher, Launcher]
) -> None:
    two = Two(tmp_path, place, starters)
    two.hubs[1] = Hub(two.hubs[0].directory, starters[1], place.environ)
    for round_ in range(5):
        two.edit(two.hubs[0], round_)
        first, second = two.at_once("sync", "sync")
        assert (first.status, second.status) == (0, 0)
        # One of them has done it all, and the other found nothing left to do.
        done = [first.json()["up"], second.json()["up"]]
        assert [] in done
        assert any(done)
    assert files(place) == {path: data for path, (_, data) in two.hubs[0].seen().items()}
