"""What the history knows of nested repositories, and earlier states of them brought back."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from hubsync.core.captures import repository_of
from hubsync.errors import LocalError, NoSuchVersion, UsageError
from hubsync.links import Links
from hubsync.local.apply import Applier
from hubsync.local.stage import Stage
from hubsync.local.steps import Result, Step
from hubsync.local.trash import Trash
from hubsync.model import NESTED_DIR, LogChange
from hubsync.nested.memory import load as load_known
from hubsync.nested.room import Room
from hubsync.remotes.protocol import Remote
from hubsync.report import Reporter
from hubsync.results import PathVersion, Restored
from hubsync.services.nesting import outgoing
from hubsync.services.restoring import is_time, present, refuse_name, time_of
from hubsync.services.rewinding import Wish, restore_files, standing_at

_SHORTEST: Final = 7


class _Captured(Struct, frozen=True):
    """A state of a repository; ``file``: the capture, which ``remote`` has in that version."""

    told: PathVersion
    file: str
    remote: Remote


class _Wanted(Struct, frozen=True):
    """The capture ``file``, as the remote has it in that version."""

    file: str
    version: str
    remote: Remote


def versions(links: Links, path: str) -> list[PathVersion]:
    """The states that the repository ``path`` has had, as `history.versions` tells of files."""
    return [one.told for one in _captured(links, path)]


def restore(links: Links, path: str, *, at: str | None, to: str | None) -> Restored | None:
    """Bring a repository back that is not there; None if the history knows none of that name.
    Raises UsageError, NoSuchVersion, LocalError."""
    known = _captured(links, path)
    if not known:
        return None
    target = to or path
    refuse_name(target)
    if os.path.lexists(os.path.join(links.layout.root, target)):
        raise UsageError(
            f"{target} is there: a Git repository is not brought back over what stands in its "
            "place.",
            f"Bring it back beside it: hubsync restore {path} --to {path}-before.",
            "repository-in-the-way",
        )
    wanted = next(_wanted(known, at), None)
    if wanted is None:
        raise NoSuchVersion(
            f"There is no such version of the repository {path}.",
            f"'hubsync log {path}' lists what there is.",
        )
    version = wanted.told.version
    size = _brought(links, [_Wanted(wanted.file, version, wanted.remote)], target)
    return Restored(target, version, size)


def restore_directory(links: Links, wish: Wish, reporter: Reporter) -> Restored:
    """Bring a directory back with the repositories in it; see `Workspace.restore`. Raises
    UsageError, NoSuchVersion, LocalError, Interrupted."""
    remotes = [links.remote(one.name) for one in links.linked()]
    now, no_file = links.clock(), None
    done = Restored(wish.to or wish.path or ".", wish.at or "", 0, 0)
    try:
        done = restore_files(remotes, links.layout, wish, now=now, reporter=reporter)
    except NoSuchVersion as error:
        no_file = error
    found = _inside(remotes, wish)
    if no_file is not None and not found:
        raise no_file
    reporter.phase("Bringing back the repositories")
    paths, left, failed, size = [], [], [], done.size
    for target, wanted in found.items():
        refuse_name(target)
        if os.path.lexists(os.path.join(links.layout.root, target, ".git")):
            known = load_known(links.layout).get(target)
            if known is None or known.at not in [_id(one.file) for one in wanted]:
                left.append(target)
            continue
        try:
            size += _brought(links, wanted, target)
            paths.append(target)
        except (NoSuchVersion, LocalError) as error:
            failed.append(f"{target} ({error.message.rstrip('.')})")
    if failed:
        raise LocalError(
            f"These repositories could not be brought back: {'; '.join(failed)}. All else was.",
            "'hubsync log PATH' says which versions of a repository are still kept.",
            "partly-restored",
        )
    return replace(done, size=size, repositories=tuple(paths), left=tuple(left))


def _inside(remotes: Sequence[Remote], wish: Wish) -> dict[str, list[_Wanted]]:
    """The captures that stood there then, by where the repositories are to be; the outer ones
    first. None if the directory was a repository itself."""
    above = "" if wish.path in ("", ".") else f"{wish.path}/"
    below = "" if wish.to is None else f"{wish.to.rstrip('/')}/"
    found: dict[str, list[_Wanted]] = {}
    for remote in remotes:
        for one in standing_at(remote.history(), f"{NESTED_DIR}/{above}", wish.at or ""):
            name = repository_of(one.path)
            if name and name == wish.path:
                return {}
            if name:
                target = name if wish.to is None else below + name.removeprefix(above)
                found.setdefault(target, []).append(_Wanted(one.path, one.version, remote))
    return dict(sorted(found.items()))


def _brought(links: Links, wanted: Sequence[_Wanted], target: str) -> int:
    """Make the repository ``target`` of captures. Their size in bytes."""
    layout = links.layout
    room = Room(layout, links.env, "", outgoing(links))
    stage = Stage(layout.root)
    slots = [stage.slot(f"restore-{os.getpid()}-{number}") for number in range(len(wanted))]
    steps: list[Step] = []
    try:
        for one, slot in zip(wanted, slots, strict=True):
            name = f"{NESTED_DIR}/{target}/{os.path.basename(one.file)}"
            entry = one.remote.read(one.file, one.version, slot)
            steps.append(Step(name, entry, present(layout, name), slot))
        # Of several captures the newest would come back; what gives way is in the trash.
        coming = {one.path for one in steps}
        others = [f"{NESTED_DIR}/{target}/{one}.bundle" for one in room.places.of(target)]
        gone = [Step(one, None, present(layout, one)) for one in others if one not in coming]
        with Applier(layout.root, Trash(layout.root, links.clock)) as applier:
            results = list(applier.apply([*steps, *gone]))
            applier.flush()
    finally:
        for slot in slots:
            with suppress(FileNotFoundError):
                os.unlink(slot)
    stuck = next((one for one in results if one.result is not Result.APPLIED), None)
    if stuck is not None:
        raise LocalError(
            f"{stuck.path} changed meanwhile, or cannot be written.", "Try again.", "not-restored"
        )
    room.bring(target)
    return sum(step.entry.size for step in steps if step.entry is not None)


def _id(file: str) -> str:
    return os.path.basename(file).partition(".")[0]


def _wanted(known: list[_Captured], at: str | None) -> Iterator[_Captured]:
    """Those that may be meant, the best first."""
    if at is not None and is_time(at):
        moment = time_of(at)
        then = next((one for one in known if one.told.time <= moment), None)
        if then is not None and then.told.digest is not None:
            yield then
        return
    for one in known:
        named = at is None or one.told.version == at
        named = named or (len(at or "") >= _SHORTEST and one.told.version.startswith(at or ""))
        if named and one.told.digest is not None:
            yield one


def _captured(links: Links, path: str) -> list[_Captured]:
    """Newest first."""
    found: list[_Captured] = []
    for settings in links.linked():
        remote = links.remote(settings.name)
        for record in remote.history():
            mine = [one for one in record.changes if repository_of(one.path) == path]
            # A new state takes the place of the one before: that is one change, not two.
            come = [one for one in mine if one.after is not None]
            for change in come or mine[:1]:
                told = PathVersion(
                    record.version,
                    record.time,
                    record.hub,
                    record.author,
                    _hex(change),
                    change.size,
                )
                found.append(_Captured(told, change.path, remote))
    found.sort(key=lambda one: one.told.time, reverse=True)
    return found


def _hex(change: LogChange) -> str | None:
    return change.after.hex() if change.after is not None else None
