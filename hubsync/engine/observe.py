"""Looking at both sides at once: what is on the disk, what is on the remote, what is invisible."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from msgspec.structs import replace

from hubsync.core.clearing import COLLISION, cleared
from hubsync.core.figures import counted
from hubsync.core.folding import folded
from hubsync.core.ignore import IgnoreRules
from hubsync.core.policy import Policy
from hubsync.core.safety import SafetyFacts, holds_content
from hubsync.engine.arriving import with_arriving
from hubsync.engine.context import Context, Request
from hubsync.errors import SafetyStop, Unreachable
from hubsync.local.evidence import clock_of, keeps_executable, tells_case
from hubsync.local.rescan import rescan
from hubsync.local.scan import scan
from hubsync.local.scanned import Scan
from hubsync.local.state import State, nothing
from hubsync.model import Entry, Kind, Problem, Side, Tree, agree
from hubsync.remotes.protocol import HasRules, Known, Remote, Snapshot

Found = dict[str, Entry | None]
"""What a side has at some paths now."""

NO_MIRROR = "no-mirror"


@dataclass(frozen=True)
class View:
    """Both sides at one instant, over the rows of the base.

    ``local`` and ``remote`` may know more digests than ``scan`` and ``snapshot`` did.
    """

    state: State
    base: Tree
    local: Tree
    remote: Tree
    scan: Scan
    snapshot: Snapshot
    policy: Policy
    facts: SafetyFacts
    rules: IgnoreRules
    problems: tuple[Problem, ...]
    fs_now: int
    """The file system's clock before the scan, for `local.evidence.vouch`."""
    modes: bool = True
    """Whether the workspace's disk has executable bits."""
    stand_ins: Mapping[str, bytes] = field(default_factory=dict)
    """As in `State`: those that were met just now."""

    def with_read(self, read: Mapping[str, Entry | Problem | None]) -> Tree:
        """The local side, with what was read of some files; what could not be is as it was."""
        known = {path: one for path, one in read.items() if not isinstance(one, Problem)}
        return self.local.with_changes(
            known if self.modes else with_modes_of(known, self.base, self.remote)
        )


@dataclass(frozen=True)
class Sight:
    """What is on the disk and what is on the remote, before anybody says which path is whose."""

    state: State
    base: Tree
    scan: Scan
    snapshot: Snapshot
    remote: Tree
    fs_now: int
    modes: bool
    tells_case: bool = True
    arriving: Mapping[str, str] = field(default_factory=dict)
    """As in `Context`, from this remote."""


def sight(context: Context, state: State, request: Request, *, suspicious: bool = False) -> Sight:
    """Scan the disk while the remote is listed; neither is changed.

    ``suspicious``: something was not what the books say, so the remote is listed whatever else
    would spare that.

    Raises RemoteUnavailable, RemoteFormatError, LocalError, SafetyStop (the remote is gone).
    """
    fs_now = clock_of(context.layout.metadata)
    base = Tree(state.base)
    seen_locally = Tree(state.base, state.local)
    remembered = Tree(state.base, state.remote)
    uncarried = tuple(map(os.fsdecode, state.uncarried))
    known = Known(state.remote_id, state.revision, remembered, uncarried)
    # A push relies on conditions and needs no listing; so does a remote that only hubsync writes.
    listing = suspicious or not (context.trusts_books or request.only is Side.REMOTE)
    context.reporter.phase("Looking at both sides")
    rules = own_rules(context.remote)

    def scanning(rules: IgnoreRules) -> Scan:
        spots = None if request.checksum else context.onlooker.spots()
        if spots is not None:
            found = rescan(context.root, seen_locally, rules, spots, state.rules_digest)
            if found is not None:
                return found
        return scan(
            context.root,
            seen_locally,
            rules,
            checksum=request.checksum,
            stopping=context.reporter.stopping,
            rules_digest=state.rules_digest,
        )

    with ThreadPoolExecutor(max_workers=1) as pool:
        looking = pool.submit(
            context.remote.snapshot, known if state.revision else None, listing=listing
        )
        scanned = scanning(rules)
        snapshot = _answer(looking, state)
    if snapshot.anew:
        state, base = nothing(), Tree({})
    noticed = context.noticed(scanned.nested, snapshot.tree)
    if noticed or _shows_more(context, base, scanned, snapshot):
        scanned = scanning(own_rules(context.remote))
    scanned = scanned.over(snapshot.tree)
    remote = known_by_identity(base, over(base, snapshot.tree))
    modes = keeps_executable(context.layout.metadata)
    if not modes:
        found = with_modes_of(scanned.tree.changes_since(base), base, remote)
        scanned = replace(scanned, tree=base.with_changes(found))
    case = tells_case(context.layout.metadata)
    return Sight(state, base, scanned, snapshot, remote, fs_now, modes, case)


def _shows_more(context: Context, base: Tree, scanned: Scan, snapshot: Snapshot) -> bool:
    """Whether the remote tracks by now what is on the disk and was taken for ignored."""
    if not (isinstance(context.remote, HasRules) and scanned.rules.hides_by_git and scanned.files):
        return False
    edited = partial(_edited, base, scanned.tree)
    rules = scanned.rules.with_tracked(context.remote.tracked(snapshot.revision, edited))
    remote = over(base, snapshot.tree)
    return any(
        path in remote
        and scanned.rules.ignores_deep(path)
        and not rules.ignores_deep(path)
        and os.path.lexists(os.path.join(context.root, path))
        for path in (*scanned.ignored, *remote.changes_since(base))
    )


def _edited(base: Tree, local: Tree, path: str) -> bool | None:
    """See `Edited`."""
    before, here = base.get(path), local.get(path)
    if here is None:
        return False
    unread = here.kind is Kind.FILE and here.digest is None
    if before is None or (unread and before.kind is Kind.FILE and before.size == here.size):
        return None
    return not agree(before, here)


def own_rules(remote: Remote) -> IgnoreRules:
    """What is ignored for this remote before any file in the workspace says so."""
    return IgnoreRules.builtin(remote.rules() if isinstance(remote, HasRules) else None)


def known_by_identity(base: Tree, remote: Tree) -> Tree:
    """What the remote's own books cannot tell of a content, but the base can: an object that still
    is the one that was last synced has what was in it then."""
    known: dict[str, Entry | None] = {}
    for path, entry in remote.changes_since(base).items():
        if entry is None or entry.kind is not Kind.FILE or entry.digest is not None:
            continue
        before = base.get(path)
        if before is not None and before.identity and before.identity == entry.identity:
            known[path] = replace(entry, digest=before.digest, size=before.size)
    return remote.with_changes(known)


def with_modes_of(found: Mapping[str, Entry | None], base: Tree, remote: Tree) -> Found:
    """Files of a disk without executable bits: they have those that were agreed, or that the remote
    has, so that nobody's bit is changed by a disk that cannot hold it (rule 16)."""

    def carried(path: str, entry: Entry | None) -> Entry | None:
        if entry is None or entry.kind is not Kind.FILE:
            return entry
        known = base.get(path) or remote.get(path)
        return replace(entry, executable=known is not None and known.executable)

    return {path: carried(path, entry) for path, entry in found.items()}


def view_of(context: Context, seen: Sight, request: Request) -> View:
    """Both sides as this remote's part of the workspace, under the rules of the disk and those that
    are about to arrive. Raises RemoteUnavailable."""
    base, scanned, snapshot, remote = seen.base, seen.scan, seen.snapshot, seen.remote
    rules = scanned.rules
    if isinstance(context.remote, HasRules):
        edited = partial(_edited, base, scanned.tree)
        rules = rules.with_tracked(context.remote.tracked(snapshot.revision, edited))
    rules = with_arriving(rules, {**context.arriving, **seen.arriving})
    strangers = context.routing.strangers(base, remote)
    beneath = context.routing.in_place_of_folders(
        base, scanned.tree, remote, lambda path: os.path.isdir(os.path.join(context.root, path))
    )
    found = (*strangers.problems, *beneath)
    told = [one for one in found if not rules.ignores_deep(one.path)]
    local = context.routing.local_part(base, over(base, scanned.tree), remote)
    stuck = (*scanned.problems, *snapshot.problems, *told)
    policy = context.policy(
        rules=rules,
        blocked=frozenset(one.path for one in stuck if one.code != COLLISION)
        | strangers.twins
        | snapshot.submodules,
        folds=None if seen.tells_case else folded,
    )
    collisions = frozenset(one.path for one in stuck if one.code == COLLISION)
    if collisions:
        ended = cleared(collisions, base, local, remote, policy)
        stuck = tuple(one for one in stuck if one.code != COLLISION or one.path not in ended)
        blocked = policy.blocked | (collisions - ended)
        policy = replace(policy, blocked=blocked, cleared=ended)
    return View(
        state=seen.state,
        base=base,
        local=local,
        remote=remote,
        scan=scanned,
        snapshot=snapshot,
        policy=policy,
        facts=SafetyFacts(
            base_remote_id=seen.state.remote_id,
            remote_id=snapshot.remote_id,
            confirmed=request.confirm_deletes,
            others_have_files=context.routing.shared and holds_content(scanned.tree),
            recorded=not snapshot.unrecorded,
            gone_branch=snapshot.gone_branch,
        ),
        rules=rules,
        problems=(*stuck, *rules.problems, *_replaced(base, scanned, remote)),
        fs_now=seen.fs_now,
        modes=seen.modes,
    )


def _replaced(base: Tree, scanned: Scan, remote: Tree) -> tuple[Problem, ...]:
    """Repositories here in whose place another hub has put a file: both stay (rule 7)."""
    return tuple(
        Problem(
            path,
            "nested-replaced",
            "Another hub has a file here in place of the Git repository; both are kept, each where"
            " it is.",
            "Move the repository, or on the other hub the file, elsewhere, then sync.",
        )
        for path in scanned.nested
        if path not in base and path in remote and remote[path].kind in (Kind.FILE, Kind.LINK)
    )


def _answer(looking: Future[Snapshot], state: State) -> Snapshot:
    """The snapshot. A remote that is gone although this workspace knows it is a safety stop (9)."""
    try:
        return looking.result()
    except Unreachable as error:
        if error.code != NO_MIRROR or not state.base:
            raise
        raise SafetyStop(
            f"The remote is gone. {error.message} This workspace was synced with "
            f"{counted(len(state.base), 'path')} of it.",
            "Check the URL with 'hubsync remote list'. If that was removed on purpose, 'hubsync "
            "remote remove' and 'hubsync remote add' start it anew from what is on both sides.",
            "remote-gone",
        ) from error


def over(base: Tree, tree: Tree) -> Tree:
    """``tree`` as changes over the rows of ``base``, so that comparing them costs the changes."""
    if tree.on_rows_of(base) is not None:
        return tree
    return base.with_changes(tree.changes_since(base))
