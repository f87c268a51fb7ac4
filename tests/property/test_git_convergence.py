"""Random people, hubs and plain git on one repository: nothing is lost, and all ends equal.

What lies on a hub's disk when hubsync runs there is owed from then on: it has to be somewhere for
ever after, on a disk, in the trash, or in a commit that a reference leads to.
"""

from __future__ import annotations

import shutil

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from hubsync.errors import SafetyStop
from tests.git_hubs import Hub, git
from tests.property.git_people import People, contents, hubs, reachable, verbs


class Repositories(People):
    """All on one branch, which hubsync commits to."""

    @initialize(count=st.integers(2, 3), files=st.integers(0, 3))
    def begin(self, count: int, files: int) -> None:
        self.arrive()
        first = self.site.hub("hub-0", self.first_files(files))
        self.hubs = [first]
        self.run(first, "sync")
        for number in range(1, count):
            self.hubs.append(self.site.clone(f"hub-{number}"))

    @rule(hub=hubs, verb=verbs)
    def sync(self, hub: int, verb: str) -> None:
        self.run(self.hub(hub), verb)

    @rule(hub=hubs)
    def forget(self, hub: int) -> None:
        shutil.rmtree(self.hub(hub).directory / ".hubsync" / "state", ignore_errors=True)

    def run(self, hub: Hub, verb: str) -> None:
        """What a pull finds on the disk is owed by it alone, and so is what a push says it did not
        send: somebody who then deletes it, or writes over it, has had the only one there is."""
        found = contents(hub.directory)
        here = set(found.values())
        try:
            result = {"sync": hub.sync, "push": hub.push, "pull": hub.pull}[verb]()
        except SafetyStop:
            self.owed |= here
            hub.sync(confirm_deletes=True)
        else:
            if verb != "pull":
                self.owed |= {found[path] for path in found.keys() - set(result.unsynced)}
        self.check_nothing_lost(here)

    def check_nothing_lost(self, here: set[bytes]) -> None:
        kept = reachable(self.site.repository)
        for hub in self.hubs:
            kept |= reachable(hub.directory) | set(contents(hub.directory).values())
            trash = hub.directory / ".hubsync" / "trash"
            kept |= {one.read_bytes() for one in trash.rglob("*") if one.is_file()}
        assert self.owed | here <= kept, (self.owed | here) - kept

    def settle(self) -> None:
        for _ in range(2):
            for hub in self.hubs:
                self.run(hub, "sync")
        for hub in self.hubs[:-1]:
            self.run(hub, "sync")
        wanted = contents(self.hubs[0].directory)
        for hub in self.hubs:
            assert contents(hub.directory) == wanted
            # What was staged and then deleted by hand is nobody's but the index's.
            said = hub.git("status", "--porcelain").splitlines()
            assert [line for line in said if not line.startswith("AD ")] == [], said
            assert hub.git("rev-parse", "HEAD") == git(self.site.repository, "rev-parse", "main")
            before = hub.git("rev-parse", "HEAD")
            assert hub.sync().nothing_done()
            assert hub.git("rev-parse", "HEAD") == before
            hub.git("fsck", "--strict")


def test_random_work_on_hubs_and_with_git_ends_equal_and_loses_nothing() -> None:
    run_state_machine_as_test(
        Repositories, settings=settings(settings(), max_examples=25, stateful_step_count=15)
    )


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(4))
def test_the_same_for_long(part: int) -> None:
    run_state_machine_as_test(Repositories, settings=settings(settings(), stateful_step_count=25))
