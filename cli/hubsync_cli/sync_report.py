"""What a sync, push or pull did, in plain words."""

from __future__ import annotations

from typing import Final

from hubsync.results import Forked, PathChange, SyncResult
from hubsync_cli import words
from hubsync_cli.view import View

NOTHING: Final = {
    "sync": "Nothing to do: both sides are equal.",
    "push": "Nothing to push: nothing changed here since the last sync.",
    "pull": "Nothing to pull: this workspace has everything.",
}

_NAMED: Final = 3
"""So many conflict copies are named in the summary itself."""


def report(result: SyncResult, direction: str, view: View, *, quiet: bool = False) -> list[str]:
    """Lines for people. ``quiet``: only what is left to a person."""
    lines: list[str] = []
    if not quiet:
        lines.append(summary(result, direction, view))
        if view.everything or result.dry_run:
            lines += _paths(result, view)
        if view.everything:
            lines.append(_cost(result))
        lines += view.section(
            "Kept, because it was edited on one side while the other deleted it:",
            [view.path(path) for path in result.kept],
        )
        lines += view.notices(result.notices)
    lines += view.conflicts(result.conflicts)
    lines += view.section(
        "Left, because both directions are needed (run: hubsync sync):",
        [view.path(path) for path in result.unsynced],
        all_by="hubsync status",
    )
    return lines + view.problems(result.problems)


def fork_lines(forked: Forked | None) -> list[str]:
    """Where the work goes now, and how it is proposed."""
    if forked is None:
        return []
    return [
        f"Your work goes to the fork {words.line(forked.url)} now.",
        f"To propose it, open a pull request: {words.line(forked.pull_request)}",
    ]


def summary(result: SyncResult, direction: str, view: View) -> str:
    """``"3 up, 1 down, 1 conflict kept twice: notes.conflict-1a2b3c4d.md"``."""
    figures = [
        (len(result.up), "up"),
        (len(result.down), "down"),
        (len(result.merged), "merged"),
        (len(result.deleted_locally), "deleted here"),
        (len(result.deleted_remotely), "deleted on the remote"),
    ]
    parts = [f"{number:,} {word}" for number, word in figures if number]
    if not parts and not result.conflicts:
        if result.problems or result.unsynced:
            parts.append("nothing transferred")
        else:
            return NOTHING[direction]
    if result.kept:
        parts.append(f"{words.count(len(result.kept), 'edit')} kept")
    if result.unsynced:
        parts.append(f"{len(result.unsynced):,} left")
    if result.problems:
        parts.append(words.count(len(result.problems), "problem"))
    if result.conflicts:
        named = [view.path(conflict.copy) for conflict in result.conflicts[:_NAMED]]
        if len(result.conflicts) > _NAMED:
            named.append("...")
        number = words.count(len(result.conflicts), "conflict")
        parts.append(f"{number} kept twice: {', '.join(named)}")
    text = ", ".join(parts)
    if result.dry_run:
        return f"Dry run, nothing is changed. It would be: {text}"
    return text[0].upper() + text[1:]


def _paths(result: SyncResult, view: View) -> list[str]:
    lines: list[str] = []
    for title, changes in (("Up:", result.up), ("Down:", result.down)):
        lines += view.section(title, _changes(changes, view))
    for title, paths in (
        ("Merged:", result.merged),
        ("Deleted here:", result.deleted_locally),
        ("Deleted on the remote:", result.deleted_remotely),
    ):
        lines += view.section(title, [view.path(path) for path in paths])
    return lines


def _changes(changes: tuple[PathChange, ...], view: View) -> list[str]:
    return [view.change(change) for change in changes]


def _cost(result: SyncResult) -> str:
    parts = [words.size(result.bytes), words.duration(result.seconds)]
    if result.requests:
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in sorted(result.requests.items()))
        parts.append(f"requests: {kinds}")
    return "; ".join(parts)
