"""What `doctor` looks at. Each check stands by itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

from hubsync.config import RemoteSettings, doubts
from hubsync.core.figures import counted
from hubsync.core.routing import SHARED_FILE
from hubsync.errors import HubsyncError
from hubsync.links import Links
from hubsync.local.evidence import SECOND, clock_of
from hubsync.local.layout import Layout
from hubsync.local.lock import holder
from hubsync.local.stage import human_size
from hubsync.local.state import load
from hubsync.remotes.registry import served_by
from hubsync.results import Check
from hubsync.services.sharing import told

LITTLE_SPACE = 1_000_000_000
CLOCK_SKEW = 5 * SECOND

_TAKING_TURNS = "one hub at a time"
"""How a mirror that is written under the lease lock begins to describe that."""


def doctor(links: Links) -> list[Check]:
    """All checks; one that fails does not stop the others."""
    layout, settings = links.layout, links.settings
    checks = [Check("workspace", "ok", layout.root)]
    checks += _tried("permissions", lambda: _clocks(layout, links.clock))
    checks += _tried("free space", lambda: _space(layout))
    checks += _tried("lock", lambda: _lock(layout))
    if not settings.remote:
        checks.append(
            Check("remote", "failed", "none is linked", "Add one with 'hubsync remote add'.")
        )
    checks += [Check("settings", "warning", what, hint) for what, hint in doubts(settings)]
    checks += [Check(SHARED_FILE, "warning", one.message, one.hint) for one in told(links).problems]
    for one in settings.remote:
        checks += _remote(links, one)
    return checks


def _remote(links: Links, one: RemoteSettings) -> list[Check]:
    checks = [Check(f"{one.name}: place", "info", one.url)]
    checks += _tried(f"{one.name}: memory", lambda: _memory(links, one.name))
    checks += _tried(f"{one.name}: library", lambda: _library(one))
    answer = _tried(f"{one.name}: reachable", lambda: _answer(links, one.name))
    checks += answer
    if answer[-1].state == "ok":
        checks += _tried(f"{one.name}: writing", lambda: _writing(links, one.name))
        checks += _tried(f"{one.name}: mirror", lambda: _described(links, one))
    return checks


def _tried(name: str, check: Callable[[], Iterator[Check]]) -> list[Check]:
    """What a check says; what it could not look at is its failure."""
    done: list[Check] = []
    try:
        for one in check():
            done.append(one)
    except HubsyncError as error:
        done.append(Check(name, "failed", error.message, error.hint))
    except OSError as error:
        done.append(Check(name, "failed", error.strerror or str(error)))
    return done


def _clocks(layout: Layout, clock: Callable[[], int]) -> Iterator[Check]:
    skew = clock_of(layout.metadata) - clock()
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


def _space(layout: Layout) -> Iterator[Check]:
    free = shutil.disk_usage(layout.root).free
    low = free < LITTLE_SPACE
    yield Check(
        "free space",
        "warning" if low else "ok",
        f"{human_size(free)} free",
        "Free some space; 'hubsync gc' empties old trash." if low else "",
    )


def _lock(layout: Layout) -> Iterator[Check]:
    owner = holder(layout)
    yield Check("lock", "ok" if owner is None else "info", owner or "nobody holds the workspace")


def _memory(links: Links, name: str) -> Iterator[Check]:
    state, why = load(links.layout.state(links.memory(name)))
    if state is not None:
        yield Check(f"{name}: memory", "ok", f"in agreement: {counted(len(state.base), 'path')}")
    elif why == "missing":
        yield Check(f"{name}: memory", "info", "no sync has come to its end yet")
    else:
        yield Check(
            f"{name}: memory",
            "warning",
            f"the state file is {why}; the next sync compares both sides anew",
            "Nothing needs to be done.",
        )


def _library(one: RemoteSettings) -> Iterator[Check]:
    yield Check(f"{one.name}: library", "info", served_by(one.url, one.options))


def _answer(links: Links, name: str) -> Iterator[Check]:
    identity = links.remote(name).connect(create=False)
    known = links.state(name).remote_id
    if known and known != identity:
        yield Check(
            f"{name}: reachable",
            "failed",
            f"it answers, but is remote {_short(identity)}; "
            f"this workspace was synced with {_short(known)}",
            "Point to the right place with 'hubsync remote set', or start anew with 'hubsync "
            "remote remove' and 'hubsync remote add', which delete nothing.",
        )
    else:
        yield Check(f"{name}: reachable", "ok", f"it answers, and is remote {_short(identity)}")


def _short(identity: str) -> str:
    """A mirror's id in short; a Git remote's is its address and branch."""
    return identity if "://" in identity else identity[:8]


def _writing(links: Links, name: str) -> Iterator[Check]:
    links.remote(name).try_write()
    yield Check(f"{name}: writing", "ok", "something small was written and taken away again")


def _described(links: Links, one: RemoteSettings) -> Iterator[Check]:
    for what, value in links.remote(one.name).describe():
        unenforced = (
            what == "writes"
            and value.startswith(_TAKING_TURNS)
            and served_by(one.url, one.options).startswith("obstore")
        )
        yield Check(
            f"{one.name}: {what}",
            "warning" if unenforced else "info",
            value,
            "The server did not enforce conditional writes when this mirror was made; with many "
            "hubs, prefer one that does."
            if unenforced
            else "",
        )
