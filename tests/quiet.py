"""Whether a workspace's mark holds, asked as a sync asks it."""

from __future__ import annotations

import time
from typing import Protocol, TypeVar

from hubsync import Workspace
from hubsync.engine.context import Request
from hubsync.engine.observe import own_rules
from hubsync.local.rescan import rescan
from hubsync.local.scan import scan
from hubsync.local.scanned import Scan
from hubsync.model import Tree
from hubsync.report import Silent
from hubsync.results import SyncResult
from hubsync.services.quiet import Quiet

_TICK = 0.05
"""Seconds after which a file's times vouch for it."""


def is_quiet(workspace: Workspace) -> bool:
    """Whether a sync would look no further. Changes nothing."""
    request = Request(dry_run=True)
    with workspace.links.held(), Quiet(workspace.links, request, Silent()) as quiet:
        return quiet.result() is not None


def sees_as_much(workspace: Workspace) -> bool | None:
    """Whether a scan of the paths that may have changed finds what one of everything does; None if
    it is not known which these are, or if a whole scan is needed to tell. Changes nothing."""
    links = workspace.links
    with links.held(), Quiet(links, Request(dry_run=True), Silent()) as quiet:
        spots = None if quiet.result() is not None else quiet.spots()
        if spots is None:
            return None
        (remote,) = links.linked()
        remembered, rules = links.state(remote.name), own_rules(links.remote(remote.name))
        known = Tree(remembered.base, remembered.local)
        some = rescan(workspace.root, known, rules, spots, remembered.rules_digest)
        if some is None:
            return None
        every = scan(workspace.root, known, rules, rules_digest=remembered.rules_digest)
        return _seen(some, known) == _seen(every, known)


def _seen(scanned: Scan, known: Tree) -> tuple[object, ...]:
    """What a sync makes something of."""
    return (
        scanned.tree.changes_since(known),
        set(scanned.problems),
        scanned.rules_digest,
        scanned.nested,
        scanned.ignored,
        scanned.renamed,
        scanned.ruled,
        scanned.files == 0,
    )


class Hub(Protocol):
    """A workspace, on whatever remote."""

    @property
    def workspace(self) -> Workspace: ...

    def sync(self, **asked: bool) -> SyncResult: ...


AHub = TypeVar("AHub", bound=Hub)


def settled(hub: AHub) -> AHub:
    """The same, synced until a sync left its mark: what was written in the tick of a scan is read
    once more by the next one."""
    for _ in range(5):
        hub.sync()
        if is_quiet(hub.workspace):
            return hub
        time.sleep(_TICK)
    raise AssertionError("no sync left a mark")


def finds_nothing(hub: Hub) -> bool:
    """Whether a sync that looks at everything, and trusts nothing, has nothing to do or to say."""
    found = hub.sync(dry_run=True, checksum=True)
    return found.nothing_done() and found.exit_status() == 0
