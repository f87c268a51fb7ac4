"""The ignore rules of a workspace, for people: adding one, listing, which one hides a path."""

from __future__ import annotations

import os
import re
from typing import Final

from hubsync.config import RemoteSettings
from hubsync.core.ignore import IgnoreRule as Rule
from hubsync.core.ignore import IgnoreRules
from hubsync.core.paths import ancestors
from hubsync.core.patterns import pattern_fault
from hubsync.core.routing import route
from hubsync.engine.observe import own_rules
from hubsync.errors import UsageError
from hubsync.links import Links
from hubsync.local.dirs import Directories
from hubsync.local.ignorefile import RulesOnDisk
from hubsync.local.scan import scan
from hubsync.model import IGNORE_FILE, Tree
from hubsync.remotes.urls import names_git
from hubsync.results import IgnoreRule

_SPECIAL: Final = re.compile(r"[\\*?\[\]]| +\Z")


def pattern_of(path: str, is_dir: bool) -> str:
    """The pattern that matches ``path``, from the root, and nothing else."""
    escaped = _SPECIAL.sub(lambda found: "".join("\\" + one for one in found.group()), path)
    return f"/{escaped}/" if is_dir else f"/{escaped}"


def add(root: str, pattern: str) -> bool:
    """Append a rule to the root's ignore file; False if it stands there already.

    Raises UsageError for what is no pattern, and for a file that is a link: what it names may lie
    outside the workspace (rule 14).
    """
    fault = pattern_fault(pattern)
    if fault:
        raise UsageError(
            fault,
            "Write a pattern as in .gitignore, such as 'scratch/' or '*.tmp'. A '#' at the"
            " beginning is written '\\#'.",
            "bad-pattern",
        )
    path = os.path.join(root, IGNORE_FILE)
    if os.path.islink(path) or os.path.isdir(path):
        raise UsageError(
            f"{IGNORE_FILE} is no file of its own: rules cannot be added to it.",
            "Put a file in its place, or edit what it names.",
            "ignore-file",
        )
    text = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read()
    if pattern in text.splitlines():
        return False
    with open(path, "a", encoding="utf-8") as file:
        file.write(("" if not text or text.endswith("\n") else "\n") + pattern + "\n")
    return True


def rules(links: Links) -> list[IgnoreRule]:
    """Every rule, in the order in which they are asked (the last match wins)."""
    git = next((one for one in links.settings.remote if names_git(one.url)), None)
    return [_result(one) for one in _in_force(links, git).rules()]


def explain(links: Links, path: str) -> IgnoreRule | None:
    """The rule that hides ``path`` or a directory above it from the remote that would take it."""
    file = os.path.join(links.layout.root, path)
    size = os.lstat(file).st_size if os.path.isfile(file) else 0
    taker = route(path, size, [one.rule() for one in links.settings.remote])
    remote = next((one for one in links.settings.remote if one.name == taker), None)
    rule = _in_force(links, remote).explain(path, os.path.isdir(file))
    return _result(rule) if rule is not None else None


def among(links: Links, directory: str) -> dict[str, IgnoreRule]:
    """What of the entries of ``directory`` is ignored, by name, and the rule that hides it.

    Reads the files of rules from the root down to it alone. Raises LocalError, OSError.
    """
    known: dict[str, IgnoreRules] = {}
    remotes = {one.name: one for one in links.settings.remote}
    ways = [one.rule() for one in links.settings.remote]
    places = ["", *ancestors(directory), directory] if directory else [""]
    directories = Directories(links.layout.root)

    def rules_of(taker: str) -> IgnoreRules:
        if taker not in known:
            on_disk = RulesOnDisk(_beginning(links, remotes.get(taker)))
            for place in places:
                on_disk.read(place, directories.open(place))
            known[taker] = on_disk.rules
        return known[taker]

    found: dict[str, IgnoreRule] = {}
    try:
        with os.scandir(directories.open(directory)) as entries:
            for one in entries:
                path = f"{directory}/{one.name}" if directory else one.name
                is_dir = one.is_dir(follow_symlinks=False)
                size = 0 if is_dir else one.stat(follow_symlinks=False).st_size
                rule = rules_of(route(path, size, ways)).explain(path, is_dir)
                if rule is not None:
                    found[one.name] = _result(rule)
    finally:
        directories.close()
    return found


def _in_force(links: Links, remote: RemoteSettings | None) -> IgnoreRules:
    """What is ignored for a remote, by every file of rules in the workspace."""
    return scan(links.layout.root, Tree(), _beginning(links, remote)).rules


def _beginning(links: Links, remote: RemoteSettings | None) -> IgnoreRules:
    """What is ignored for a remote before any file of rules is read."""
    if remote is not None and names_git(remote.url):
        return own_rules(links.remote(remote.name))
    return IgnoreRules.builtin()


def _result(rule: Rule) -> IgnoreRule:
    return IgnoreRule(rule.source, rule.line, rule.pattern)
