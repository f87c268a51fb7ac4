"""Where hubsync keeps its own files in a workspace (below ``.hubsync/``), and finding the root."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import Final

from msgspec import Struct

from hubsync.errors import LocalError, NotAWorkspace
from hubsync.model import METADATA_DIR

PRIVATE: Final = 0o700
_BEGUN: Final = ".git/hubsync/begun"
"""A repository that was made for such a link; see `remotes.git.locks`."""
_CARE_OF_GIT: Final = "# hubsync's own files: nothing here belongs in a repository.\n*\n"


class Layout(Struct, frozen=True):
    """The places in the workspace at ``root`` (an absolute path)."""

    root: str

    @property
    def metadata(self) -> str:
        return os.path.join(self.root, METADATA_DIR)

    @property
    def config(self) -> str:
        return os.path.join(self.metadata, "config.toml")

    @property
    def states(self) -> str:
        return os.path.join(self.metadata, "state")

    def state(self, remote: str) -> str:
        """The state file of the remote with that name."""
        return os.path.join(self.states, f"{remote}.state")

    def scratch(self, remote: str) -> str:
        """A folder in which the remote of that name may keep notes of its own."""
        return os.path.join(self.states, remote)

    def forget(self, remote: str) -> None:
        """Drop what is remembered of a remote; the next sync with it starts without a base."""
        with suppress(FileNotFoundError):
            os.unlink(self.state(remote))
        shutil.rmtree(self.scratch(remote), ignore_errors=True)
        for name in os.listdir(self.states) if os.path.isdir(self.states) else ():
            if name.startswith(f"{remote}@"):  # one of its branches; no remote's name has an @
                self.forget(name.removesuffix(".state"))

    def remove(self) -> None:
        """Undo `create`, for a link that did not come about."""
        shutil.rmtree(self.metadata)

    @property
    def stage(self) -> str:
        return os.path.join(self.metadata, "stage")

    @property
    def trash(self) -> str:
        return os.path.join(self.metadata, "trash")

    @property
    def emptying(self) -> str:
        """Which directories a run is about to leave empty; see `hubsync.local.emptying`."""
        return os.path.join(self.metadata, "emptying")

    @property
    def lock(self) -> str:
        return os.path.join(self.metadata, "lock")

    @property
    def session_lock(self) -> str:
        """Who syncs this workspace continuously; see `hubsync.local.lock`."""
        return os.path.join(self.metadata, "session.lock")

    def create(self) -> None:
        """Make the folders, for this user only: they hold copies of what may be private.

        The ``.gitignore`` keeps ``git add .`` from committing them. Raises LocalError.
        """
        try:
            for folder in (self.metadata, self.states, self.stage, self.trash):
                os.makedirs(folder, mode=PRIVATE, exist_ok=True)
            ignore = os.path.join(self.metadata, ".gitignore")
            if not os.path.lexists(ignore):
                with open(ignore, "x", encoding="utf-8") as file:
                    file.write(_CARE_OF_GIT)
        except FileExistsError as error:
            if not os.path.isdir(self.metadata):
                raise LocalError(
                    f"{self.metadata} is in the way: it is no folder.",
                    "Move it elsewhere and try again.",
                ) from error
        except OSError as error:
            raise LocalError(
                f"{self.metadata} cannot be made: {error.strerror}.",
                "Check that the folder is yours and that the disk is writable.",
            ) from error


def make_directories(directory: str) -> list[str]:
    """Make ``directory`` and those above it. Gives what was made, the deepest first.

    Raises LocalError.
    """
    missing: list[str] = []
    above = directory
    while not os.path.lexists(above):
        missing.append(above)
        above = os.path.dirname(above)
    made: list[str] = []
    try:
        for one in reversed(missing):
            with suppress(FileExistsError):  # another command was quicker
                os.mkdir(one)
                made.insert(0, one)
    except OSError as error:
        remove_directories(made)
        raise LocalError(
            f"{directory} cannot be made: {error.strerror}.",
            "Choose a folder that is yours, on a disk that can be written to.",
        ) from error
    return made


def remove_directories(made: list[str]) -> None:
    """Undo `make_directories`, up to the first in which something lies by now."""
    with suppress(OSError):
        for one in made:
            os.rmdir(one)


def is_vacant(directory: str) -> bool:
    """Whether a directory is absent or holds nothing, but perhaps what `Layout.create` made there
    for a link that was killed before it was written down."""
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return True
    if os.path.isfile(os.path.join(directory, _BEGUN)):
        names.remove(".git")
    if names != [METADATA_DIR]:
        return not names
    layout = Layout(directory)
    held = (layout.states, layout.stage, layout.trash)
    return not os.path.lexists(layout.config) and not any(
        os.path.isdir(folder) and os.listdir(folder) for folder in held
    )


def find_root(start: str) -> str | None:
    """The nearest directory, from ``start`` upwards, that holds a ``.hubsync/config.toml``."""
    directory = os.path.abspath(start)
    while True:
        if os.path.isfile(Layout(directory).config):
            return directory
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent


def workspace_root(start: str) -> str:
    """The root of the workspace that holds ``start``. Raises NotAWorkspace."""
    root = find_root(os.path.realpath(start))
    if root is None:
        raise NotAWorkspace(
            f"{os.path.abspath(start)} is not in a hubsync workspace.",
            "Run 'hubsync init' in the directory you want to keep in sync.",
        )
    return root
