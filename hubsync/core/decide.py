"""What becomes of one path, looked at by itself (rules 1, 2, 3, 6, 16)."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from hubsync.core.policy import Policy, combined, equal, merged_executable, same_bytes
from hubsync.model import Carry, Entry, Kind, Merge, Side


class Agreed(Struct, frozen=True):
    """Both sides are equal; the base becomes ``entry``."""

    entry: Entry | None


class KeepTwice(Struct, frozen=True):
    """``source``'s entry becomes a conflict copy; ``keeper``'s, or a directory, has the path."""

    keeper: Side | None
    source: Side


Decision = Agreed | KeepTwice | Merge | tuple[Carry, ...]


def decide(
    path: str, base: Entry | None, local: Entry | None, remote: Entry | None, policy: Policy
) -> Decision:
    """One path's decision. An entry whose content is unknown is different from everything."""
    before, here, there = base, local, remote
    if not policy.empty_directories:
        before, here, there = _not_directory(base), _not_directory(local), _not_directory(remote)
    if equal(here, there, policy):
        # Rule 1. A base that is only behind on evidence is refreshed too, so that a touched file is
        # not read again.
        return Agreed(None if local is None or remote is None else combined(local, remote))
    if equal(before, here, policy):
        return (_carry(path, Side.LOCAL, there, local, base, policy),)
    if equal(before, there, policy):
        return (_carry(path, Side.REMOTE, here, remote, base, policy),)
    # From here on both sides differ from the base and from one another (rule 3).
    if here is None:
        return (_survivor(path, Side.LOCAL, there, local, base, policy),)
    if there is None:
        return (_survivor(path, Side.REMOTE, here, remote, base, policy),)
    if here.kind is Kind.FILE and there.kind is Kind.FILE:
        return _two_files(path, before, here, there, policy)
    # Rule 5, where the directory is an empty one.
    if here.kind is Kind.DIR:
        return KeepTwice(keeper=None, source=Side.REMOTE)
    if there.kind is Kind.DIR:
        return KeepTwice(keeper=None, source=Side.LOCAL)
    # Links have no lines to merge. What reached the remote first keeps the name.
    return KeepTwice(keeper=Side.REMOTE, source=Side.LOCAL)


def _not_directory(entry: Entry | None) -> Entry | None:
    """``entry``, or None for an empty directory: where it is not carried, nothing is there (16)."""
    return None if entry is not None and entry.kind is Kind.DIR else entry


def _carry(
    path: str,
    to: Side,
    entry: Entry | None,
    expect: Entry | None,
    base: Entry | None,
    policy: Policy,
) -> Carry:
    if entry is not None and entry.kind is Kind.FILE and to is Side.LOCAL and not policy.executable:
        # Rule 16: the remote says nothing of the executable bit; the one that is here stays.
        before = expect if expect is not None else base
        if before is not None and before.executable != entry.executable:
            entry = replace(entry, executable=before.executable)
    return Carry(path, to, entry, expect)


def _survivor(
    path: str,
    to: Side,
    entry: Entry | None,
    expect: Entry | None,
    base: Entry | None,
    policy: Policy,
) -> Carry:
    """An edit that met a deletion (rule 3). An empty directory is nobody's edit."""
    carry = _carry(path, to, entry, expect, base, policy)
    if entry is None or entry.kind is Kind.DIR or base is None or base.kind is Kind.DIR:
        return carry
    return replace(carry, survives=True)


def _two_files(
    path: str, base: Entry | None, local: Entry, remote: Entry, policy: Policy
) -> Merge | tuple[Carry, ...]:
    """Both sides changed a file: content and mode are merged each by itself."""
    executable = merged_executable(base, local, remote) if policy.executable else local.executable
    if same_bytes(local, remote):
        content = combined(local, remote)
    elif same_bytes(base, local):
        content = remote
    elif same_bytes(base, remote):
        content = local
    else:
        is_file = base is not None and base.kind is Kind.FILE
        return Merge(path, base if is_file else None, local, remote)
    final = replace(content, executable=executable)
    return tuple(
        Carry(path, to, final, expect)
        for to, expect in ((Side.LOCAL, local), (Side.REMOTE, remote))
        if not equal(final, expect, policy)
    )
