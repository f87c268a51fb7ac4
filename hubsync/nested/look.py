"""A repository looked at: its state, with commits that stand for what is not committed.

Nothing is written into it. The few new objects (the files that were changed, their trees, two
commits) go to a repository of hubsync's own, which borrows the objects of the person's one
(gitrepository-layout(5), ``objects/info/alternates``).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pygit2
from msgspec.structs import replace
from pygit2.enums import RepositoryOpenFlag

from hubsync.core.references import is_reference
from hubsync.errors import RemoteFormatError
from hubsync.nested import findings
from hubsync.nested.addresses import carried
from hubsync.nested.findings import Untold
from hubsync.nested.state import HEADS, Branch, Stash, State, is_remote
from hubsync.nested.uncommitted import Hides, Uncommitting
from hubsync.remotes.git.busy import under_way
from hubsync.remotes.git.layout import common_folder
from hubsync.remotes.git.shallow import SHALLOW, shallow_in


@dataclass(frozen=True)
class Looked:
    """``scratch``: a repository that has all of it. ``pushed``: what its remotes have already.
    ``heavy``: as in `Uncommitted`; ``shallow``: where the history of a shallow clone ends."""

    state: State
    scratch: Any
    pushed: tuple[Any, ...]
    heavy: tuple[tuple[str, int], ...] = ()
    shallow: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Where:
    """The repository ``path`` of the workspace, in ``folder``."""

    path: str
    folder: str

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """The repository. Raises Untold."""
        try:
            found = pygit2.Repository(self.folder, RepositoryOpenFlag.NO_SEARCH)
            _ = found.path, found.head_is_unborn
        except (pygit2.GitError, OSError, ValueError) as error:
            raise Untold(findings.unreadable(self.path, str(error).rstrip("."))) from error
        try:
            yield found
        finally:
            found.free()


def looked(where: Where, hides: Hides, scratch: str) -> Looked:
    """Look at a nested repository; ``scratch`` is an empty folder for the objects, which the answer
    needs. Raises Untold."""
    with where.opened() as repository, told(where.path):
        _refuse_busy(where.path, repository)
        return _look(where.path, repository, hides, _borrowing(repository, scratch))


@contextmanager
def told(path: str) -> Iterator[None]:
    """What libgit2 and the disk say of the repository ``path``, made a problem of it (rule 7):
    raises Untold, and the others go on."""
    try:
        yield
    except RemoteFormatError as error:
        raise Untold(findings.refused(path, error.message.rstrip("."))) from error
    except (pygit2.GitError, KeyError, ValueError, OSError) as error:
        why = str(error).strip("'.") or "damaged"
        raise Untold(findings.unreadable(path, why)) from error


def _refuse_busy(path: str, repository: Any) -> None:
    what = under_way(repository)
    if what or repository.index.conflicts is not None:
        raise Untold(findings.busy(path, what or "a merge"))
    lock = os.path.join(repository.path, "index.lock")
    if os.path.lexists(lock):
        raise Untold(findings.not_finished(path, lock))


def _borrowing(repository: Any, scratch: str) -> Any:
    made = pygit2.init_repository(scratch, bare=True)
    objects = os.path.join(common_folder(repository), "objects")
    info = os.path.join(made.path, "objects", "info")
    os.makedirs(info, exist_ok=True)
    with open(os.path.join(info, "alternates"), "w", encoding="utf-8") as file:
        file.write(_on_one_line(os.path.realpath(objects), info) + "\n")
    with suppress(FileNotFoundError):
        shutil.copyfile(
            os.path.join(common_folder(repository), SHALLOW), os.path.join(made.path, SHALLOW)
        )
    made.free()
    return pygit2.Repository(scratch)


def _on_one_line(path: str, folder: str) -> str:
    """The same place under a name that a line can hold."""
    if "\n" not in path:
        return path
    link = os.path.join(folder, "borrowed")
    os.symlink(path, link)
    return link


def _look(path: str, repository: Any, hides: Hides, scratch: Any) -> Looked:
    state = committed(repository)
    found = Uncommitting(path, repository, scratch, hides).look()
    state = replace(state, staged=found.staged, worktree=found.worktree)
    pushed = _pushed(repository, state.remotes)
    return Looked(state, scratch, pushed, found.heavy, shallow_in(common_folder(repository)))


def committed(repository: Any) -> State:
    """The state but for what is not committed. Of a linked working tree only its own branch: others
    travel with the repository that it belongs to."""
    remotes = _remotes(repository)
    head = str(repository.references["HEAD"].target)
    if head.startswith("refs/") and not head.startswith(HEADS):
        head = str(repository.head.target)
    linked = common_folder(repository) != repository.path
    return State(
        head,
        _branches(repository, head if linked else "", remotes),
        remotes,
        {} if linked else _own_refs(repository, _pushed(repository, remotes)),
        () if linked else _stashes(repository),
    )


def _pushed(repository: Any, remotes: Container[str]) -> tuple[Any, ...]:
    return tuple(
        target
        for name, target in _targets(repository, "refs/remotes/")
        if name.split("/")[2] in remotes
    )


def _targets(repository: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """References with what they name in the end; those that name nothing are passed over."""
    for name in sorted(repository.references):
        if name.startswith(prefix):
            with suppress(KeyError):
                yield name, repository.references[name].resolve().target


def _stashes(repository: Any) -> tuple[Stash, ...]:
    found = repository.listall_stashes()
    return tuple(Stash(str(one.commit_id), one.message.split("\n")[0]) for one in found)


def _remotes(repository: Any) -> dict[str, str]:
    """URL by name, as far as they mean something on another hub."""
    found = {one.name: carried(one.url or "") for one in repository.remotes if is_remote(one.name)}
    return {name: url for name, url in sorted(found.items()) if url is not None}


def _branches(repository: Any, only: str, remotes: dict[str, str]) -> dict[str, Branch]:
    """``only``: the one that is not checked out elsewhere; others travel with the repository."""
    found = {}
    for full, tip in _targets(repository, HEADS):
        if is_reference(full) and only in ("", full):
            name = full.removeprefix(HEADS)
            found[name] = Branch(str(tip), _upstream(repository.config, name, remotes))
    return found


def _upstream(config: Any, name: str, remotes: dict[str, str]) -> str:
    remote = _value(config, f"branch.{name}.remote")
    merge = _value(config, f"branch.{name}.merge").removeprefix(HEADS)
    good = remote in remotes and is_reference(HEADS + merge)
    return f"{remote}/{merge}" if good else ""


def _value(config: Any, key: str) -> str:
    try:
        return str(config[key])
    except (KeyError, ValueError):
        return ""


def _own_refs(repository: Any, pushed: tuple[Any, ...]) -> dict[str, str]:
    """Notes, and the tags of commits that no remote is known to have."""
    own = {
        name: str(target)
        for name, target in _targets(repository, "refs/notes/")
        if is_reference(name)
    }
    tags = [one for one in _targets(repository, "refs/tags/") if is_reference(one[0])]
    if not tags:
        return own
    commits = {name: commit_of(repository, target) for name, target in tags}
    walk = repository.walk(None)
    for commit in commits.values():
        if commit is not None:
            walk.push(commit)
    for tip in pushed:
        walk.hide(tip)
    left = {commit.id for commit in walk}
    return own | {
        name: str(target) for name, target in tags if commits[name] is None or commits[name] in left
    }


def commit_of(repository: Any, target: Any) -> Any:
    """The commit that a tag is on; None if it is on something else."""
    found = repository[target]
    while isinstance(found, pygit2.Tag):
        found = found.get_object()
    return found.id if isinstance(found, pygit2.Commit) else None
