"""How results are laid out for people: shared by the reports."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec import Struct

from hubsync.model import Notice, Problem
from hubsync.results import ChangeKind, ConflictCopy, PathChange
from hubsync_cli import words

SHOWN: Final = 10
"""So many items of a long list are shown without ``-v``."""

COLOURS: Final = {
    ChangeKind.CREATED: "green",
    ChangeKind.EDITED: "yellow",
    ChangeKind.DELETED: "red",
    ChangeKind.RENAMED: "cyan",
    ChangeKind.MODE: "cyan",
}


def _plain(text: str, style: str) -> str:
    return text


class View(Struct, frozen=True):
    """``prefix``: the current directory in the workspace, to which paths are shown relative, so
    that they can be given to the next command. ``everything``: lists are not cut. ``now``: ns."""

    prefix: str = ""
    everything: bool = False
    paint: Callable[[str, str], str] = _plain
    now: int = 0

    def path(self, path: str) -> str:
        if self.prefix:
            path = posixpath.relpath(path, self.prefix)
        return words.name(path)

    def change(self, change: PathChange) -> str:
        """``"edited   data/a.csv"``."""
        kind = self.paint(f"{change.change.value:<8}", COLOURS[change.change])
        if change.renamed_from is not None:
            return f"{kind} {self.path(change.renamed_from)} -> {self.path(change.path)}"
        return f"{kind} {self.path(change.path)}"

    def section(
        self, title: str, items: Sequence[str], *, all_by: str = "-v", whole: bool = False
    ) -> list[str]:
        """A titled list, cut unless everything is wanted; nothing if there is nothing."""
        if not items:
            return []
        lines = [self.paint(title, "bold")]
        shown = items if whole or self.everything else items[:SHOWN]
        lines += [f"  {item}" for item in shown]
        if len(shown) < len(items):
            lines.append(f"  ... and {len(items) - len(shown):,} more ({all_by} shows all)")
        return lines

    def conflicts(self, conflicts: Iterable[ConflictCopy], *, whole: bool = False) -> list[str]:
        return self.section(
            "Conflicts (both versions are kept; choose: hubsync resolve PATH --keep"
            " mine|theirs|both):",
            [f"{self.path(c.path)}, other version: {self.path(c.copy)}" for c in conflicts],
            all_by="hubsync status",
            whole=whole,
        )

    def problems(self, problems: Iterable[Problem], *, whole: bool = False) -> list[str]:
        items = []
        for problem in problems:
            hint = f"\n    {words.line(problem.hint)}" if problem.hint else ""
            items.append(f"{self.path(problem.path)}: {words.line(problem.message)}{hint}")
        return self.section(
            "Problems (these paths are left as they are):",
            items,
            all_by="hubsync status",
            whole=whole,
        )

    def notices(self, notices: Iterable[Notice]) -> list[str]:
        items = []
        for notice in notices:
            hint = f"\n    {words.line(notice.hint)}" if notice.hint else ""
            items.append(f"{words.line(notice.message)}{hint}")
        return self.section("Good to know:", items, whole=True)
