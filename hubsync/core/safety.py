"""Safety stops: what looks so wrong that nothing at all is changed (rule 9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NoReturn

from msgspec import Struct

from hubsync.core.conflicts import entry_digest
from hubsync.core.figures import counted
from hubsync.core.paths import name_of
from hubsync.errors import SafetyStop
from hubsync.model import Carry, Entry, Kind, Plan, Side, Tree

CONFIRM: Final = "--confirm-deletes"

FEW: Final = 10
"""Up to so many deletions are nobody's accident."""


class SafetyFacts(Struct, frozen=True):
    """What the trees do not say.

    ``local_exists``: the workspace's root is there and can be read. ``base_remote_id``: the id of
    the remote that the base was agreed with; ``""`` if there was none. ``confirmed``: the user
    gave `CONFIRM`. ``others_have_files``: the workspace has several remotes and is not empty, even
    if nothing in it belongs to this one. ``recorded``: what is gone from the remote was taken away
    by a hub, as the remote's own books say. ``gone_branch``: as in `protocol.Snapshot`.
    """

    remote_id: str
    base_remote_id: str = ""
    local_exists: bool = True
    confirmed: bool = False
    remote_url: str = ""
    others_have_files: bool = False
    recorded: bool = False
    gone_branch: str = ""


def check(
    base: Tree,
    local: Tree,
    remote: Tree,
    plan: Plan,
    facts: SafetyFacts,
    beside: Sequence[Plan] = (),
) -> None:
    """Raise `SafetyStop` if ``plan`` should not be carried out unseen. Costs O(changes).

    ``beside``: the plans for the workspace's other remotes; what moves to one of them is not lost.
    """
    _check_identity(facts)
    if len(base):
        _check_presence(base, local, remote, facts)
    if not facts.confirmed:
        _check_deletions(plan, Side.LOCAL, local, beside)
        _check_deletions(plan, Side.REMOTE, remote, beside)


def _check_identity(facts: SafetyFacts) -> None:
    if facts.base_remote_id and facts.remote_id != facts.base_remote_id:
        where = f" at {facts.remote_url}" if facts.remote_url else ""
        raise SafetyStop(
            f"The remote{where} is not the one this workspace was synced with: "
            f"its id is {facts.remote_id or 'missing'}, expected was {facts.base_remote_id}.",
            "If the remote was moved, point to the right place with `hubsync remote set`. If it "
            "was made anew on purpose, `hubsync remote remove` and `hubsync remote add` unite both "
            "sides, and nothing is deleted.",
            "remote-replaced",
        )


def _check_presence(base: Tree, local: Tree, remote: Tree, facts: SafetyFacts) -> None:
    known = len(base)
    if not facts.local_exists:
        raise SafetyStop(
            f"The workspace's folder is gone; it held {counted(known, 'file')}.",
            "If it is on another disk, mount that. Otherwise `hubsync clone` brings it back.",
            "local-gone",
        )
    if facts.confirmed:
        return
    if _is_emptied(base, local) and not facts.others_have_files:
        _stop_empty("The workspace is", known, "the remote", "local-empty")
    moved_on = facts.others_have_files and facts.recorded
    if _is_emptied(base, remote) and (facts.gone_branch or not moved_on):
        if facts.gone_branch:
            _stop_without(facts.gone_branch, known)
        _stop_empty("The remote is", known, "this workspace", "remote-empty")


def _is_emptied(base: Tree, side: Tree) -> bool:
    """Empty directories that are left over of what was there are as good as nothing."""
    return not len(side) or (holds_content(base) and not holds_content(side))


def holds_content(tree: Tree) -> bool:
    """Whether there is anything but empty directories."""
    return any(entry.kind is not Kind.DIR for entry in tree.values())


def _stop_empty(what: str, known: int, other: str, code: str) -> NoReturn:
    raise SafetyStop(
        f"{what} empty, but had {counted(known, 'file')} at the last sync.",
        f"If they were deleted on purpose, `{CONFIRM}` deletes them from {other} as well.",
        code,
    )


def _stop_without(branch: str, known: int) -> NoReturn:
    """The code is that of an emptied remote: what may be confirmed is the same."""
    raise SafetyStop(
        f"The branch {branch!r} is gone from the remote, which has others; it had "
        f"{counted(known, 'file')} at the last sync.",
        "If it was renamed, follow it: 'git fetch', 'git switch NEW', then 'hubsync remote set "
        f"REMOTE --branch NEW'. If it was deleted on purpose, `{CONFIRM}` deletes its files from "
        "this workspace as well.",
        "remote-empty",
    )


def _check_deletions(plan: Plan, side: Side, tree: Tree, beside: Sequence[Plan]) -> None:
    deleted = _deletions(plan, side)
    if deleted > FEW and beside:
        deleted = _deletions(plan, side, beside)
    if deleted <= FEW:
        return
    held = sum(entry.kind is not Kind.DIR for entry in tree.values())
    if 2 * deleted <= held:
        return
    here = "this workspace" if side is Side.LOCAL else "the remote"
    there = "the remote" if side is Side.LOCAL else "this workspace"
    raise SafetyStop(
        f"{deleted} of {counted(held, 'file')} would be deleted from {here}, "
        f"because they are gone from {there}.",
        f"If that is on purpose, `{CONFIRM}` lets it happen.",
        "mass-deletion",
    )


def _deletions(plan: Plan, side: Side, beside: Sequence[Plan] = ()) -> int:
    """How many contents would vanish from ``side``; what reappears under another name does not."""
    carries = [carry for carry in plan.carries if carry.to is side]
    if not any(carry.entry is None for carry in carries):
        return 0
    arriving = Counter(_traces(carry) for carry in carries if carry.entry is not None)
    arriving.update(_trace(keep.copied, keep.copy_path) for keep in plan.keeps)
    arriving.update(
        _traces(carry)
        for other in beside
        for carry in other.carries
        if carry.to is side and carry.entry is not None
    )
    sent = {carry.path for carry in carries if carry.entry is not None}
    deleted = 0
    for carry in carries:
        before = carry.expect
        if carry.entry is not None or before is None or before.kind is Kind.DIR:
            continue
        if carry.moved_to is not None and carry.moved_to not in sent:
            continue  # it stands on another remote
        for trace in (_trace(before, carry.path), (before.size, name_of(carry.path))):
            if arriving[trace]:
                arriving[trace] -= 1
                break
        else:
            deleted += 1
    return deleted


_Trace = bytes | tuple[int, str]
"""By what a content is recognised elsewhere: its digest, or, unread, its size and name."""


def _traces(carry: Carry) -> _Trace:
    assert carry.entry is not None
    return _trace(carry.entry, carry.path)


def _trace(entry: Entry, path: str) -> _Trace:
    return entry_digest(entry) or (entry.size, name_of(path))
