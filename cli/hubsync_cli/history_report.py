"""The history, for people."""

from __future__ import annotations

from collections.abc import Sequence

from hubsync.results import HistoryRecord, PathChange, PathVersion, Restored
from hubsync_cli import words
from hubsync_cli.view import SHOWN, View


def log(records: Sequence[HistoryRecord], view: View) -> list[str]:
    """One paragraph a sync, newest first."""
    lines: list[str] = []
    for record in records:
        if lines:
            lines.append("")
        lines.append(view.paint(f"version {words.line(record.version)}", "yellow"))
        lines.append(
            f"{words.moment(record.time)} ({words.ago(record.time, view.now)})"
            f" by {_whose(record.author, record.hub)}"
        )
        lines += [f"    {words.line(part)}" for part in record.message.splitlines()]
        changes = record.changes if view.everything else record.changes[:SHOWN]
        lines += [f"  {view.change(PathChange(c.path, c.change))}" for c in changes]
        if len(changes) < len(record.changes):
            lines.append(f"  ... and {len(record.changes) - len(changes):,} more (-v shows all)")
    return lines or ["No sync yet."]


def versions(found: Sequence[PathVersion], path: str, view: View) -> list[str]:
    """A table of the contents that one path has had, newest first."""
    if not found:
        return [f"No version of {view.path(path)} is known."]
    rows = [("VERSION", "TIME", "SIZE", "WHERE", "BY")]
    rows += [
        (
            words.line(version.version),
            words.moment(version.time),
            "deleted" if version.digest is None else words.size(version.size),
            words.line(version.place),
            _whose(version.author, version.hub),
        )
        for version in found
    ]
    return table(rows)


def restored(what: Restored, view: View) -> str:
    """A file, or what of a directory was not as it had been."""
    left = [
        f"Left as it is, for it is there: the Git repository {view.path(one)}. Bring it back beside"
        f" it: hubsync restore {view.path(one)} --at {words.line(what.version)}"
        f" --to {view.path(one)}-before"
        for one in what.left
    ]
    return "\n".join([_restored(what, view), *left])


def _restored(what: Restored, view: View) -> str:
    where = "the workspace" if what.path == "." else view.path(what.path)
    at = words.line(what.version)
    if what.files is None:
        return f"Restored {where}: {words.size(what.size)}, version {at}."
    repositories = len(what.repositories)
    found = ((what.files, "file", "files"), (repositories, "repository", "repositories"))
    parts = [words.count(number, one, many) for number, one, many in found if number]
    if not parts:
        return f"Nothing to restore: {where} holds what it held at {at}."
    return f"Restored {where}: {', '.join(parts)}, {words.size(what.size)}, version {at}."


def _whose(author: str, hub: str) -> str:
    """Commits that people make with git are of no hub; what is in the trash is of nobody."""
    return words.line(f"{author} on {hub}" if hub else author)


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
