"""When a session does what: a value, functions from it to the next one, and `due`.

Nothing here knows a clock: ``now`` is in seconds of one that only goes forward. What holds for
every sequence of calls:

- a change is synced a debounce after the last one, and at most `Pace.behind` after the first;
- whoever asks is served at once, paused or not, whatever failed before;
- paused, nothing is done that nobody asked for;
- after a failure nothing is tried before its back-off is over, changes apart where other remotes do
  answer. What had begun and did not come to its end is then tried again, so that nothing has to be
  said twice.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

NEVER: Final = math.inf


class Pace(Struct, frozen=True):
    """Seconds. ``debounce`` after the last change; at most ``behind`` a stream of changes; ``look``
    at the remote and ``full`` cycle, each so often; back-off from ``first`` to ``longest``."""

    debounce: float = 1.0
    behind: float = 10.0
    look: float = 30.0
    full: float = 600.0
    first: float = 5.0
    longest: float = 300.0


class Step(Enum):
    """What can be due: one cheap question to the remote, or a cycle."""

    LOOK = "look"
    SYNC = "sync"


class Patience(Enum):
    """How long it makes sense to wait after a failure."""

    BACK_OFF = "back-off"
    """It may pass by itself: longer each time."""
    LONGEST = "longest"
    """A login is missing: asking again and again helps nobody and may lock an account."""
    FULL = "full"
    """Rule 9: it waits for a person, or for the next full cycle."""


class Agenda(Struct, frozen=True):
    """What is known of what there is to do.

    ``since``, ``latest``: the first and last change that no cycle has begun with. ``left``: a cycle
    began, or was asked for, and did not come to its end. ``partly``: what failed last may have been
    some of several remotes. ``looked``, ``synced``: when that was last done.
    """

    pace: Pace = Pace()
    since: float | None = None
    latest: float | None = None
    asked: bool = False
    news: bool = False
    left: bool = False
    partly: bool = False
    paused: bool = False
    failures: int = 0
    retry_at: float = -NEVER
    looked: float = -NEVER
    synced: float = -NEVER

    @property
    def pending(self) -> bool:
        """Whether there is something that has to be synced."""
        return self.since is not None or self.left or self.news


def changed(agenda: Agenda, now: float) -> Agenda:
    """Something in the workspace changed."""
    since = now if agenda.since is None else agenda.since
    return replace(agenda, since=since, latest=now)


def asked(agenda: Agenda) -> Agenda:
    """A person, or a program for one, asks for a cycle now."""
    return replace(agenda, asked=True)


def paused(agenda: Agenda, on: bool) -> Agenda:
    """From now on nothing is done unasked, or again everything. What was asked for earlier is taken
    back by a pause, and made good for when it ends."""
    left = agenda.left or (on and agenda.asked)
    return replace(agenda, paused=on, asked=agenda.asked and not on, left=left)


def begun(agenda: Agenda) -> Agenda:
    """A cycle begins: it takes all that changed until now, and nothing that changes later."""
    return replace(agenda, since=None, latest=None, asked=False, news=False, left=True)


def done(agenda: Agenda, now: float) -> Agenda:
    """A cycle came to its end."""
    return replace(_answered(agenda), left=False, synced=now, looked=now)


def looked(agenda: Agenda, now: float, news: bool) -> Agenda:
    """The remote was asked, and there is something new on it, or not."""
    return replace(_answered(agenda), news=agenda.news or news, looked=now)


def failed(
    agenda: Agenda, now: float, patience: Patience, jitter: float, *, partly: bool = False
) -> Agenda:
    """A cycle or a look failed. ``jitter``: from 0 up to, not including, 1. Who asked for a cycle
    meanwhile, after having put something right perhaps, still gets one.

    ``partly``: other remotes may have answered, so what is saved for them need not wait; unless
    asking the one that failed again and again does harm. Saving makes no back-off longer.
    """
    partly = partly and patience is Patience.BACK_OFF
    if partly and now < agenda.retry_at:
        return replace(agenda, partly=True)
    wait = {
        Patience.BACK_OFF: back_off(agenda.pace, agenda.failures, jitter),
        Patience.LONGEST: agenda.pace.longest,
        Patience.FULL: agenda.pace.full,
    }[patience]
    return replace(agenda, failures=agenda.failures + 1, retry_at=now + wait, partly=partly)


def back_off(pace: Pace, failures: int, jitter: float) -> float:
    """Seconds to wait after ``failures`` earlier ones: twice as many each time, and up to as many
    again, so that a thousand users of a storage do not come back to it in step."""
    least = min(pace.first * 2.0 ** min(failures, 60), pace.longest / 2)
    return least * (1 + jitter)


def due(agenda: Agenda, now: float) -> tuple[Step | None, float]:
    """What to do now, or None and when to ask again (`NEVER`: not before something happens)."""
    if agenda.asked:
        return Step.SYNC, now
    if agenda.paused:
        return None, NEVER
    pace = agenda.pace
    change = NEVER
    if agenda.since is not None and agenda.latest is not None:
        change = min(agenda.latest + pace.debounce, agenda.since + pace.behind)
    sync = now if agenda.left or agenda.news else min(agenda.synced + pace.full, change)
    sync = max(sync, agenda.retry_at)
    if agenda.partly:
        sync = min(sync, change)
    look = max(agenda.looked + pace.look, agenda.retry_at)
    step, at = (Step.SYNC, sync) if sync <= max(look, now) else (Step.LOOK, look)
    return (step, at) if at <= now else (None, at)


def _answered(agenda: Agenda) -> Agenda:
    return replace(agenda, failures=0, retry_at=-NEVER, partly=False)
