"""Files that were renamed to a name that cannot be synced: the old name is no deletion (rule 7).

The content stands on this disk alone under its new name. Were the old name's deletion carried, no
other hub would have it any more, and the remote only until its versions are pruned.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from hubsync.core.paths import ancestors, display
from hubsync.model import Entry, Kind, Problem, Tree


class Unnamed:
    """The files of one scan whose names cannot be synced, by size and time."""

    def __init__(self) -> None:
        self._files: dict[tuple[int, int], dict[int, Problem]] = {}

    def note(self, status: os.stat_result, problem: Problem) -> None:
        if stat.S_ISREG(status.st_mode):
            alike = self._files.setdefault((status.st_size, status.st_mtime_ns), {})
            alike[status.st_ino] = problem

    def note_below(self, directory: str, problem: Problem) -> None:
        """Everything in a directory (absolute) that has such a name."""
        for above, _, names in os.walk(directory):
            for name in names:
                with suppress(OSError):
                    self.note(os.lstat(os.path.join(above, name)), problem)

    def hold(self, known: Tree, changes: dict[str, Entry | None]) -> list[Problem]:
        """Take the deletions out of ``changes`` that were such renames; they are problems.

        So are not the directories that they left empty, which hold something to everybody else.
        """
        if not self._files:
            return []
        problems = [
            _renamed(path, problem)
            for path, entry in changes.items()
            if entry is None and (problem := self._now(known.get(path))) is not None
        ]
        for problem in problems:
            del changes[problem.path]
            for above in ancestors(problem.path):
                entry = changes.get(above)
                if entry is not None and entry.kind is Kind.DIR:
                    del changes[above]
        return problems

    def _now(self, before: Entry | None) -> Problem | None:
        """Where a known file is now. Evidence too fresh to vouch for the content has no inode; then
        the time will do: a deletion that waits for nothing costs less than one too many."""
        if before is None or before.kind is not Kind.FILE:
            return None
        alike = self._files.get((before.size, before.mtime), {})
        return alike.get(before.inode) if before.inode else next(iter(alike.values()), None)


def _renamed(path: str, now: Problem) -> Problem:
    return Problem(
        path,
        now.code,
        f"It was renamed, or moved to {display(now.path)}, whose name cannot be synced; the other "
        "hubs keep it under its old name.",
        f"{now.hint} Or delete it there, then it is deleted everywhere.",
    )
