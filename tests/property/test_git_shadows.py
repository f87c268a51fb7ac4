"""Random people with git and shadow mode on one repository: nothing is lost, all ends equal, and
what is a person's own in a clone stays as they left it.

What a sync or a push found on a disk is owed from then on: it has to be somewhere for ever after,
on a disk, in the trash, or in a commit that a reference leads to.
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

branches = st.sampled_from(["main", "topic"])


class Shadows(People):
    """Each in a clone of their own, of whose branches hubsync has none."""

    @initialize(count=st.integers(2, 3), files=st.integers(0, 3), cloned=st.booleans())
    def begin(self, count: int, files: int, cloned: bool) -> None:
        self.arrive()
        self.site.begin(self.first_files(files))
        self.hubs = [self.site.person("hub-0")]
        for number in range(1, count):
            name = f"hub-{number}"
            self.hubs.append(
                self.site.clone(name, mode="shadow") if cloned else self.site.person(name)
            )

    # -- and git ------------------------------------------------------------------------

    @rule(hub=hubs)
    def pull_by_git(self, hub: int) -> None:
        """As it is without options: only forward, and never over uncommitted changes."""
        self.hub(hub).git("pull", "-q", "--ff-only", "origin", "main", check=False)

    @rule(hub=hubs)
    def amend(self, hub: int) -> None:
        self.hub(hub).git("commit", "-q", "--amend", "--no-edit", check=False)

    @rule(hub=hubs, branch=branches)
    def switch(self, hub: int, branch: str) -> None:
        here = self.hub(hub)
        here.git("switch", "-q", branch, check=False)
        if branch not in here.git("branch", "--format=%(refname:short)").splitlines():
            here.git("switch", "-q", "-c", branch)

    @rule(branch=branches)
    def delete_side_branch(self, branch: str) -> None:
        name = f"refs/heads/hubsync/ada.shadow/{branch}"
        # What was on it alone is gone then, by the person's own hand.
        if git(self.site.repository, "for-each-ref", name):
            git(self.site.repository, "update-ref", "-d", name)
            self.owed = set()

    # -- hubsync ------------------------------------------------------------------------

    @rule(hub=hubs, verb=verbs)
    def sync(self, hub: int, verb: str) -> None:
        self.run(self.hub(hub), verb)

    @rule(hub=hubs)
    def forget(self, hub: int) -> None:
        shutil.rmtree(self.hub(hub).directory / ".hubsync" / "state", ignore_errors=True)

    @rule(hub=hubs)
    def begin_again(self, hub: int) -> None:
        """All of hubsync's own folder is lost; its trash is kept aside, for it counts."""
        here = self.hub(hub)
        here.workspace.close()
        trash = here.directory / ".hubsync" / "trash"
        if trash.exists():
            self.counter += 1
            shutil.move(trash, self.site.folder / f"trash-{self.counter}")
        shutil.rmtree(here.directory / ".hubsync")
        here.workspace = self.site.link(here.directory)

    def run(self, hub: Hub, verb: str) -> None:
        found = set(contents(hub.directory).values())
        before = persons_own(hub)
        try:
            {"sync": hub.sync, "push": hub.push, "pull": hub.pull}[verb]()
        except SafetyStop:
            hub.sync(confirm_deletes=True)
        check_untouched(hub, before)
        self.check_nothing_lost(self.owed | found)
        if verb != "pull":
            self.owed |= found

    def check_nothing_lost(self, owed: set[bytes]) -> None:
        kept = reachable(self.site.repository)
        for hub in self.hubs:
            kept |= reachable(hub.directory) | set(contents(hub.directory).values())
        for trash in (
            *self.site.folder.glob("*/.hubsync/trash"),
            *self.site.folder.glob("trash-*"),
        ):
            kept |= {one.read_bytes() for one in trash.rglob("*") if one.is_file()}
        assert owed <= kept, owed - kept

    def settle(self) -> None:
        for _ in range(2):
            for hub in self.hubs:
                self.run(hub, "sync")
        for hub in self.hubs:
            self.run(hub, "sync")
        wanted: dict[str, dict[str, bytes]] = {}
        for hub in self.hubs:
            here = contents(hub.directory)
            branch = hub.git("branch", "--show-current")
            assert wanted.setdefault(branch, here) == here
            before = persons_own(hub), hub.git("for-each-ref")
            assert hub.sync().nothing_done()
            assert (persons_own(hub), hub.git("for-each-ref")) == before
            hub.git("fsck", "--strict")


def persons_own(hub: Hub) -> dict[str, bytes | str]:
    """HEAD, index, stash and branches, byte for byte."""
    folder = hub.directory / ".git"
    refs = hub.git("for-each-ref", "refs/heads", "refs/stash", "--format=%(refname) %(objectname)")
    found: dict[str, bytes | str] = {"refs": refs}
    for name in ("HEAD", "index", "logs/refs/stash"):
        file = folder / name
        found[name] = file.read_bytes() if file.exists() else b""
    return found


def check_untouched(hub: Hub, before: dict[str, bytes | str]) -> None:
    """Nothing moved, or the branch that is checked out moved forward and the index with it."""
    after = persons_own(hub)
    if after == before:
        return
    assert after["HEAD"] == before["HEAD"]
    assert after["logs/refs/stash"] == before["logs/refs/stash"]
    branch = hub.git("symbolic-ref", "HEAD")
    was, now = (
        dict(line.split(" ") for line in str(one["refs"]).splitlines()) for one in (before, after)
    )
    moved = {name for name in was | now if was.get(name) != now.get(name)}
    assert moved == {branch}, moved
    hub.git("merge-base", "--is-ancestor", was[branch], now[branch])
    assert hub.git("diff", "--cached", "--name-only") == ""


def test_random_work_with_git_and_shadows_ends_equal_and_loses_nothing() -> None:
    run_state_machine_as_test(
        Shadows, settings=settings(settings(), max_examples=20, stateful_step_count=15)
    )


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(4))
def test_the_same_for_long(part: int) -> None:
    run_state_machine_as_test(Shadows, settings=settings(settings(), stateful_step_count=25))
