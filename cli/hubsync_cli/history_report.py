"""The history, for people."""

from __future__ import annotations

from collections.abc import Sequence

from hubsync.results import HistoryRecord, PathChange, PathVersion
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
            f" by {words.line(record.author)} on {words.line(record.hub)}"
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
            f"{words.line(version.author)} on {words.line(version.hub)}"
            if version.author or version.hub
            else "",
        )
        for version in found
    ]
    return table(rows)


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
