"""The user's own clone: opened, or made; and what its settings say because of hubsync."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import Any

import pygit2

from hubsync.errors import LocalError
from hubsync.model import METADATA_DIR
from hubsync.remotes.git import locks
from hubsync.remotes.git.layout import common_folder
from hubsync.remotes.git.place import GitPlace
from hubsync.remotes.git.tips import HEADS


def open_checkout(root: str, place: GitPlace) -> Any:
    """The repository whose working directory is ``root``; made there if there is none, also for a
    workspace that had one: everything but commits that were never pushed is on the disk and on the
    remote. Raises LocalError."""
    try:
        repository = pygit2.Repository(root, pygit2.enums.RepositoryOpenFlag.NO_SEARCH)
    except pygit2.GitError as error:
        if os.path.lexists(os.path.join(root, ".git")):
            raise LocalError(
                f"{root} cannot be opened as a Git repository: {error}.",
                "Check the folder .git in it. Repositories of SHA-256 cannot be synced yet.",
                "no-repository",
            ) from error
        repository = _begun(root, place.branch or "main")
        if place.branch:
            track(repository, place.branch, remote_name(repository, place))
    _refuse_partial(repository)
    exclude_own_folder(repository)
    return repository


def _refuse_partial(repository: Any) -> None:
    """libgit2 does not ask for what a partial clone has left out, so that contents would be missing
    wherever they are compared."""
    for one in repository.remotes:
        key = f"remote.{one.name}.promisor"
        if key in repository.config and repository.config.get_bool(key):
            name = one.name
            raise LocalError(
                "This is a partial clone: contents of its history are left out.",
                f"Complete it with 'git config --unset remote.{name}.promisor', "
                f"'git config --unset remote.{name}.partialclonefilter' and "
                f"'git fetch --refetch {name}'.",
                "partial-clone",
            )


def _begun(root: str, branch: str) -> Any:
    """A new repository, which is whole when it appears under its name (rule 13), and marked until
    the workspace is written down: so a clone that is killed can be begun again."""
    making = os.path.join(root, METADATA_DIR, "making-git")
    shutil.rmtree(making, ignore_errors=True)
    made = pygit2.init_repository(making, initial_head=branch)
    folder = os.path.join(made.path, locks.FOLDER)
    made.free()
    os.mkdir(folder)
    with open(os.path.join(folder, locks.BEGUN), "wb"):
        pass
    os.rename(os.path.join(making, ".git"), os.path.join(root, ".git"))
    shutil.rmtree(making)
    return pygit2.Repository(root, pygit2.enums.RepositoryOpenFlag.NO_SEARCH)


def settle(repository: Any) -> None:
    """The workspace is written down: its clone is no longer one that was just begun."""
    folder = os.path.join(repository.path, locks.FOLDER)
    with suppress(OSError):
        os.unlink(os.path.join(folder, locks.BEGUN))
        os.rmdir(folder)


def remote_name(repository: Any, place: GitPlace) -> str:
    """What this clone calls the place; it is given a name if it has none."""
    for remote in repository.remotes:
        if remote.url == place.transport:
            return str(remote.name)
    taken = {remote.name for remote in repository.remotes}
    names = ("fork", "hubsync") if place.upstream else ("origin", "hubsync")
    more = (f"hubsync-{number}" for number in range(2, len(taken) + 3))
    name = next(one for one in (*names, *more) if one not in taken)
    repository.remotes.create(name, place.transport)
    return name


def track(repository: Any, branch: str, remote: str) -> None:
    """Let plain ``git pull`` and ``git push`` know where the branch belongs, if nothing does."""
    key = f"branch.{branch}.remote"
    if key not in repository.config:
        repository.config[key] = remote
        repository.config[f"branch.{branch}.merge"] = HEADS + branch


def push_to(repository: Any, branch: str, remote: str) -> None:
    """Let plain ``git push`` go to a fork, while ``git pull`` brings what is new in the original
    (gitworkflows(7), "triangular"), if nothing else is set."""
    key = f"branch.{branch}.pushRemote"
    if key not in repository.config:
        repository.config[key] = remote


def exclude_own_folder(repository: Any) -> None:
    """hubsync's folder is ignored in this clone alone; the user's .gitignore stays as it is."""
    path = os.path.join(common_folder(repository), "info", "exclude")
    line = f"/{METADATA_DIR}/"
    with suppress(FileNotFoundError), open(path, encoding="utf-8", errors="replace") as file:
        if line in file.read().splitlines():
            return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"{line}\n")
