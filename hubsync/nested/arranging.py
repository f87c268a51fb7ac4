"""Branches, HEAD, index, stashes and remotes of a repository, made what a state says.

Nothing of another hub's configuration is taken over but the names and addresses of remotes and
which branch follows which: no hook, no filter, no alias (rule 14).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

import pygit2

from hubsync.nested.state import HEADS, Capture, State, decoded, encoded
from hubsync.remotes.git.layout import common_folder

_BESIDE: Final = "refs/hubsync/"
_BACKUP: Final = "refs/hubsync/backup/"
_NOBODY: Final = pygit2.Signature("hubsync", "hubsync@localhost", 0, 0)
_KEPT: Final = 30 * 24 * 60 * 60
"""Seconds for which a backup is kept."""
_RECORD_AT: Final = 4
_RESERVED: Final = {"detached", "heads", "notes", "record", "staged", "stash", "tags", "worktree"}
"""What lies beside the branches; a branch of such a name lies in ``heads/``."""
_ZERO: Final = "0" * 40


def arrange_remotes(repository: Any, state: State) -> None:
    """Add the remotes that are not there; those that are there keep their address."""
    present = {one.name for one in repository.remotes}
    for name, url in state.remotes.items():
        if name not in present:
            repository.remotes.create(name, url)


def checked_out_elsewhere(repository: Any) -> dict[str, str]:
    """The branches of the other working trees of the repository, and where these are:
    gitrepository-layout(5), ``worktrees``."""
    common = common_folder(repository)
    found: dict[str, str] = {}
    with suppress(FileNotFoundError):
        for name in os.listdir(os.path.join(common, "worktrees")):
            folder = os.path.join(common, "worktrees", name)
            if os.path.realpath(folder) != os.path.realpath(repository.path):
                _note_branch(folder, _read(os.path.join(folder, "gitdir")), found)
    if os.path.realpath(common) != os.path.realpath(repository.path):
        _note_branch(common, common, found)
    return found


def _note_branch(folder: str, place: str, found: dict[str, str]) -> None:
    head = _read(os.path.join(folder, "HEAD")).removeprefix("ref: ")
    if head.startswith(HEADS) and os.path.exists(place):
        found[head.removeprefix(HEADS)] = os.path.dirname(place.rstrip("/"))


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read().rstrip("\n")
    except OSError:
        return ""


def arrange_refs(repository: Any, before: State | None, state: State) -> None:
    """Branches, tags and notes, and HEAD. What ``before`` had and the state has not goes."""
    if before is not None:
        gone = {HEADS + one for one in before.branches} | before.refs.keys()
        kept = {HEADS + one for one in state.branches} | state.refs.keys()
        for name in gone - kept:
            if name in repository.references:
                repository.references.delete(name)
    for name, branch in state.branches.items():
        repository.references.create(HEADS + name, pygit2.Oid(hex=branch.tip), force=True)
        _track(repository, name, branch.upstream)
    for name, target in state.refs.items():
        repository.references.create(name, pygit2.Oid(hex=target), force=True)
    if state.head.startswith(HEADS):
        repository.set_head(state.head)
    else:
        repository.set_head(pygit2.Oid(hex=state.head))


def _track(repository: Any, name: str, upstream: str) -> None:
    if upstream and f"branch.{name}.remote" not in repository.config:
        remote, _, branch = upstream.partition("/")
        repository.config[f"branch.{name}.remote"] = remote
        repository.config[f"branch.{name}.merge"] = HEADS + branch


def arrange_index(repository: Any, state: State) -> None:
    """What is staged. Entries that stay the same keep what the index knows of their files."""
    commit = state.staged or state.commit
    index = repository.index
    index.read()
    wanted = pygit2.Index()
    if commit:
        wanted.read_tree(repository[commit].tree)
    entries = {item.path: item for item in wanted}
    present = {item.path: (item.id, item.mode) for item in index}
    for path in present.keys() - entries.keys():
        index.remove(path)
    for path, item in entries.items():
        if present.get(path) != (item.id, item.mode):
            index.add(pygit2.IndexEntry(path, item.id, item.mode))
    index.write()


def arrange_stashes(repository: Any, state: State) -> None:
    """The stashes, all of them: the reference and its log, which is the list (git-stash(1))."""
    log = os.path.join(repository.path, "logs", "refs", "stash")
    if not state.stashes:
        if "refs/stash" in repository.references:
            repository.references.delete("refs/stash")
            with suppress(FileNotFoundError):
                os.unlink(log)
        return
    os.makedirs(os.path.dirname(log), exist_ok=True)
    before, lines = _ZERO, []
    for stash in reversed(state.stashes):
        by = repository[stash.commit].committer
        who = f"{by.name} <{by.email}> {max(by.time, 1)} +0000"  # Git takes 0 for damage
        lines.append(f"{before} {stash.commit} {who}\t{stash.message}\n")
        before = stash.commit
    tip = pygit2.Oid(hex=state.stashes[0].commit)
    repository.references.create("refs/stash", tip, force=True)
    with open(log, "w", encoding="utf-8") as file:
        file.writelines(lines)


def back_up(repository: Any, capture: Capture, called: str) -> None:
    """Keep everything that a state names under ``refs/hubsync/backup/``. Its objects are there."""
    folder = f"{_BACKUP}{called[:12]}/"
    _name_all(repository, folder, capture.state)
    empty = repository.TreeBuilder().write()
    today = pygit2.Signature(_NOBODY.name, _NOBODY.email, int(time.time()), 0)
    record = repository.create_commit(None, today, today, encoded(capture), empty, [])
    repository.references.create(f"{folder}record", record, force=True)


def backed_up(repository: Any, name: str) -> Capture | None:
    """The state that `back_up` kept under that name."""
    found = repository.references.get(f"{_BACKUP}{name[:12]}/record")
    return decoded(repository[found.target].message) if found is not None else None


def put_beside(
    repository: Any, folder: str, state: State, wanted: Iterable[str]
) -> tuple[str, ...]:
    """Those commits of another hub that are ``wanted`` under ``refs/hubsync/<folder>/``; the
    references, its own branch's first."""
    made = _name_all(repository, f"{_BESIDE}{folder}/", state, set(wanted))
    first = state.head.removeprefix(HEADS)
    return tuple(sorted(made, key=lambda name: (not name.endswith(f"/{first}"), name)))


def forget(repository: Any, references: tuple[str, ...]) -> None:
    """Take references of hubsync's own away."""
    for name in references:
        if name.startswith(_BESIDE) and name in repository.references:
            repository.references.delete(name)


def drop_backup(repository: Any, name: str) -> None:
    """Nothing of that state is missing from the repository: its backup is of no use."""
    folder = f"{_BACKUP}{name[:12]}/"
    forget(repository, tuple(one for one in repository.references if one.startswith(folder)))


def prune_backups(repository: Any) -> None:
    """Take those away that were made long ago (rule 11)."""
    records = [
        repository[repository.references[one].target]
        for one in repository.references
        if one.startswith(_BACKUP) and one.count("/") == _RECORD_AT and one.endswith("/record")
    ]
    for record in records:
        if record.commit_time < time.time() - _KEPT:
            drop_backup(repository, decoded(record.message).name)


def _name_all(
    repository: Any, folder: str, state: State, wanted: set[str] | None = None
) -> list[str]:
    made = []
    for name, target in state.tips().items():
        if wanted is not None and target not in wanted:
            continue
        if name.startswith(HEADS):
            short = name.removeprefix(HEADS)
            if short.partition("/")[0] in _RESERVED:
                short = f"heads/{short}"
        else:
            short = name.removeprefix("refs/hubsync/").removeprefix("refs/")
        made.append(folder + ("detached" if name == "HEAD" else short))
        repository.references.create(made[-1], pygit2.Oid(hex=target), force=True)
    return made
