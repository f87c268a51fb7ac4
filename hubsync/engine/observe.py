"""Looking at both sides at once: what is on the disk, what is on the remote, what is invisible."""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from hubsync.core.figures import counted
from hubsync.core.ignore import IgnoreRules
from hubsync.core.paths import parent
from hubsync.core.policy import Policy
from hubsync.core.safety import SafetyFacts
from hubsync.engine.context import Context, Request
from hubsync.errors import SafetyStop, Unreachable
from hubsync.local.evidence import clock_of
from hubsync.local.scan import scan
from hubsync.local.scanned import Scan
from hubsync.local.stage import Stage
from hubsync.local.state import State
from hubsync.model import IGNORE_FILE, Kind, Problem, Side, Tree
from hubsync.remotes.protocol import Known, Snapshot

LARGEST_IGNORE_FILE = 1 << 20
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


def observe(context: Context, state: State, request: Request, *, suspicious: bool = False) -> View:
    """Scan the disk while the remote is listed; neither is changed.

    ``suspicious``: something was not what the books say, so the remote is listed whatever else
    would spare that.

    Raises RemoteUnavailable, RemoteFormatError, LocalError.
    """
    fs_now = clock_of(context.layout.metadata)
    base = Tree(state.base)
    seen_locally = Tree(state.base, state.local)
    known = Known(state.remote_id, state.revision, Tree(state.base, state.remote))
    # A push relies on conditions and needs no listing; so does a remote that only hubsync writes.
    listing = suspicious or not (context.trusts_books or request.only is Side.REMOTE)
    context.reporter.phase("Looking at both sides")
    with ThreadPoolExecutor(max_workers=1) as pool:
        looking = pool.submit(
            context.remote.snapshot, known if state.revision else None, listing=listing
        )
        scanned = scan(
            context.root,
            seen_locally,
            IgnoreRules.builtin(),
            checksum=request.checksum,
            stopping=context.reporter.stopping,
            rules_digest=state.rules_digest,
        )
        snapshot = _answer(looking, state)
    scanned = scanned.over(snapshot.tree)
    remote = over(base, snapshot.tree)
    rules = _incoming_rules(context, base, scanned, remote)
    strangers = [
        one for one in context.routing.strangers(base, remote) if not rules.ignores_deep(one.path)
    ]
    stuck = (*scanned.problems, *snapshot.problems, *strangers)
    return View(
        state=state,
        base=base,
        local=context.routing.local_part(base, over(base, scanned.tree), remote),
        remote=remote,
        scan=scanned,
        snapshot=snapshot,
        policy=context.policy(rules=rules, blocked=frozenset(one.path for one in stuck)),
        facts=SafetyFacts(
            base_remote_id=state.remote_id,
            remote_id=snapshot.remote_id,
            confirmed=request.confirm_deletes,
        ),
        rules=rules,
        problems=(*stuck, *rules.problems),
        fs_now=fs_now,
    )


def _answer(looking: Future[Snapshot], state: State) -> Snapshot:
    """The snapshot. A remote that is gone although this workspace knows it is a safety stop (9)."""
    try:
        return looking.result()
    except Unreachable as error:
        if error.code != NO_MIRROR or not state.base:
            raise
        raise SafetyStop(
            f"The remote is gone: nothing of the {counted(len(state.base), 'path')} that this "
            "workspace was synced with is there any more.",
            "Check the URL with 'hubsync remote list'. If the place was emptied on purpose, "
            "'hubsync remote remove' and 'hubsync remote add' start it anew from what is here.",
            "remote-gone",
        ) from error


def over(base: Tree, tree: Tree) -> Tree:
    """``tree`` as changes over the rows of ``base``, so that comparing them costs the changes."""
    if tree.on_rows_of(base) is not None:
        return tree
    return base.with_changes(tree.changes_since(base))


def _incoming_rules(context: Context, base: Tree, scanned: Scan, remote: Tree) -> IgnoreRules:
    """The rules on the disk, and those that are about to arrive: a path that another hub ignores
    is invisible here from the same cycle on (rule 8), a clone included.

    One that is ignored itself does not arrive, so it rules nothing here: by its rules a path would
    come down that the next scan, which has not got them, does not see.
    """
    coming = [
        (path, entry)
        for path, entry in remote.changes_since(base).items()
        if entry is not None
        and entry.kind is Kind.FILE
        and entry.size <= LARGEST_IGNORE_FILE
        and os.path.basename(path) == IGNORE_FILE
        and path not in scanned.tree.changes_since(base)
    ]
    rules = scanned.rules
    if not coming:
        return rules
    texts: dict[str, str] = {}
    with tempfile.TemporaryDirectory(dir=Stage(context.root).directory) as folder:
        for got in context.remote.fetch(
            sorted(coming), lambda name: os.path.join(folder, name), context.reporter
        ):
            if got.source:
                texts[got.path] = _text(got.source)
    for path in sorted(texts, key=lambda path: path.count("/")):
        with_it = rules.with_file(parent(path), texts[path])
        if not with_it.ignores_deep(path):
            rules = with_it
    return rules


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
