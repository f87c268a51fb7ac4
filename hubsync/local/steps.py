"""What is to be done to the workspace's disk, in which order, and how each step ended.

The order, and why:

1. creations for which there is room already, by path, so that one directory is done with before
   the next. A conflict copy is one: its content is never without a name, and a crash cannot
   leave it in the trash alone;
2. deletions that stand in the way: of a file where a directory is to be, and of what is in a
   directory where a file is to be; deepest first;
3. the other creations, and replacements, by path;
4. all other deletions, deepest first. A rename is a creation and a deletion: a crash between
   them leaves the content under both names rather than under none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from msgspec import Struct

from hubsync.model import Entry, Kind, Problem


class Step(Struct, frozen=True):
    """One path becomes ``entry`` (None: is deleted) if it still is ``expect``, what the scan saw.

    ``source``: the absolute path of the staged file with the new content of a FILE; it is moved in,
    or copied if ``keep_source``. None where only the mode or the time differs.
    """

    path: str
    entry: Entry | None
    expect: Entry | None
    source: str | None = None
    keep_source: bool = False


class Result(Enum):
    APPLIED = "applied"
    CHANGED = "changed"
    """The path is not what the scan saw; it was left alone (rule 10): plan again."""
    FAILED = "failed"


class Applied(Struct, frozen=True):
    """How a step ended. ``entry``: as it stands on the disk now, with its evidence."""

    path: str
    result: Result
    entry: Entry | None = None
    problem: Problem | None = None


def in_order(steps: Sequence[Step]) -> tuple[list[Step], list[Step], list[Step]]:
    """The steps in the order of the module's docstring: those of 1, of 2, and of 3 and 4."""
    made = {step.path for step in steps if step.entry is not None}
    given_up = {step.path for step in steps if step.expect is not None}
    parents = directories_above(made)
    emptied = directories_above(step.path for step in steps if step.entry is None)
    new: list[Step] = []
    in_the_way: list[Step] = []
    middle: list[Step] = []
    last: list[Step] = []
    for step in steps:
        if step.entry is None:
            blocks = step.path in parents or _has_above(step.path, made)
            (in_the_way if blocks else last).append(step)
        elif (
            step.expect is None and step.path not in emptied and not _has_above(step.path, given_up)
        ):
            new.append(step)
        else:
            middle.append(step)
    new.sort(key=_directory_then_name)
    middle.sort(key=_directory_then_name)
    in_the_way.sort(key=_depth, reverse=True)
    last.sort(key=_depth, reverse=True)
    return new, in_the_way, middle + last


def directories_above(paths: Iterable[str]) -> set[str]:
    """Every directory that one of the paths lies in, the root apart."""
    found: set[str] = set()
    for path in paths:
        parent = path.rpartition("/")[0]
        while parent and parent not in found:
            found.add(parent)
            parent = parent.rpartition("/")[0]
    return found


def wanted_directories(steps: Iterable[Step]) -> set[str]:
    """The directories that stay even if they become empty."""
    return {step.path for step in steps if step.entry is not None and step.entry.kind is Kind.DIR}


def _has_above(path: str, some: set[str]) -> bool:
    parent = path.rpartition("/")[0]
    while parent:
        if parent in some:
            return True
        parent = parent.rpartition("/")[0]
    return False


def _depth(step: Step) -> tuple[int, str]:
    return step.path.count("/"), step.path


def _directory_then_name(step: Step) -> tuple[str, str]:
    directory, _, name = step.path.rpartition("/")
    return directory, name
