"""What a sync would do now, for people: in full or in two letters a path."""

from __future__ import annotations

from typing import Final

from hubsync.results import ChangeKind, NestedRepository, PathChange, RemoteInfo, Status, Stop
from hubsync_cli import words
from hubsync_cli.sync_report import NOTHING
from hubsync_cli.view import COLOURS, SHOWN, View

SIGNS: Final = {
    ChangeKind.CREATED: "+",
    ChangeKind.EDITED: "~",
    ChangeKind.DELETED: "-",
    ChangeKind.RENAMED: ">",
    ChangeKind.MODE: "x",
}

WHY: Final = " (hubsync ignore --why PATH)"


def report(status: Status, view: View, *, quiet: bool = False) -> list[str]:
    lines: list[str] = []
    if not quiet:
        lines.append(f"Workspace {words.name(status.workspace)}")
        lines += [_remote(remote, view.now) for remote in status.remotes]
        lines.append("")
    both = {change.path for change in status.local} & {change.path for change in status.remote}
    sections = [
        _changes("Local changes (a sync sends them):", status.local, both, view),
        _changes("Remote changes (a sync fetches them):", status.remote, both, view),
        view.section(
            "Both sides changed these, and they do not merge (a sync keeps both contents):",
            [view.path(path) for path in status.coming],
            whole=True,
        ),
        view.conflicts(status.conflicts, whole=True),
        view.problems(status.problems, whole=True),
        view.section(
            "Git repositories in the workspace (they travel as repositories):",
            [_repository(one, view) for one in status.repositories],
            whole=True,
        )
        if not quiet
        else [],
        _one_line("Submodules, in which nothing is synced:", status.submodules, view)
        if not quiet
        else [],
        _one_line("Not synced, as they may hold secrets:", status.withheld, view, WHY)
        if not quiet
        else [],
        _failing("A sync would stop and change nothing:", status.stops, status, view),
        _failing(
            "These remotes could not be reached or opened; their files are not told of here:",
            status.unavailable,
            status,
            view,
        ),
    ]
    for section in sections:
        if section:
            lines += [*section, ""]
    failing = status.stops or status.unavailable
    moving = any(one.state in MOVING for one in status.repositories)
    if not (status.local or status.remote or moving or failing or quiet):
        stuck = any(one.problems or one.state == "kept" for one in status.repositories)
        left = status.problems or status.conflicts or stuck
        lines.append("Nothing to send or to fetch." if left else NOTHING["sync"])
    return lines[:-1] if lines and not lines[-1] else lines


def short(status: Status, view: View) -> list[str]:
    """Two letters, a space and the path, one line each."""
    lines: list[str] = []
    for side, changes in (("L", status.local), ("R", status.remote)):
        for change in changes:
            letters = view.paint(f"{side}{SIGNS[change.change]}", COLOURS[change.change])
            before = "" if change.renamed_from is None else f"{view.path(change.renamed_from)} -> "
            lines.append(f"{letters} {before}{view.path(change.path)}")
    lines += [
        f"{view.paint('C!', 'red')} {view.path(conflict.path)} {view.path(conflict.copy)}"
        for conflict in status.conflicts
    ]
    lines += [f"{view.paint('P!', 'red')} {view.path(p.path)}" for p in status.problems]
    lines += [f"{view.paint('S!', 'red')} {words.line(stop.message)}" for stop in status.stops]
    lines += [
        f"{view.paint('U!', 'red')} {words.line(one.remote)}: {words.line(one.message)}"
        for one in status.unavailable
    ]
    return lines


MOVING: Final = ("new", "changed", "coming")
"""The states of nested repositories for which a sync does something."""

REPOSITORY: Final = {
    "new": "a sync takes it along",
    "synced": "",
    "changed": "changed since the last sync",
    "kept": "deleted on another hub, kept here",
    "coming": "a sync brings it here",
}


def _repository(one: NestedRepository, view: View) -> str:
    told = REPOSITORY[one.state]
    return view.path(one.path) + (f" ({told})" if told else "")


def _remote(remote: RemoteInfo, now: int) -> str:
    last = (
        "never synced" if remote.last_sync is None else f"synced {words.ago(remote.last_sync, now)}"
    )
    mode = f"{remote.mode} mode, " if remote.mode else ""
    return f"Remote {words.line(remote.name)}: {words.line(remote.url)} ({mode}{last})"


def _failing(title: str, stops: tuple[Stop, ...], status: Status, view: View) -> list[str]:
    if not stops:
        return []
    several = len(status.remotes) > 1
    lines = [view.paint(title, "red")]
    for stop in stops:
        where = f"{words.line(stop.remote)}: " if several else ""
        lines += [f"  {where}{words.line(stop.message)}", f"    {words.line(stop.hint)}"]
    return lines


def _one_line(title: str, paths: tuple[str, ...], view: View, hint: str = "") -> list[str]:
    """One line: it is there at every status."""
    if not paths:
        return []
    shown = paths if view.everything else paths[:SHOWN]
    more = f" and {len(paths) - len(shown):,} more" if len(shown) < len(paths) else ""
    names = ", ".join(view.path(path) for path in shown)
    return [f"{title} {names}{more}{hint}"]


def _changes(title: str, changes: tuple[PathChange, ...], both: set[str], view: View) -> list[str]:
    items = [
        view.change(change) + (" (changed on both sides)" if change.path in both else "")
        for change in changes
    ]
    return view.section(title, items, whole=True)
