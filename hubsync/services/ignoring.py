"""The ignore rules of a workspace, for people: adding one, listing, which one hides a path."""

from __future__ import annotations

import os

from hubsync.core.ignore import IgnoreRules
from hubsync.core.paths import ancestors
from hubsync.core.patterns import pattern_fault
from hubsync.errors import UsageError
from hubsync.local.scan import scan
from hubsync.model import IGNORE_FILE, Tree
from hubsync.results import IgnoreRule


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


def in_force(root: str) -> IgnoreRules:
    """The built-in rules and those of every ignore file in the workspace."""
    return scan(root, Tree(), IgnoreRules.builtin()).rules


def rules(root: str) -> list[IgnoreRule]:
    """Every rule, in the order in which they are asked (the last match wins)."""
    return [IgnoreRule(one.source, one.line, one.pattern) for one in in_force(root).rules()]


def explain(root: str, path: str) -> IgnoreRule | None:
    """The rule that hides ``path`` or a directory above it."""
    present = in_force(root)
    for above in reversed(list(ancestors(path))):
        rule = present.explain(above, True)
        if rule is not None:
            return IgnoreRule(rule.source, rule.line, rule.pattern)
    rule = present.explain(path, os.path.isdir(os.path.join(root, path)))
    return IgnoreRule(rule.source, rule.line, rule.pattern) if rule is not None else None
