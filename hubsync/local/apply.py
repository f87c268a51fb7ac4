"""Changing the workspace's disk so that nothing that a person wrote is ever lost.

How each kind of step is safe:

- *create* never replaces (rename without replacing, `mkdir`, `symlink`): what appeared
  meanwhile, or is the same name to a disk that ignores case (rule 15), stays, and the step is
  ``changed``;
- *replace* exchanges the new content with the old one in one system call, then looks at what came
  out. If that is not what the scan saw, because an editor saved in between, it is exchanged
  back (rule 10). The path is never missing, so that a crash cannot look like a deletion;
- *delete* moves aside, looks at what was moved, and moves it back if it is not what the scan saw;
- what was replaced or deleted lies in the trash (rule 11), and is looked at once more at the end:
  a program that had the file open may have written on;
- every path is walked by descriptors and never through a symlink (rule 14).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Self

from hubsync.errors import LocalError, SourceChanged
from hubsync.local import durable, emptying
from hubsync.local.checks import Changed, as_seen, os_problem, refuse, unchanged
from hubsync.local.dirs import Directories, split
from hubsync.local.incoming import Incoming, Ready, permissions, process_umask
from hubsync.local.late import LateWrites
from hubsync.local.layout import Layout
from hubsync.local.placed import as_known, with_evidence
from hubsync.local.removal import put_aside, remove_directory, remove_hollow
from hubsync.local.renames import UNSUPPORTED, KernelRenames, Renames, Spot, move_new
from hubsync.local.steps import (
    Applied,
    Result,
    Step,
    directories_above,
    in_order,
    wanted_directories,
)
from hubsync.local.swap import exchange, folder_in_the_way, replace_by_link
from hubsync.local.trash import Trash
from hubsync.model import Entry, Kind, Problem


class Applier:
    """Carries out steps below ``root``; a context manager for one run, in one thread.

    ``wanted(directory)``: whether a directory stays though it became empty. Directories that
    steps make stay anyway.
    """

    def __init__(
        self,
        root: str,
        trash: Trash,
        *,
        renames: Renames | None = None,
        wanted: Callable[[str], bool] = lambda directory: False,
    ) -> None:
        self._trash = trash
        self._renames: Renames = renames or KernelRenames()
        self._wanted = wanted
        self._umask = process_umask()
        self._directories = Directories(root)
        self._layout = Layout(root)
        self._incoming = Incoming(self._layout.stage, self._umask)
        self._late = LateWrites()
        self._touched: list[str] = []

    def apply(self, steps: Sequence[Step]) -> Iterator[Applied]:
        """Carry the steps out, in the order that `steps` explains; one outcome each, as they come.

        Closing the generator stops between two steps.
        """
        stay = wanted_directories(steps)
        durable.begin(self._directories, sum(step.source is not None for step in steps))
        for group in in_order(steps):
            yield from self._run(group, stay)

    def flush(self) -> None:
        """Make everything done so far durable; to be called before the base that knows it is saved.

        Raises LocalError.
        """
        try:
            self._touched += self._late.rescue(self._directories)
            durable.make_durable(self._directories, self._touched)
        except OSError as error:
            problem = os_problem("", error)
            raise LocalError(problem.message, problem.hint, problem.code) from error
        self._touched.clear()

    def close(self) -> None:
        self._incoming.close()
        self._directories.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, steps: Sequence[Step], stay: set[str]) -> Iterator[Applied]:
        deleted: list[str] = []
        emptied = directories_above(step.path for step in steps if step.entry is None) - stay
        if emptied:
            emptying.remember(self._layout, emptied)
        try:
            for step in steps:
                outcome = self._outcome(step)
                if outcome.result is Result.APPLIED:
                    self._touched.append(step.path)
                    if step.entry is None:
                        deleted.append(step.path)
                yield outcome
        finally:
            self._prune(deleted, stay)

    def _outcome(self, step: Step) -> Applied:
        try:
            refuse(step.path, step.entry)
            return Applied(step.path, Result.APPLIED, self._apply(step))
        except (Changed, SourceChanged, FileExistsError, NotADirectoryError):
            return Applied(step.path, Result.CHANGED)
        except LocalError as error:
            problem = Problem(step.path, error.code, error.message, error.hint)
        except OSError as error:
            problem = os_problem(step.path, error)
        return Applied(step.path, Result.FAILED, problem=problem)

    def _apply(self, step: Step) -> Entry | None:
        entry, expect = step.entry, step.expect
        if entry is None:
            if expect is not None:
                self._delete(step.path, expect)
            return None
        if expect is None:
            return self._create(step, entry)
        if entry.kind is Kind.FILE and expect.kind is Kind.FILE and step.source is None:
            return self._change_mode(step.path, entry, expect)
        return self._replace(step, entry, expect)

    def _create(self, step: Step, entry: Entry) -> Entry:
        directory, name = split(step.path)
        target = Spot(self._directories.open(directory, create=True), name)
        try:
            return self._create_new(step, entry, target)
        except FileExistsError as error:
            if not stat.S_ISDIR(target.status().st_mode):
                raise
            if entry.kind is Kind.DIR:
                return entry
            # An ignored folder, or one that the remote cannot carry. Nothing is lost with one that
            # holds no more than such folders.
            if not remove_hollow(target):
                raise folder_in_the_way(step.path) from error
            return self._create_new(step, entry, target)

    def _create_new(self, step: Step, entry: Entry, target: Spot) -> Entry:
        if entry.kind is Kind.DIR:
            os.mkdir(target.name, dir_fd=target.directory)
            return entry
        if entry.kind is Kind.LINK:
            os.symlink(entry.target, target.name, dir_fd=target.directory)
            return with_evidence(target, entry, target.status())
        ready = self._incoming.ready(step, entry, target.directory, None)
        try:
            move_new(self._renames, ready.spot, target)
        except BaseException:
            ready.give_back()
            raise
        return with_evidence(target, entry, ready.status)

    def _replace(self, step: Step, entry: Entry, expect: Entry) -> Entry:
        target, seen = self._seen(step.path, expect)
        if entry.kind is Kind.DIR and expect.kind is Kind.DIR:
            return entry
        ready = self._incoming.ready(step, entry, target.directory, seen)
        try:
            aside = self._swap(step.path, ready, target, seen)
        except BaseException:
            ready.give_back()
            raise
        self._late.watch(step.path, aside, seen)
        return entry if entry.kind is Kind.DIR else with_evidence(target, entry, ready.status)

    def _swap(self, path: str, ready: Ready, target: Spot, seen: os.stat_result) -> Spot | None:
        try:
            return exchange(self._renames, self._trash, path, ready, target, seen)
        except FileNotFoundError as error:
            raise Changed from error
        except OSError as error:
            if error.errno not in UNSUPPORTED:
                raise
        return replace_by_link(self._renames, self._trash, path, ready, target, seen)

    def _delete(self, path: str, expect: Entry) -> None:
        found = self._find(path, expect)
        if found is None:
            return  # gone already, which is what was asked for
        target, seen = found
        if stat.S_ISDIR(seen.st_mode):
            remove_directory(target)
            return
        near = self._incoming.is_near(target.directory)
        aside = put_aside(self._renames, self._trash, path, target, seen, near=near)
        self._late.watch(path, aside, seen)

    def _change_mode(self, path: str, entry: Entry, expect: Entry) -> Entry:
        """Only mode or time differ. The time stays as it is: nothing here depends on it."""
        target, seen = self._seen(path, expect)
        if entry.digest is None or entry.digest != expect.digest:
            raise LocalError(f"The new content of {path} was not staged.", code="not-staged")
        mode = permissions(entry.executable, seen, self._umask)
        if mode == stat.S_IMODE(seen.st_mode):
            return as_known(entry, expect)
        descriptor = os.open(
            target.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=target.directory
        )
        try:
            if not unchanged(seen, os.fstat(descriptor)):
                raise Changed
            os.fchmod(descriptor, mode)
        finally:
            os.close(descriptor)
        return with_evidence(target, entry, seen)

    def _seen(self, path: str, expect: Entry) -> tuple[Spot, os.stat_result]:
        """Where the path is, and its status, which is of what the scan saw. Raises Changed."""
        found = self._find(path, expect)
        if found is None:
            raise Changed
        return found

    def _find(self, path: str, expect: Entry) -> tuple[Spot, os.stat_result] | None:
        """The same; None if the path is gone."""
        directory, name = split(path)
        try:
            target = Spot(self._directories.open(directory), name)
            return as_seen(self._directories, path, target, expect)
        except FileNotFoundError:
            return None

    def _prune(self, deleted: list[str], stay: set[str]) -> None:
        """Remove the directories that the deletions left literally empty, up to the root."""
        emptied = directories_above(deleted) - stay
        if emptied:
            emptied = {directory for directory in emptied if not self._wanted(directory)}
            emptying.remove_empty(self._directories, emptied, self._touched.append)
        emptying.forget(self._layout)
