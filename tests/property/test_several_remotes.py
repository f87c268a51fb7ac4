"""Random work on hubs that sync with two remotes: whatever moves between them, nothing is lost,
what a sync calls done is on a remote, and all hubs end equal."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from hubsync import Identity, SyncRequest, Workspace
from hubsync.errors import SafetyStop
from tests.property.git_people import no_folder

PATHS = ("a", "b", "d/a", "d/b", "d/e/a", "d", "b/x", "data", "data/a", "data/b", "data/e/a")
SMALL, LARGE = 20, 3000

hubs = st.integers(0, 2)
paths = st.sampled_from(PATHS)
verbs = st.sampled_from(["sync", "sync", "sync", "push", "pull"])


def contents(folder: Path) -> dict[str, bytes]:
    """The files that people have: without what is hubsync's."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".hubsync" not in path.parts and path.name != ".hubsync.toml"
    }


class SeveralRemotes(RuleBasedStateMachine):
    """Every rule does one small thing, or nothing where it does not apply, so that it shrinks."""

    @initialize(count=st.integers(2, 3), by_size=st.booleans(), files=st.integers(0, 4))
    def begin(self, count: int, by_size: bool, files: int) -> None:
        self.stack = ExitStack()
        memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.folder = Path(tempfile.mkdtemp(prefix="hubsync-remotes-", dir=memory))
        self.stack.callback(shutil.rmtree, self.folder)
        self.counter = 0
        self.owed: set[bytes] = set()
        first = self.folder / "hub-0"
        first.mkdir()
        for number in range(3):
            (first / f"keep{number}").write_bytes(self.text(False))
        self.workspaces = [Workspace.init(str(first), (self.folder / "first").as_uri())]
        rules = {"larger_than": 1000} if by_size else {"include": ("data/**",)}
        self.workspaces[0].add_remote("bulk", (self.folder / "bulk").as_uri(), **rules)
        for path in PATHS[:files]:
            self.write(0, path, False)
        self.run(0, "sync")
        for number in range(1, count):
            here = self.folder / f"hub-{number}"
            workspace, _ = Workspace.clone(
                (self.folder / "first").as_uri(), str(here), identity=self.who(number)
            )
            self.workspaces.append(workspace)

    def teardown(self) -> None:
        if not hasattr(self, "workspaces"):
            return
        try:
            self.settle()
        finally:
            for workspace in self.workspaces:
                workspace.close()
            self.stack.close()

    # -- people -------------------------------------------------------------------------

    def who(self, number: int) -> Identity:
        return Identity("ada", f"hub-{number}")

    def root(self, hub: int) -> Path:
        return Path(self.workspaces[hub % len(self.workspaces)].root)

    def text(self, large: bool) -> bytes:
        self.counter += 1
        return (b"\0text %d " % self.counter).ljust(LARGE if large else SMALL, b".")

    @rule(hub=hubs, path=paths, large=st.booleans())
    def write(self, hub: int, path: str, large: bool) -> None:
        target = self.root(hub) / path
        if target.is_dir() or no_folder(target.parent):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self.text(large))

    @rule(hub=hubs, path=paths)
    def remove(self, hub: int, path: str) -> None:
        target = self.root(hub) / path
        if target.is_dir():
            shutil.rmtree(target)
        elif target.exists():
            target.unlink()

    @rule(hub=hubs, path=paths, to=paths)
    def move(self, hub: int, path: str, to: str) -> None:
        source, target = self.root(hub) / path, self.root(hub) / to
        nested = f"{to}/".startswith(f"{path}/") or f"{path}/".startswith(f"{to}/")
        if nested or not source.exists() or target.exists() or no_folder(target.parent):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)

    @rule(hub=hubs, path=paths, large=st.booleans())
    def becomes_folder(self, hub: int, path: str, large: bool) -> None:
        target = self.root(hub) / path
        if target.is_file():
            target.unlink()
            target.mkdir()
            (target / "in").write_bytes(self.text(large))
            (target / "other").write_bytes(self.text(not large))

    @rule(hub=hubs, path=paths, large=st.booleans())
    def becomes_file(self, hub: int, path: str, large: bool) -> None:
        target = self.root(hub) / path
        if target.is_dir():
            shutil.rmtree(target)
            target.write_bytes(self.text(large))

    # -- hubsync ------------------------------------------------------------------------

    @rule(hub=hubs, verb=verbs)
    def run(self, hub: int, verb: str) -> None:
        """What a pull finds on the disk is owed by it alone: somebody who then deletes it has had
        the only one there is; and so is what a push says it left."""
        workspace = self.workspaces[hub % len(self.workspaces)]
        found = contents(Path(workspace.root))
        work, who = getattr(workspace, verb), self.who(hub % len(self.workspaces))
        try:
            result = work(identity=who)
        except SafetyStop:
            result = work(SyncRequest(confirm_deletes=True), identity=who)
        if verb != "pull":
            stuck = {one.path for one in result.problems} | set(result.unsynced)
            self.owed |= set(without(found, stuck).values())
        if verb == "sync" and not result.problems and not result.unsynced:
            assert contents(Path(workspace.root)) == self.on_remotes()
        kept = self.findable()
        lost = (self.owed | set(found.values())) - kept
        assert not lost, lost

    def on_remotes(self) -> dict[str, bytes]:
        first, bulk = contents(self.folder / "first"), contents(self.folder / "bulk")
        assert not first.keys() & bulk.keys()
        return first | bulk

    def findable(self) -> set[bytes]:
        """On a disk, in a trash, on a remote or among its versions."""
        return {
            path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and not path.is_symlink()
        }

    def settle(self) -> None:
        for _ in range(3):
            for hub in range(len(self.workspaces)):
                self.run(hub, "sync")
        # A file on one remote where the other one has a folder is named until a person moves it.
        stuck = {one.path for at in self.workspaces for one in at.status().problems}
        wanted = without(contents(self.root(0)), stuck)
        for hub, workspace in enumerate(self.workspaces):
            assert without(contents(self.root(hub)), stuck) == wanted
            assert workspace.sync(identity=self.who(hub)).nothing_done()
        assert without(self.on_remotes(), stuck) == wanted


def without(files: dict[str, bytes], stuck: set[str]) -> dict[str, bytes]:
    return {
        path: content
        for path, content in files.items()
        if not any(_is_at(path, one) for one in stuck)
    }


def _is_at(path: str, one: str) -> bool:
    return path == one or path.startswith(f"{one}/") or one.startswith(f"{path}/")


@pytest.mark.timeout(0)
def test_random_work_with_two_remotes_ends_equal_and_loses_nothing() -> None:
    run_state_machine_as_test(
        SeveralRemotes, settings=settings(settings(), max_examples=30, stateful_step_count=15)
    )


@pytest.mark.nightly
@pytest.mark.timeout(0)
@pytest.mark.parametrize("part", range(2))
def test_two_remotes_lose_nothing_night_after_night(part: int) -> None:
    run_state_machine_as_test(SeveralRemotes, settings=settings(settings(), stateful_step_count=25))
