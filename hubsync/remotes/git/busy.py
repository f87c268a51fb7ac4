"""When a clone is left alone: its person is in the middle of something with git."""

from __future__ import annotations

import os
from typing import Any, Final

import pygit2
from pygit2.enums import RepositoryState

from hubsync.errors import LocalError
from hubsync.remotes.git import index_file, locks
from hubsync.remotes.git.unmerged import unmerged

_HEADS: Final = "refs/heads/"
_SPARSE: Final = "core.sparsecheckout"
_MESSAGE: Final = "COMMIT_EDITMSG"
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


def refuse_busy(repository: Any, branch: str) -> None:
    """Raises LocalError while a person is in the middle of something, or on another branch: then
    the working directory is not the branch's."""
    refuse_unfinished(repository, branch)  # first: a rebase leaves the branch while it lasts
    refuse_other_branch(repository, branch)
    refuse_parted(repository)
    refuse_unmerged(repository)


def is_on_another(repository: Any, branch: str) -> bool:
    """Whether another branch than ``branch``, or none, is checked out."""
    head = repository.references.get("HEAD")
    return head is not None and head.target != _HEADS + branch


def refuse_other_branch(repository: Any, branch: str) -> None:
    if not is_on_another(repository, branch):
        return
    head = repository.references["HEAD"]
    now = head.target.removeprefix(_HEADS) if isinstance(head.target, str) else ""
    change = (
        f"to sync {now!r} from now on, 'hubsync remote set NAME --branch {now}' with the NAME that "
        "'hubsync remote list' shows"
    )
    if _HEADS + branch not in repository.references:
        raise LocalError(
            f"The branch {branch!r} is synced here, and there is none of that name any more.",
            f"If it was renamed: {change}." if now else f"Make it with 'git switch -c {branch}'.",
            "other-branch",
        )
    back = f"Go back with 'git switch {branch}', then sync"
    raise LocalError(
        f"The branch {branch!r} is synced here, and another one is checked out.",
        f"{back}; or, {change}." if now else f"{back}.",
        "other-branch",
    )


def refuse_unfinished(repository: Any, branch: str) -> None:
    """Whoever holds index.lock owns the index."""
    doing = under_way(repository)
    if doing:
        raise LocalError(
            f"The repository is in the middle of {doing}.",
            "Finish it (or abort it) with git, then sync.",
            "repository-busy",
        )
    lock = locks.first_held(repository.path, _HEADS + branch)
    if lock:
        raise at_work(lock)


def refuse_unmerged(repository: Any) -> None:
    """Raises LocalError where paths are in conflict: ``git stash pop``, for one, leaves them and
    nothing else to know it by. What is in their files may be conflict markers."""
    found = unmerged(os.path.join(repository.path, "index"))
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise LocalError(
            f"In conflict in Git's index: {os.fsdecode(found[0])!r}{more}.",
            "Resolve it and 'git add' it, or give it up with 'git checkout HEAD -- PATH' "
            "('git status' lists all), then sync.",
            "repository-busy",
        )


def at_work(lock: str) -> LocalError:
    """The error for a lock of Git that somebody holds."""
    return LocalError(
        f"Another git command is at work, or left {lock} behind.",
        "Wait until it has ended. If no git command runs, remove that file.",
        "repository-busy",
    )


def under_way(repository: Any) -> str:
    """What a person is in the middle of, such as ``"a merge"``; ``""``: nothing."""
    return _STATES.get(repository.state(), "")


def is_committing(repository: Any) -> bool:
    """Whether a person has the message of a commit in their editor, as far as may be seen. Git
    holds no lock meanwhile, and refuses the commit if its branch was moved.

    The message is written down when the editor is opened, and the commit into the log of HEAD when
    it is made; an editor that was left with no message leaves no git program behind. Before the
    message, the hooks that git runs first may take as long.
    """
    root = os.path.realpath(repository.workdir)
    if locks.git_runs_in(root, "commit"):
        return True
    message = locks.file_state(os.path.join(repository.path, _MESSAGE))
    last = locks.file_state(os.path.join(repository.path, "logs", "HEAD"))
    if not any(message) or message[2] < last[2]:
        return False
    return locks.git_runs_in(root)


def refuse_parted(repository: Any) -> None:
    """Raises LocalError where the index or the working directory lacks what nobody deleted, or
    libgit2 cannot read the index: nothing may be published then that the branch cannot follow."""
    if _is_sparse(repository):
        raise LocalError(
            "This is a sparse checkout: files that are not on the disk would look deleted.",
            "Bring them here with 'git sparse-checkout disable', or sync another clone.",
            "sparse-checkout",
        )
    needed = index_file.needed(os.path.join(repository.path, "index"))
    if index_file.SPARSE in needed:
        raise LocalError(
            "The index of this repository is a sparse one, which cannot be read.",
            "Make it whole with 'git sparse-checkout disable', then sync.",
            "sparse-checkout",
        )
    if needed:
        raise LocalError(
            "The index of this repository is split in two files, which cannot be read.",
            "Join it with 'git config core.splitIndex false' and "
            "'git update-index --no-split-index', then sync.",
            "split-index",
        )


def _is_sparse(repository: Any) -> bool:
    """See git-sparse-checkout(1)."""
    own = os.path.join(repository.path, "config.worktree")  # libgit2 does not ask it
    configs = [repository.config, *([pygit2.Config(own)] if os.path.exists(own) else [])]
    return any(_SPARSE in config and config.get_bool(_SPARSE) for config in configs)
