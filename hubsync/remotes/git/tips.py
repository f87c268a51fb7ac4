"""Where the local branch stands, what is in whose history, and what it may leave behind.

Nothing that a person committed is dropped: commits that a branch leaves, because somebody rewrote
the remote's history, get a reference under refs/hubsync/backup/ before.
"""

from __future__ import annotations

from typing import Any, Final

import pygit2

from hubsync.remotes.git import busy

HEADS: Final = "refs/heads/"
BACKUP: Final = "refs/hubsync/backup/"


def checked_out(repository: Any) -> str:
    """The branch that HEAD names; ``""`` for a commit that is on none."""
    head = str(repository.references["HEAD"].target)
    return head.removeprefix(HEADS) if head.startswith(HEADS) else ""


def tip(repository: Any, branch: str) -> str:
    """The commit that the local branch names; ``""`` before the first."""
    found = repository.references.get(HEADS + branch)
    return str(found.target) if found is not None else ""


def is_commit(repository: Any, revision: str) -> bool:
    try:
        return pygit2.Oid(hex=revision) in repository
    except ValueError:
        return False


def descends(repository: Any, commit: str, ancestor: str) -> bool:
    """Whether ``ancestor`` is ``commit`` or in its history."""
    if not ancestor or commit == ancestor:
        return True
    return bool(commit) and repository.descendant_of(commit, ancestor)


def back_up(repository: Any, branch: str, remote: str) -> str:
    """Before the branch leaves commits behind that the remote's ``remote`` has not, they get a
    reference: its name, ``""`` if there are none."""
    local = tip(repository, branch)
    if not local or descends(repository, remote, local):
        return ""
    name = _backup(branch, local)
    repository.references.create(name, pygit2.Oid(hex=local), force=True)
    return name


def is_backed_up(repository: Any, branch: str, commit: str) -> bool:
    """Whether the branch may leave ``commit``: it was rewritten on the remote, and is kept here."""
    return repository.references.get(_backup(branch, commit)) is not None


def _backup(branch: str, commit: str) -> str:
    return f"{BACKUP}{branch}-{commit[:12]}"


def is_ahead(repository: Any, branch: str, commit: str) -> bool:
    """Whether the branch has what ``commit`` has not, and is to have it."""
    local = tip(repository, branch)
    if not local or (commit and not is_commit(repository, commit)):
        return False
    return not (descends(repository, commit, local) or is_backed_up(repository, branch, local))


def stands(repository: Any, branch: str, commit: str) -> str | None:
    """Where the branch stands (``""`` before the first commit), if it may go to ``commit``: it is
    not there yet, leaves nothing of a person's behind, and nobody is about to commit to it. None:
    it stays.

    Only from there may it be moved: looking takes a while, and a commit that comes meanwhile was
    not looked at.
    """
    head = repository.references.get("HEAD")
    if not is_commit(repository, commit) or head is None or head.target != HEADS + branch:
        return None
    before = tip(repository, branch)
    if before == commit:
        return None
    leaves = not (is_backed_up(repository, branch, before) or descends(repository, commit, before))
    return None if leaves or busy.is_committing(repository) else before


def move(repository: Any, branch: str, before: str, commit: str) -> bool:
    """Let the local branch, which stood at ``before``, stand at ``commit``. False: it has been
    moved meanwhile, and stays."""
    name = HEADS + branch
    if not before:
        try:
            repository.references.create(name, pygit2.Oid(hex=commit))
        except pygit2.AlreadyExistsError:
            return False
        return True
    with repository.transaction() as moving:
        moving.lock_ref(name)
        if tip(repository, branch) != before:
            return False
        moving.set_target(name, pygit2.Oid(hex=commit), None, "hubsync: sync")
    return True
