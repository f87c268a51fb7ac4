"""What linking a folder to a remote would mean, tried without changing anything on either side."""

from __future__ import annotations

import heapq
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from hubsync.config import DEFAULT_REMOTE, RemoteSettings, Settings
from hubsync.core.gitrules import GitRules
from hubsync.core.ignore import IgnoreRules
from hubsync.engine.observe import own_rules
from hubsync.errors import Unreachable
from hubsync.links import Links
from hubsync.local.layout import Layout
from hubsync.local.scan import scan
from hubsync.model import METADATA_DIR, Kind, Tree
from hubsync.remotes.urls import names_git, refuse_own_folder
from hubsync.report import Reporter
from hubsync.results import FileSize, IgnoredPath, IgnoreRule, Survey
from hubsync.services.beginning import refuse_workspace
from hubsync.services.foreseeing import Foreseen, foreseen
from hubsync.stores.addresses import folder_of

_NAMED: Final = 100
_LARGEST: Final = 10
_GIT: Final = ".git"


class There(Struct, frozen=True):
    """A remote that answered; ``rules``: what it ignores of itself."""

    url: str
    found: bool
    rules: IgnoreRules


def try_remote(
    root: str,
    remote: RemoteSettings,
    env: Mapping[str, str],
    clock: Callable[[], int],
    author: str,
) -> There:
    """Ask the remote as `beginning.link` does, from a folder that is nobody's workspace.

    Raises UsageError, RemoteUnavailable, RemoteFormatError.
    """
    refuse_workspace(root)
    refuse_own_folder(remote.url, root)
    with tempfile.TemporaryDirectory(prefix="hubsync-") as scratch:
        layout = Layout(os.path.realpath(scratch))
        layout.create()
        links = Links(layout, Settings((remote,)), env, clock, author)
        try:
            there = links.remote(DEFAULT_REMOTE)
            try:
                there.connect(create=False)
            except Unreachable as error:
                if error.code != "no-mirror":
                    raise
                _refuse_unwritable(remote.url)
                git = GitRules(_nothing) if names_git(remote.url) else None
                return There(remote.url, False, IgnoreRules.builtin(git))
            # What is tracked would be asked of the scratch folder, which holds nothing.
            return There(remote.url, True, own_rules(there).with_tracked(_nothing))
        finally:
            links.close()


def _refuse_unwritable(url: str) -> None:
    """Raises Unreachable where no remote folder can be made, without making one."""
    place = url.removeprefix("git+")
    if not place.startswith("file://"):
        return
    above = folder = folder_of(place)
    while not os.path.lexists(above):
        above = os.path.dirname(above)
    if not os.path.isdir(above) or not os.access(above, os.W_OK | os.X_OK):
        why = "may not be written to" if os.path.isdir(above) else "is no folder"
        raise Unreachable(
            f"There can be no remote folder {folder}: {above} {why}.",
            "Choose another folder, or give yourself permission.",
            "no-folder",
        )


def survey(root: str, there: There, reporter: Reporter) -> Survey:
    """Count what is here. Raises LocalError, Interrupted, ConfigError."""
    reporter.phase("Looking through the folder")
    seen = scan(root, Tree(), there.rules, stopping=reporter.stopping)
    found = {path: entry for path, entry in seen.tree.items() if entry.kind is Kind.FILE}
    git = names_git(there.url)
    ahead = foreseen(root, found, reporter) if git else Foreseen()
    held = {one.path: found[one.path].size for one in ahead.held}
    files = [(entry.size, path) for path, entry in found.items() if path not in held]
    ignored = list(_ignored(root, seen.rules, frozenset(seen.nested)))
    return Survey(
        root=root,
        url=there.url,
        git=git,
        found=there.found,
        files=len(files),
        bytes=sum(size for size, _ in files),
        largest=tuple(FileSize(path, size) for size, path in heapq.nlargest(_LARGEST, files)),
        ignored=tuple(sorted(ignored[:_NAMED], key=lambda one: one.path)),
        ignored_count=len(ignored),
        withheld=seen.withheld,
        problems=seen.problems,
        repositories=seen.nested,
        held=ahead.held,
        held_bytes=sum(held.values()),
        unsearched=ahead.unsearched,
    )


def _nothing(path: str, is_dir: bool) -> bool:
    """What is tracked in a folder that is no clone yet."""
    return False


def _ignored(root: str, rules: IgnoreRules, nested: frozenset[str]) -> Iterator[IgnoredPath]:
    """The topmost ones, those nearest to the root first."""
    for directory, names, files in os.walk(root):
        prefix = os.path.relpath(directory, root) + "/" if directory != root else ""
        entered = []
        for name, is_dir in (*((one, True) for one in names), *((one, False) for one in files)):
            path = prefix + name
            if name == _GIT or path == METADATA_DIR or path in nested:
                continue
            if rules.ignores(path, is_dir):
                rule = rules.explain(path, is_dir)
                if rule is not None:
                    told = IgnoreRule(rule.source, rule.line, rule.pattern)
                    yield IgnoredPath(path, told)
            elif is_dir:
                entered.append(name)
        names[:] = entered
