"""The listing against the index: which objects are as recorded, which are not, which are gone.

The listing is the truth about which objects exist, the index says what is in them. Where the two
differ, another tool wrote or deleted, or a publish of ours was interrupted (its journal knows).

For 100,000 objects this is one loop with nothing built for those that are as recorded.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Final

from msgspec import Struct

from hubsync.core.paths import check_remote_name
from hubsync.model import METADATA_DIR, Entry, Kind, Problem, Tree
from hubsync.stores.protocol import ObjectInfo, Vouched

_OWN: Final = f"/{METADATA_DIR}/"
_MIRROR: Final = f"{_OWN}format.json"
_SLACK: Final = 1_000_000_000
"""Some servers tell the time of an object in whole seconds in one answer and exactly in another."""


def vouched(tree: Tree, recorded: int, doubted: Container[str] = ()) -> Vouched:
    """Which empty objects of a listing are files for sure: those that are as ``tree`` has them.

    All empty objects may have one identity, so that a folder's marker that another tool put in the
    place of a file of that name looks as the file did. But it is younger than the head, which was
    written at ``recorded`` (by the store's clock) and names no object of a later time. ``doubted``:
    paths of which nothing is believed.
    """

    def known(info: ObjectInfo) -> bool:
        row = tree.get(info.key)
        return (
            row is not None
            and info.key not in doubted
            and row.identity == info.identity
            and row.size == info.size
            and info.mtime <= recorded + _SLACK
        )

    return known


class Differences(Struct, frozen=True):
    """``odd``: objects that are not as the tree says. ``missing``: paths whose object is gone."""

    odd: dict[str, ObjectInfo]
    missing: frozenset[str]


class Overlay(Struct, frozen=True):
    """What has to be laid over the index's tree. ``unrecorded``: paths whose entry here is right
    and the index's is not."""

    changes: dict[str, Entry | None]
    unrecorded: frozenset[str]
    problems: tuple[Problem, ...]


def differences(tree: Tree, batches: Iterable[list[ObjectInfo]]) -> Differences:
    """Where the listing, in ``batches``, is not what ``tree`` says."""
    left = tree.flat()
    take = left.pop
    odd: dict[str, ObjectInfo] = {}
    for batch in batches:
        for info in batch:
            key = info.key
            row = take(key, None)
            if row is None or row.identity != info.identity or row.size != info.size:
                odd[key] = info
    directory = Kind.DIR
    missing = frozenset(path for path, row in left.items() if row.kind is not directory)
    stuck = {f"{key}/" for key, info in odd.items() if info.size < 0}
    if stuck:
        missing = frozenset(path for path in missing if not _is_below(path, stuck))
    return Differences(odd, missing)


def settled(found: Differences, fresh: Mapping[str, Entry | None]) -> Differences:
    """Without the paths that another hub published while the listing went on: for these the index
    is as good as the listing, and what changed later still is found next time."""
    return Differences(
        {key: info for key, info in found.odd.items() if key not in fresh},
        found.missing - fresh.keys(),
    )


def overlay(tree: Tree, found: Differences, journal: Mapping[str, Entry]) -> Overlay:
    """``journal``: entries that an interrupted publish of ours wrote."""
    changes: dict[str, Entry | None] = {}
    unrecorded: set[str] = set(found.missing)
    problems: list[Problem] = []
    for path in found.missing:
        changes[path] = None
    inside = {key.removesuffix(_MIRROR) for key in found.odd if key.endswith(_MIRROR)}
    for key, info in found.odd.items():
        if inside and key.partition(_OWN)[0] in inside:
            continue
        ours = journal.get(key)
        if ours is not None and ours.identity == info.identity and ours.size == info.size:
            changes[key] = ours
            unrecorded.add(key)
            continue
        if key.endswith("/") and info.size == 0:
            continue  # a directory marker of some other tool
        problem = check_remote_name(key)
        if problem is None and info.size < 0:
            problem = Problem(
                key,
                "remote-not-a-file",
                "A link, or something else that cannot be read, has this name on the remote.",
                "Nothing at or below it is synced, and nothing is deleted. Put the file or folder "
                "itself there.",
            )
        if problem is not None:
            problems.append(problem)
            continue
        before = tree.get(key)
        changes[key] = _foreign(info, before)
    problems += map(_mirror_inside, sorted(inside))
    return Overlay(changes, frozenset(unrecorded), tuple(problems))


def _mirror_inside(folder: str) -> Problem:
    """Told once, not for each object of its books."""
    return Problem(
        f"{folder}/{METADATA_DIR}",
        "mirror-inside",
        f"Another workspace is linked to {folder}, inside this remote. Its files are synced from "
        "here too; what hubsync keeps there for it is left alone.",
        "Two workspaces for the same files are in each other's way: link one of them to a place of "
        "its own (hubsync remote set), or add the folder to .hubsyncignore here.",
    )


def _is_below(path: str, folders: set[str]) -> bool:
    at = path.find("/")
    while at >= 0:
        if path[: at + 1] in folders:
            return True
        at = path.find("/", at + 1)
    return False


def _foreign(info: ObjectInfo, before: Entry | None) -> Entry:
    """Another tool's object: its content is not known until it is read."""
    executable = before is not None and before.executable
    return Entry(
        kind=Kind.FILE,
        size=info.size,
        digest=None,
        mtime=info.mtime,
        executable=executable,
        identity=info.identity,
    )
