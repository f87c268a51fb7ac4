"""What one run of the command knows: its common options, its streams, and the workspace."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from hubsync.errors import UsageError
from hubsync_cli import environment
from hubsync_cli.output import Output, is_terminal
from hubsync_cli.signals import Interruptions

if TYPE_CHECKING:
    from hubsync import Workspace
    from hubsync_cli.progress import Progress
    from hubsync_cli.view import View


class Shell:
    """Filled by the common options as they are parsed, then handed to the command."""

    def __init__(self, output: Output, interruptions: Interruptions) -> None:
        self.output = output
        self.json = False
        self.quiet = False
        self.verbosity = 0
        self._interruptions = interruptions

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """The workspace around the current directory."""
        from hubsync import Workspace

        with Workspace.open(_here(), env=environment.for_remotes()) as workspace:
            yield workspace

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """A reporter; while it is there, the first interruption stops between files."""
        from hubsync_cli.progress import Progress

        draw = not self.quiet and environment.cursor_moves() and is_terminal(sys.stderr)
        progress = Progress(
            lambda: self._interruptions.asked,
            draw=draw,
            say=self.output.message if self.verbosity and not (draw or self.quiet) else None,
        )
        with self._interruptions.between_files(progress.told_to_stop):
            try:
                yield progress
            finally:
                progress.close()

    def until_interrupted(self, told: Callable[[], None]) -> AbstractContextManager[None]:
        """While it is there, the first interruption is no failure, but calls ``told``."""
        return self._interruptions.awaited(told)

    def view(self, root: str) -> View:
        """How paths of the workspace at ``root`` are shown from here."""
        from hubsync_cli.view import View

        return View(
            prefix=prefix_of(root),
            everything=self.verbosity > 0,
            paint=self.output.paint,
            now=time.time_ns(),
        )

    def result(self, document: Callable[[], Any], lines: Callable[[], Iterable[str]]) -> None:
        """Prints what a command found out: as JSON, or for people."""
        if self.json:
            self.output.document(document())
        else:
            self.output.lines(lines())

    def done(self, document: Callable[[], Any], *lines: str) -> None:
        """Prints what a command did; with ``-q`` only as JSON."""
        if self.json:
            self.output.document(document())
        elif not self.quiet:
            self.output.lines(lines)


def prefix_of(root: str) -> str:
    """The current directory as a path of the workspace: ``""`` or ``"a/b/"``."""
    try:
        here, root = os.path.realpath(os.getcwd()), os.path.realpath(root)
    except FileNotFoundError:  # the sync itself may have removed it
        return ""
    if here == root or not here.startswith(root.rstrip("/") + "/"):
        return ""
    return here[len(root.rstrip("/")) + 1 :] + "/"


def _here() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError as error:
        raise UsageError(
            "The current directory does not exist any more.",
            "Change to another one, or name it: hubsync -C DIR ...",
            "no-directory",
        ) from error


def workspace_path(root: str, path: str, *, whole: bool = False) -> str:
    """A path as a user gives it, relative to the current directory, as one of the workspace.

    ``whole``: it may be the workspace itself, which is ``"."``. A symlink that it names is meant
    itself and not followed; links above it are followed.
    """
    if not path:
        raise UsageError(
            "An empty path names nothing.",
            "Name a file or directory of the workspace, relative to the current directory.",
            "bad-path",
        )
    full = os.path.normpath(os.path.join(os.getcwd(), path))
    root = os.path.realpath(root)
    parent, name = os.path.split(full)
    for candidate in (full, os.path.join(os.path.realpath(parent), name)):
        if candidate.startswith(root.rstrip("/") + "/"):
            return candidate[len(root.rstrip("/")) + 1 :]
    if os.path.realpath(full) == root:
        if whole:
            return "."
        raise UsageError(
            f"{path!r} is the workspace itself.",
            "Name a file or directory in it.",
            "bad-path",
        )
    raise UsageError(
        f"{path!r} is outside the workspace {root}.",
        "Paths are taken relative to the current directory.",
        code="outside-workspace",
    )
