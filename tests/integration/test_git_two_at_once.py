"""Two real processes that sync with one Git repository at the same instant, and a person who pushes
by hand in between: nothing is lost, and both end equal."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.git_hubs import git
from tests.kill.git_scene import Repository, reachable, without_folders
from tests.kill.hubs import Ended, Hub, Launcher, launcher
from tests.kill.places import everything
from tests.servers import git_http
from tests.servers.git_bare import bare


@pytest.fixture(scope="module")
def starters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Launcher, Launcher]]:
    scratch = tmp_path_factory.mktemp("launchers")
    with launcher(scratch / "a") as one, launcher(scratch / "b") as other:
        yield one, other


@pytest.fixture(params=["http", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Repository]:
    with git_http(tmp_path / "served") as server:
        server.folder.mkdir(exist_ok=True)
        repository = bare(server.folder / "remote.git")
        yield Repository(repository, server if request.param == "http" else None)


class Two:
    """Two hubs on one repository, and somebody with git and no hubsync."""

    def __init__(
        self, base: Path, place: Repository, starters: tuple[Launcher, Launcher], seed: object
    ) -> None:
        self.place = place
        self.dice = random.Random(str(seed))
        self.written: set[bytes] = set()
        self.by_hand: list[str] = []
        self.hubs = [
            Hub(base / name, by, git=True)
            for name, by in zip(("hub-a", "hub-b"), starters, strict=True)
        ]
        for hub in self.hubs:
            hub.directory.mkdir()
            hub.ok("init", place.url)
        self.write(self.hubs[0].directory / "first", "first")
        self.hubs[0].ok("sync")
        self.somebody = base / "somebody"
        git(base, "clone", "-q", str(place.path), str(self.somebody))

    def write(self, path: Path, content: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        self.written.add(content.encode())

    def edit(self, hub: Hub, round_: int) -> None:
        """Files of one's own, files that both write, lines of one text that both edit, and now and
        then a deletion. All that stood there before was synced."""
        name = hub.directory.name
        old = hub.directory / f"shared/{self.dice.randrange(5)}.bin"
        if self.dice.random() < 0.4 and old.exists():
            old.unlink()
        for path in (f"{name}/{round_}.txt", "same.bin", f"shared/{round_ % 5}.bin", f"n{round_}"):
            self.write(hub.directory / path, f"{path} by {name} in round {round_}\0")
        text = hub.directory / "text"
        lines = text.read_text().splitlines() if text.exists() else ["line"] * 40
        lines[self.dice.randrange(len(lines))] = f"{name} {round_}"
        self.write(text, "\n".join(lines) + "\n")
        if self.dice.random() < 0.3:  # a person's own commit, which is theirs to keep
            git(hub.directory, "add", "-A")
            git(hub.directory, "commit", "-qm", f"{name} by hand {round_}", check=False)
            self.by_hand.append(git(hub.directory, "rev-parse", "HEAD"))

    def push_by_hand(self, round_: int) -> None:
        """Somebody pulls, commits and pushes; who is late is refused and comes back later."""
        git(self.somebody, "fetch", "-q", "origin")
        git(self.somebody, "reset", "-q", "--hard", "origin/main")
        content = f"somebody in round {round_}\0"
        (self.somebody / f"somebody-{round_}").write_text(content)
        (self.somebody / "same.bin").write_text(content + "same")
        git(self.somebody, "add", "-A")
        git(self.somebody, "commit", "-qm", f"somebody {round_}")
        commit = git(self.somebody, "rev-parse", "HEAD")
        git(self.somebody, "push", "-q", "origin", "HEAD:main", check=False)
        git(self.somebody, "fetch", "-q", "origin")
        if commit in git(self.somebody, "rev-list", "origin/main").splitlines():
            self.written |= {content.encode(), f"{content}same".encode()}
            self.by_hand.append(commit)

    def round(self, number: int) -> None:
        ready = threading.Barrier(3)
        ended: list[Ended] = []

        def run(hub: Hub) -> None:
            ready.wait()
            ended.append(hub.run("sync", "--json"))

        for hub in self.hubs:
            self.edit(hub, number)
        threads = [threading.Thread(target=run, args=(hub,)) for hub in self.hubs]
        for thread in threads:
            thread.start()
        ready.wait()
        if number % 3 == 0:
            self.push_by_hand(number)
        for thread in threads:
            thread.join()
        for one in ended:
            # A branch that moved again and again is told, and nothing is lost by it.
            assert one.status in (0, 3) or "again and again" in one.err + one.out, one

    def check(self) -> None:
        for hub in (*self.hubs, *self.hubs):
            hub.until_quiet("sync")
        one, other = (without_folders(hub.seen()) for hub in self.hubs)
        assert one == other
        assert self.place.objects() == {path: data for path, (_, data) in one.items()}
        kept = reachable(self.place.path)
        for hub in self.hubs:
            assert git(hub.directory, "status", "--porcelain") == ""
            git(hub.directory, "fsck", "--full", "--strict")
            kept |= everything(hub.directory) | reachable(hub.directory)
        git(self.place.path, "fsck", "--full", "--strict")
        assert self.written - kept == set()
        history = set(git(self.place.path, "rev-list", "main").splitlines())
        assert set(self.by_hand) <= history


def test_nothing_is_lost_when_two_hubs_and_a_person_push_at_once(
    tmp_path: Path, place: Repository, starters: tuple[Launcher, Launcher]
) -> None:
    two = Two(tmp_path, place, starters, "short")
    for number in range(8):
        two.round(number)
    two.check()


@pytest.mark.nightly
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_over_many_rounds(
    tmp_path: Path, place: Repository, starters: tuple[Launcher, Launcher], seed: int
) -> None:
    two = Two(tmp_path, place, starters, seed)
    for number in range(60):
        two.round(number)
        if number % 10 == 9:
            two.check()
