"""The user's own clone: its branch, its index, and what hubsync may do to them.

In branch mode the branch follows what was synced: once the working directory holds a commit, and
the commit has everything that was on the branch before, the branch moves there and the index with
it, so that ``git status`` is clean. Nothing that a person committed or staged is ever dropped.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any, Final

import pygit2
from pygit2.enums import RepositoryState

from hubsync.errors import LocalError
from hubsync.model import METADATA_DIR
from hubsync.remotes.git.place import GitPlace

_HEADS: Final = "refs/heads/"
_BACKUP: Final = "refs/hubsync/backup/"
_STATES: Final = {
    RepositoryState.MERGE: "a merge",
    RepositoryState.REVERT: "a revert",
    RepositoryState.REVERT_SEQUENCE: "a revert",
    RepositoryState.CHERRYPICK: "a cherry-pick",
    RepositoryState.CHERRYPICK_SEQUENCE: "a cherry-pick",
    RepositoryState.BISECT: "a bisect",
    RepositoryState.REBASE: "a rebase",
    RepositoryState.REBASE_INTERACTIVE: "a rebase",
    RepositoryState.REBASE_MERGE: "a rebase",
    RepositoryState.APPLY_MAILBOX: "applying patches",
    RepositoryState.APPLY_MAILBOX_OR_REBASE: "applying patches",
}


def open_checkout(root: str, place: GitPlace, *, create: bool) -> Any:
    """The repository whose working directory is ``root``; made there if ``create`` and there is
    none. Raises LocalError."""
    try:
        repository = pygit2.Repository(root, pygit2.enums.RepositoryOpenFlag.NO_SEARCH)
    except pygit2.GitError as error:
        if os.path.lexists(os.path.join(root, ".git")) or not create:
            raise LocalError(
                f"{root} cannot be opened as a Git repository.",
                "Check the folder .git in it.",
                "no-repository",
            ) from error
        repository = pygit2.init_repository(root, initial_head=place.branch or "main")
    exclude_own_folder(repository)
    return repository


def remote_name(repository: Any, place: GitPlace) -> str:
    """What this clone calls the place; it is given a name if it has none."""
    for remote in repository.remotes:
        if remote.url == place.transport:
            return str(remote.name)
    taken = {remote.name for remote in repository.remotes}
    name = next(one for one in ("origin", "hubsync") if one not in taken)
    repository.remotes.create(name, place.transport)
    return name


def track(repository: Any, branch: str, remote: str) -> None:
    """Let plain ``git pull`` and ``git push`` know where the branch belongs, if nothing does."""
    key = f"branch.{branch}.remote"
    if key not in repository.config:
        repository.config[key] = remote
        repository.config[f"branch.{branch}.merge"] = _HEADS + branch


def exclude_own_folder(repository: Any) -> None:
    """hubsync's folder is ignored in this clone alone; the user's .gitignore stays as it is."""
    path = os.path.join(repository.path, "info", "exclude")
    line = f"/{METADATA_DIR}/"
    with suppress(FileNotFoundError), open(path, encoding="utf-8", errors="replace") as file:
        if line in file.read().splitlines():
            return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def refuse_busy(repository: Any, branch: str) -> None:
    """Raises LocalError while a person is in the middle of something, or on another branch: then
    the working directory is not the branch's. Whoever holds index.lock owns the index."""
    head = repository.references.get("HEAD")
    if head is not None and head.target != _HEADS + branch:
        raise LocalError(
            f"The branch {branch!r} is synced here, and another one is checked out.",
            f"Go back with 'git switch {branch}', then sync.",
            "other-branch",
        )
    state = repository.state()
    if state in _STATES:
        raise LocalError(
            f"The repository is in the middle of {_STATES[state]}.",
            "Finish it (or abort it) with git, then sync.",
            "repository-busy",
        )
    lock = os.path.join(repository.path, "index.lock")
    if os.path.lexists(lock):
        raise LocalError(
            f"Another git command is at work, or left {lock} behind.",
            "Wait until it has ended. If no git command runs, remove that file.",
            "repository-busy",
        )


def checked_out(repository: Any) -> str:
    """The branch that HEAD names; ``""`` for a commit that is on none."""
    head = str(repository.references["HEAD"].target)
    return head.removeprefix(_HEADS) if head.startswith(_HEADS) else ""


def tip(repository: Any, branch: str) -> str:
    """The commit that the local branch names; ``""`` before the first."""
    found = repository.references.get(_HEADS + branch)
    return str(found.target) if found is not None else ""


def descends(repository: Any, commit: str, ancestor: str) -> bool:
    """Whether ``ancestor`` is ``commit`` or in its history."""
    if not ancestor or commit == ancestor:
        return True
    return bool(commit) and repository.descendant_of(commit, ancestor)


def back_up(repository: Any, branch: str, remote: str) -> None:
    """Before the branch leaves commits behind that the remote's ``remote`` has not (somebody
    rewrote its history), they get a reference under refs/hubsync/backup/."""
    local = tip(repository, branch)
    if local and not descends(repository, remote, local):
        repository.references.create(_backup(branch, local), pygit2.Oid(hex=local), force=True)


def is_backed_up(repository: Any, branch: str, commit: str) -> bool:
    """Whether the branch may leave ``commit``: it was rewritten on the remote, and is kept here."""
    return repository.references.get(_backup(branch, commit)) is not None


def _backup(branch: str, commit: str) -> str:
    return f"{_BACKUP}{branch}-{commit[:12]}"


def follow(repository: Any, branch: str, commit: str) -> None:
    """Move branch and index to ``commit``, whose content the working directory holds.

    Left as it is where the branch has what ``commit`` has not, and where HEAD is elsewhere.
    """
    head = repository.references.get("HEAD")
    if not is_commit(repository, commit) or head is None or head.target != _HEADS + branch:
        return
    before = tip(repository, branch)
    kept = is_backed_up(repository, branch, before)
    if before == commit or not (kept or descends(repository, commit, before)):
        return
    index = repository.index
    index.read()
    _keep_staged(repository, before)
    tree = repository[commit].peel(pygit2.Tree)
    _to_tree(repository, index, tree)
    name = _HEADS + branch
    if before:
        with repository.transaction() as moving:
            moving.lock_ref(name)
            moving.set_target(name, pygit2.Oid(hex=commit), None, "hubsync: sync")
    else:
        repository.references.create(name, pygit2.Oid(hex=commit))
    index.write()


def _to_tree(repository: Any, index: Any, tree: Any) -> None:
    """Entries that stay the same keep what the index knows of their files."""
    deltas = list(index.diff_to_tree(tree).deltas)
    # "Added" is seen from the tree: it has no such path. A file may come where a folder was.
    for delta in deltas:
        if delta.status_char() == "A":
            index.remove(delta.new_file.path)
    for delta in deltas:
        if delta.status_char() != "A":
            old = delta.old_file
            index.add(pygit2.IndexEntry(old.path, old.id, old.mode))


def _keep_staged(repository: Any, before: str) -> None:
    """What was staged and is neither committed nor on the disk any more stays findable: as a
    commit under refs/hubsync/backup/."""
    if not before:
        return
    index = repository.index
    tree = repository[before].peel(pygit2.Tree)
    staged = [
        delta
        for delta in index.diff_to_tree(tree).deltas
        if delta.status_char() in "AM" and not _on_disk(repository, delta.new_file)
    ]
    if not staged:
        return
    name = index.write_tree()
    who = pygit2.Signature("hubsync", "hubsync@localhost")
    commit = repository.create_commit(None, who, who, "Staged before a sync\n", name, [before])
    repository.references.create(f"{_BACKUP}index-{commit}", commit, force=True)


def _on_disk(repository: Any, file: Any) -> bool:
    try:
        return bool(repository.create_blob_fromworkdir(file.path) == file.id)
    except (KeyError, OSError, pygit2.GitError):
        return False


def is_commit(repository: Any, revision: str) -> bool:
    try:
        return pygit2.Oid(hex=revision) in repository
    except ValueError:
        return False
