"""Random work on a Git repository, on a bad day:
connections fail before and after they did something, commands are killed in the middle of libgit2,
people edit while hubsync runs, two hubs run at once, clocks are wrong, memories and whole `.git`
folders are lost.

What `test_git_convergence` promises still holds: nothing is lost, and all ends equal.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from hubsync import Identity, SyncRequest
from hubsync.errors import HubsyncError, SafetyStop, Unreachable
from hubsync.remotes.git import opened as git_opened
from hubsync.remotes.git.transport import Transport
from tests.git_hubs import Hub
from tests.kill import libgit2
from tests.kill.points import Points
from tests.property.git_people import contents, hubs, no_folder, paths, reachable, verbs
from tests.property.test_git_convergence import Repositories
from tests.property.world import Telling

YEAR = 365 * 86_400 * 1_000_000_000
CALLS = ("heads", "fetch", "push")
ODD = "\udcff.txt"


class Fault:
    """At the ``number``-th call of a kind (from 0): ``act``, then nothing worse, or the connection
    fails; ``done``: only after the call did its work. ``lasting``: so many calls fail."""

    def __init__(
        self,
        call: str,
        number: int,
        *,
        done: bool = False,
        lasting: int = 1,
        act: Callable[[], None] | None = None,
    ) -> None:
        self.call, self.number, self.done, self.lasting = call, number, done, lasting
        self.act, self.seen = act, 0

    def around(self, call: str, work: Callable[[], Any]) -> Any:
        if call != self.call:
            return work()
        now, self.seen = self.seen, self.seen + 1
        if not self.number <= now < self.number + self.lasting:
            return work()
        if self.act is not None:
            if self.done:
                result = work()
                self.act()
                return result
            self.act()
            return work()
        if self.done:
            work()
        raise Unreachable("The connection broke off.", "Run the command again.")


class FaultyTransport(Transport):
    """What is armed happens in the next command, whichever hub's that is."""

    fault: Fault | None = None

    def heads(self) -> tuple[dict[str, str], str]:
        return self._around("heads", super().heads)

    def fetch(self, branch: str, into: str) -> None:
        self._around("fetch", lambda: Transport.fetch(self, branch, into))

    def push(self, source: str, branch: str, reporter: Any, *, many: bool = False) -> str | None:
        send = partial(Transport.push, self, source, branch, reporter, many=many)
        return self._around("push", send)

    def _around(self, call: str, work: Callable[[], Any]) -> Any:
        fault = FaultyTransport.fault
        return work() if fault is None else fault.around(call, work)


class BadDays(Repositories):
    """The people and hubs of `Repositories`, and misfortune."""

    # -- people -------------------------------------------------------------------------

    @rule(hub=hubs, path=paths, inside=st.sampled_from(["a", "b.txt"]))
    def becomes_folder(self, hub: int, path: str, inside: str) -> None:
        target = self.hub(hub).directory / path
        if no_folder(target.parent) or target.is_dir():
            return
        if os.path.lexists(target):
            target.unlink()
        target.mkdir(parents=True)
        (target / inside).write_text(self.text())

    @rule(hub=hubs, path=paths)
    def becomes_file(self, hub: int, path: str) -> None:
        target = self.hub(hub).directory / path
        if target.is_dir() and not target.is_symlink() and not no_folder(target.parent):
            shutil.rmtree(target)
            target.write_text(self.text())

    @rule(hub=hubs, path=paths, to=st.sampled_from(["a", "d", "nowhere"]))
    def becomes_link(self, hub: int, path: str, to: str) -> None:
        target = self.file(self.hub(hub), path)
        if target is not None and "/" not in path:
            target.unlink()
            target.symlink_to(to)

    @rule(hub=hubs)
    def write_odd_name(self, hub: int) -> None:
        """A name that is no text: told of, never carried, and never in the way."""
        (self.hub(hub).directory / ODD).write_text(self.text())

    @rule(hub=hubs, pattern=st.sampled_from(["a", "*.txt", "d/"]), back=st.booleans())
    def ignore(self, hub: int, pattern: str, back: bool) -> None:
        target = self.hub(hub).directory / ".hubsyncignore"
        if back:
            target.unlink(missing_ok=True)
        else:
            target.write_text(f"{pattern}\n")
        self.ignored = True

    # -- misfortune ---------------------------------------------------------------------

    @rule(hub=hubs, years=st.integers(-3, 3))
    def skew(self, hub: int, years: int) -> None:
        self.hub(hub).workspace.links.clock = lambda: time.time_ns() + years * YEAR

    @rule(hub=hubs)
    def lose_all_but_settings(self, hub: int) -> None:
        self.act(lambda: self._lose(self.hub(hub).directory / ".hubsync", keep="config.toml"))

    @rule(hub=hubs)
    def lose_git(self, hub: int) -> None:
        def lose() -> None:
            self.hub(hub).workspace.close()
            shutil.rmtree(self.hub(hub).directory / ".git", ignore_errors=True)

        self.act(lose)

    def _lose(self, folder: Path, keep: str) -> None:
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != keep:
                path.unlink()

    @rule(
        hub=hubs,
        verb=verbs,
        call=st.sampled_from(CALLS),
        number=st.integers(0, 2),
        done=st.booleans(),
        lasting=st.sampled_from([1, 1, 100]),
    )
    def run_on_bad_connection(
        self, hub: int, verb: str, call: str, number: int, done: bool, lasting: int
    ) -> None:
        self.run_with(self.hub(hub), verb, Fault(call, number, done=done, lasting=lasting))

    @rule(hub=hubs, other=hubs, verb=verbs, call=st.sampled_from(CALLS), number=st.integers(0, 2))
    def run_two_at_once(self, hub: int, other: int, verb: str, call: str, number: int) -> None:
        one, two = self.hub(hub), self.hub(other)
        if one is two:
            return

        def meanwhile() -> None:
            FaultyTransport.fault = None
            self.owed |= set(contents(two.directory).values())
            self.command(two, "sync")

        self.run_with(one, verb, Fault(call, number, act=meanwhile))

    @rule(
        hub=hubs,
        verb=verbs,
        at=st.one_of(st.sampled_from(CALLS), st.integers(0, 20)),
        path=paths,
        gone=st.booleans(),
    )
    def run_while_edited(self, hub: int, verb: str, at: str | int, path: str, gone: bool) -> None:
        here, text = self.hub(hub), self.text()

        def edit() -> None:
            target = self.file(here, path)
            if target is not None:
                target.unlink() if gone else target.write_text(text)

        if isinstance(at, str):
            self.run_with(here, verb, Fault(at, 0, act=lambda: self.act(edit)))
        else:
            self.run_with(here, verb, None, Telling(at, lambda: self.act(edit)))

    @rule(hub=hubs, verb=verbs, number=st.integers(0, 8))
    def run_and_stop(self, hub: int, verb: str, number: int) -> None:
        self.run_with(self.hub(hub), verb, None, Telling(number))

    @rule(hub=hubs, verb=verbs, number=st.integers(1, 160), after=st.booleans())
    def run_and_die(self, hub: int, verb: str, number: int, after: bool) -> None:
        """In a process of its own, which is killed at one of the points of `tests.kill`."""
        here = self.hub(hub)
        here.workspace.close()
        self.begin_run(here)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                points = Points(number, after)
                points.install()
                kept = libgit2.install(points.around)
                self.command(here, verb)
                here.workspace.close()
                status = 0 if kept else 2
            finally:
                os._exit(status)
        os.waitpid(child, 0)
        self.check_nothing_lost()
        here.git("fsck", "--strict", check=(here.directory / ".git").is_dir())

    # -- hubsync ------------------------------------------------------------------------

    def run(self, hub: Hub, verb: str) -> None:
        self.run_with(hub, verb, None)

    def run_with(
        self, hub: Hub, verb: str, fault: Fault | None, reporter: Telling | None = None
    ) -> None:
        self.begin_run(hub)
        FaultyTransport.fault = fault
        try:
            self.command(hub, verb, reporter)
        finally:
            FaultyTransport.fault = None
        self.check_nothing_lost()

    def begin_run(self, hub: Hub) -> None:
        """What went since the last run was taken away or written over by people: after a run that
        failed, that may have been the only one of its kind."""
        self.owed = (self.owed & self.findable()) | set(contents(hub.directory).values())

    def command(self, hub: Hub, verb: str, reporter: Telling | None = None) -> None:
        """What goes wrong is told, and nothing else is made of it."""
        work = getattr(hub.workspace, verb)
        who = Identity("ada", hub.directory.name)
        try:
            try:
                work(SyncRequest(), identity=who, reporter=reporter)
            except SafetyStop:
                work(SyncRequest(confirm_deletes=True), identity=who)
        except HubsyncError:
            return

    def act(self, action: Callable[[], object]) -> None:
        """Somebody takes something away, or writes over it: that is their own doing."""
        before = self.findable()
        action()
        self.owed -= before - self.findable()

    def findable(self) -> set[bytes]:
        kept = reachable(self.site.repository)
        for hub in self.hubs:
            if (hub.directory / ".git").is_dir():
                kept |= reachable(hub.directory)
            kept |= set(contents(hub.directory).values())
            aside = hub.directory / ".hubsync"
            kept |= {one.read_bytes() for one in aside.rglob("*") if one.is_file()}
        return kept

    def check_nothing_lost(self) -> None:
        lost = self.owed - self.findable()
        assert not lost, lost

    def settle(self) -> None:
        """Without rules that hide, and names that stay on one side: who committed such a name takes
        it out again by git, for hubsync never does."""
        for _ in self.hubs:  # whoever has forgotten what was synced brings rules back (rule 6)
            for hub in self.hubs:
                for name in (".hubsyncignore", ODD):
                    path = hub.directory / name
                    self.act(lambda path=path: path.unlink(missing_ok=True))  # type: ignore[misc]
            for hub in self.hubs:
                self.run(hub, "sync")
        for hub in self.hubs:
            self.run(hub, "sync")
            if hub.git("rm", "--cached", "--ignore-unmatch", "--", ODD, check=False):
                hub.git("commit", "-qm", "without that name", check=False)
            self.run(hub, "sync")
        super().settle()


def _try_out(**profile: Any) -> None:
    with patch.object(git_opened, "Transport", FaultyTransport):
        run_state_machine_as_test(BadDays, settings=settings(settings(), **profile))


@pytest.mark.timeout(0)
def test_nothing_is_lost_and_all_ends_equal_on_bad_days() -> None:
    _try_out(max_examples=12, stateful_step_count=12)


@pytest.mark.nightly
@pytest.mark.timeout(0)
@pytest.mark.parametrize("part", range(4))
def test_nothing_is_lost_on_many_bad_days(part: int) -> None:
    _try_out(stateful_step_count=20)
