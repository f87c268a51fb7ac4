"""What `doctor` looks at, and the upkeep of the trash."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

from hubsync.config import Settings, doubts
from hubsync.errors import HubsyncError
from hubsync.local.evidence import SECOND, clock_of
from hubsync.local.layout import Layout
from hubsync.local.lock import holder
from hubsync.local.stage import human_size
from hubsync.local.state import load
from hubsync.local.trash import Trash
from hubsync.remotes.protocol import Remote
from hubsync.results import Check

LITTLE_SPACE = 1_000_000_000
CLOCK_SKEW = 5 * SECOND


def empty_trash(layout: Layout, before: int) -> int:
    """Prune the trash; how many files went."""
    return Trash(layout.root).prune(before)


def doctor(
    layout: Layout,
    settings: Settings,
    remote: Callable[[str], Remote],
    clock: Callable[[], int],
) -> list[Check]:
    """All checks; one that fails does not stop the others."""
    checks = [*_disk(layout, clock)]
    if not settings.remote:
        checks.append(
            Check("remote", "failed", "none is linked", "Add one with 'hubsync remote add'.")
        )
    for message, hint in doubts(settings):
        checks.append(Check("settings", "warning", message, hint))
    for one in settings.remote:
        checks += _state(layout, one.name)
        checks += _remote(one.name, one.url, remote)
    return checks


def _disk(layout: Layout, clock: Callable[[], int]) -> Iterator[Check]:
    yield Check("workspace", "ok", layout.root)
    try:
        skew = clock_of(layout.metadata) - clock()
    except HubsyncError as error:
        yield Check("permissions", "failed", error.message, error.hint)
    else:
        yield Check("permissions", "ok", "hubsync can write its own folder")
        if abs(skew) > CLOCK_SKEW:
            yield Check(
                "clock",
                "warning",
                f"the disk's clock and this machine's differ by {abs(skew) / SECOND:.0f} s",
                "Nothing is decided by the clock; only the times in the history are off.",
            )
        else:
            yield Check("clock", "ok", "the disk's clock and this machine's agree")
    free = shutil.disk_usage(layout.root).free
    low = free < LITTLE_SPACE
    yield Check(
        "free space",
        "warning" if low else "ok",
        f"{human_size(free)} free",
        "Free some space; 'hubsync gc' empties old trash." if low else "",
    )
    owner = holder(layout)
    yield Check("lock", "ok" if owner is None else "info", owner or "nobody holds the workspace")


def _state(layout: Layout, name: str) -> Iterator[Check]:
    state, why = load(layout.state(name))
    if state is not None:
        yield Check(f"{name}: memory", "ok", f"{len(state.base):,} paths were in agreement")
    elif why == "missing":
        yield Check(f"{name}: memory", "info", "no sync has come to its end yet")
    else:
        yield Check(
            f"{name}: memory",
            "warning",
            f"the state file is {why}; the next sync compares both sides anew",
            "Nothing needs to be done.",
        )


def _remote(name: str, url: str, remote: Callable[[str], Remote]) -> Iterator[Check]:
    yield Check(f"{name}: place", "info", url)
    try:
        opened = remote(name)
        for what, value in opened.describe():
            yield Check(f"{name}: {what}", "info", value)
        identity = opened.connect(create=False)
    except HubsyncError as error:
        yield Check(f"{name}: reachable", "failed", error.message, error.hint)
        return
    yield Check(f"{name}: reachable", "ok", f"it answers, and is remote {identity[:8]}")
