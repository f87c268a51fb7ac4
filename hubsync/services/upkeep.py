"""Pruning by age: the trash, and what the remotes keep of the past."""

from __future__ import annotations

from msgspec.structs import replace

from hubsync.errors import DiskFull, Interrupted
from hubsync.links import Links
from hubsync.local.evidence import SECOND, clock_of
from hubsync.local.lock import holder
from hubsync.local.trash import Trash
from hubsync.report import Reporter
from hubsync.results import Pruned

DAY = 24 * 3600 * SECOND


def gc(links: Links, age: int, reporter: Reporter) -> Pruned:
    """Prune what is ``age`` (ns) old or older."""
    try:
        return _prune(links, age, reporter)
    except DiskFull:
        # Not even the lock finds room. Where nobody holds it, nobody else can take it either.
        freed = 0 if holder(links.layout) else _empty_trash(links, age)
        if not freed:
            raise
    done = _prune(links, age, reporter)
    return replace(done, trash=done.trash + freed)


def _prune(links: Links, age: int, reporter: Reporter) -> Pruned:
    """The trash first: it may be a full disk that brought somebody here, without a network."""
    with links.held(reporter):
        trash = _empty_trash(links, age)
        done = []
        for one in links.linked():
            if reporter.stopping():
                raise Interrupted("Stopped; what was pruned is gone.", "Run the command again.")
            reporter.phase("Pruning")
            done.append(links.remote(one.name).gc(age, reporter))
        return Pruned(trash, sum(one.removed for one in done), sum(one.young for one in done))


def _empty_trash(links: Links, age: int) -> int:
    return Trash(links.layout.root).prune(age, clock_of(links.layout.metadata))
