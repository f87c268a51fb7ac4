"""When a session does what: a table of named stories, and what holds for every story."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubsync.session import agenda as plan
from hubsync.session.agenda import NEVER, Agenda, Pace, Patience, Step, due

PACE = Pace()
SYNCED = plan.done(plan.begun(Agenda(PACE)), 0.0)
"""A session that has nothing to do at the instant 0."""

Event = Callable[[Agenda], Agenda]


def changed(*instants: float) -> Event:
    def events(agenda: Agenda) -> Agenda:
        for now in instants:
            agenda = plan.changed(agenda, now)
        return agenda

    return events


def failed(
    *instants: float,
    patience: Patience = Patience.BACK_OFF,
    jitter: float = 0.0,
    partly: bool = False,
) -> Event:
    def events(agenda: Agenda) -> Agenda:
        for now in instants:
            agenda = plan.failed(plan.begun(agenda), now, patience, jitter, partly=partly)
        return agenda

    return events


def look(now: float, news: bool) -> Event:
    return lambda agenda: plan.looked(agenda, now, news)


def look_failed(now: float, partly: bool = False) -> Event:
    return lambda agenda: plan.failed(agenda, now, Patience.BACK_OFF, 0.0, partly=partly)


def done(now: float) -> Event:
    return lambda agenda: plan.done(plan.begun(agenda), now)


def paused(agenda: Agenda) -> Agenda:
    return plan.paused(agenda, True)


def resumed(agenda: Agenda) -> Agenda:
    return plan.paused(agenda, False)


def begun_before(*instants: float) -> Event:
    """A cycle is under way while that changes, and ends at 5."""
    return lambda agenda: plan.done(changed(*instants)(plan.begun(agenda)), 5.0)


LOOK, SYNC = Step.LOOK, Step.SYNC
STORIES: dict[str, tuple[list[Event], list[tuple[float, Step | None, float]]]] = {
    # name: what happens, then (the instant, what is due, when it is, or when to ask again)
    "nothing happens": ([], [(0.0, None, 30.0), (29.9, None, 30.0), (30.0, LOOK, 30.0)]),
    "nothing happens for ten minutes": (
        [look(590.0, False)],
        [(599.0, None, 600.0), (600.0, SYNC, 600.0)],
    ),
    "one change": ([changed(3.0)], [(3.0, None, 4.0), (3.9, None, 4.0), (4.0, SYNC, 4.0)]),
    "a change is waited out": ([changed(3.0, 3.8)], [(4.0, None, 4.8), (4.8, SYNC, 4.8)]),
    "a stream of changes is synced after ten seconds": (
        [changed(*[3.0 + 0.5 * n for n in range(20)])],
        [(12.9, None, 13.0), (13.0, SYNC, 13.0)],
    ),
    "a change during a cycle": ([begun_before(4.5)], [(5.0, None, 5.5), (5.5, SYNC, 5.5)]),
    "changes long before the end of a long cycle": ([begun_before(2.0)], [(5.0, SYNC, 3.0)]),
    "news": ([look(30.0, True)], [(30.0, SYNC, 30.0)]),
    "no news": ([look(30.0, False)], [(30.0, None, 60.0), (60.0, LOOK, 60.0)]),
    "news are forgotten with the cycle that brings them": (
        [look(30.0, True), done(31.0)],
        [(31.0, None, 61.0)],
    ),
    "a look that failed is tried again later": (
        [look_failed(30.0)],
        [(30.0, None, 35.0), (35.0, LOOK, 35.0)],
    ),
    "a cycle that failed is tried again later, and whole": (
        [changed(3.0), failed(5.0)],
        [(5.0, None, 10.0), (10.0, SYNC, 10.0)],
    ),
    "each failure doubles the wait": (
        [changed(3.0), failed(5.0, 10.0, 20.0)],
        [(39.9, None, 40.0), (40.0, SYNC, 40.0)],
    ),
    "a success ends the back-off": (
        [failed(5.0, 10.0, 20.0), done(40.0), failed(50.0)],
        [(50.0, None, 55.0)],
    ),
    "an answer of the remote ends the back-off of a cycle": (
        [failed(5.0, 10.0), look(15.0, False)],
        [(15.0, SYNC, 15.0)],
    ),
    "a change while offline waits for the back-off": (
        [failed(5.0, 10.0), changed(11.0)],
        [(12.0, None, 20.0), (20.0, SYNC, 20.0)],
    ),
    "a change while one of several remotes is away waits for nothing": (
        [failed(5.0, 10.0, partly=True), changed(11.0)],
        [(11.9, None, 12.0), (12.0, SYNC, 12.0)],
    ),
    "a remote that is away is tried when its back-off is over, however much is saved": (
        [failed(5.0, 10.0, partly=True), failed(12.0, 14.0, 16.0, partly=True)],
        [(16.0, None, 20.0), (20.0, SYNC, 20.0)],
    ),
    "a change after a look at several remotes failed waits for nothing": (
        [look_failed(30.0, partly=True), look_failed(35.0, partly=True), changed(36.0)],
        [(36.0, None, 37.0), (37.0, SYNC, 37.0)],
    ),
    "once all are away a change waits": (
        [failed(5.0, partly=True), failed(12.0), changed(13.0)],
        [(14.0, None, 22.0), (22.0, SYNC, 22.0)],
    ),
    "where one wants a login a change waits": (
        [failed(5.0, patience=Patience.LONGEST, partly=True), changed(6.0)],
        [(100.0, None, 305.0), (305.0, SYNC, 305.0)],
    ),
    "without a login it is tried every five minutes": (
        [failed(5.0, patience=Patience.LONGEST)],
        [(300.0, None, 305.0), (305.0, SYNC, 305.0)],
    ),
    "stopped for safety it waits for the full cycle": (
        [failed(5.0, patience=Patience.FULL), changed(6.0)],
        [(100.0, None, 605.0), (605.0, SYNC, 605.0)],
    ),
    "asked while stopped for safety": (
        [failed(5.0, patience=Patience.FULL), plan.asked],
        [(6.0, SYNC, 6.0)],
    ),
    "asked": ([plan.asked], [(1.0, SYNC, 1.0)]),
    "asked once, served once": ([plan.asked, done(1.0)], [(1.0, None, 31.0)]),
    "asked, and it failed": ([plan.asked, failed(2.0)], [(2.0, None, 7.0)]),
    "paused": ([changed(1.0), paused], [(1000.0, None, NEVER)]),
    "asked while paused": ([paused, plan.asked], [(1.0, SYNC, 1.0)]),
    "asked, then paused": ([plan.asked, paused], [(1.0, None, NEVER)]),
    "asked, then paused, then resumed": (
        [plan.asked, paused, resumed],
        [(1.0, SYNC, 1.0), (50.0, SYNC, 50.0)],
    ),
    "asked, then resumed": ([paused, plan.asked, resumed], [(1.0, SYNC, 1.0)]),
    "resumed": ([changed(1.0), paused, resumed], [(50.0, SYNC, 2.0)]),
    "paused in a cycle, the rest is synced at once when resumed": (
        [plan.begun, paused, resumed],
        [(50.0, SYNC, 50.0)],
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_story(name: str) -> None:
    events, expected = STORIES[name]
    agenda = SYNCED
    for event in events:
        agenda = event(agenda)
    assert [(now, *due(agenda, now)) for now, _, _ in expected] == expected


def test_a_session_begins_with_a_cycle() -> None:
    step, at = due(Agenda(PACE), 123.0)
    assert step is SYNC
    assert at <= 123.0


def test_who_asks_while_a_cycle_fails_gets_another_one() -> None:
    under_way = plan.asked(plan.begun(plan.changed(Agenda(), 1.0)))
    for patience in Patience:
        assert due(plan.failed(under_way, 2.0, patience, 0.0), 2.0) == (Step.SYNC, 2.0)
    once = plan.begun(plan.failed(under_way, 2.0, Patience.FULL, 0.0))
    assert due(plan.failed(once, 3.0, Patience.FULL, 0.0), 3.0)[0] is None


def test_what_is_pending() -> None:
    assert not SYNCED.pending
    assert plan.changed(SYNCED, 1.0).pending
    assert plan.begun(SYNCED).pending
    assert plan.looked(SYNCED, 1.0, True).pending
    assert not plan.done(plan.begun(plan.changed(SYNCED, 1.0)), 2.0).pending


@given(st.integers(0, 200), st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_back_off_grows_to_its_limit(failures: int, one: float, other: float) -> None:
    now, later = (plan.back_off(PACE, failures + n, j) for n, j in ((0, one), (1, other)))
    assert PACE.first <= now <= PACE.longest
    assert later >= now or later >= PACE.longest / 2


class World:
    """A session under a made-up clock: what is due is done, and everything is noted."""

    def __init__(self) -> None:
        self.now = 0.0
        self.agenda = Agenda(PACE)
        self.steps: list[tuple[float, Step]] = []
        self.dirty: float | None = None
        self.down = False
        self.partly = False
        """Whether it is down for some remotes alone."""
        self.asked = False

    def run(self, seconds: float, took: float, jitter: float) -> None:
        """Let time pass; each cycle takes ``took``."""
        until = self.now + seconds
        while True:
            step, at = due(self.agenda, self.now)
            if step is None:
                assert at > self.now, "it would ask again and again"
                if at > until:
                    self.now = until
                    return
                self.now = at
                continue
            assert not self.agenda.paused or self.asked
            self.asked = False
            self.steps.append((self.now, step))
            assert len(self.steps) < 5000
            if step is Step.SYNC:
                self.agenda = plan.begun(self.agenda)
                dirty, self.dirty = self.dirty, None
                self.now += took
            if self.down:
                self.agenda = plan.failed(
                    self.agenda, self.now, Patience.BACK_OFF, jitter, partly=self.partly
                )
                if step is Step.SYNC and not self.partly:
                    self.dirty = dirty
            elif step is Step.SYNC:
                self.agenda = plan.done(self.agenda, self.now)
            else:
                self.agenda = plan.looked(self.agenda, self.now, False)
            if self.now >= until:
                return

    def change(self) -> None:
        self.agenda = plan.changed(self.agenda, self.now)
        if self.dirty is None:
            self.dirty = self.now


_ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["change", "ask", "pause", "resume", "down", "partly down", "up", "nothing"]
        ),
        st.floats(0.0, 40.0),
    ),
    max_size=40,
)


@given(_ACTS, st.floats(0.0, 8.0), st.floats(0, 1, exclude_max=True))
def test_whatever_happens(acts: list[tuple[str, float]], took: float, jitter: float) -> None:
    world = World()
    for act, seconds in acts:
        if act == "change":
            world.change()
        elif act == "ask":
            world.agenda, world.asked = plan.asked(world.agenda), True
        elif act in ("pause", "resume"):
            world.agenda = plan.paused(world.agenda, act == "pause")
            world.asked = world.asked and act == "resume"
        elif act in ("down", "partly down", "up"):
            world.down = act != "up"
            world.partly = act == "partly down"
        before = len(world.steps)
        began = world.now
        world.run(seconds, took, jitter)
        # A failing remote is left alone for the back-off, a working one for half a minute.
        spent = world.now - began
        assert len(world.steps) - before <= 4 + spent / min(PACE.first, PACE.look)
        failing = world.down or world.agenda.failures
        held_up = world.agenda.paused or (failing and not world.agenda.partly)
        if world.dirty is not None and not held_up:
            assert world.now - world.dirty <= PACE.behind + 2 * took + 1e-6
    world.agenda, world.down = plan.paused(world.agenda, False), False
    world.run(PACE.longest + PACE.behind + 2 * took + 1, took, jitter)
    assert world.dirty is None
    assert world.agenda.failures == 0
    assert not world.agenda.pending
