"""What a scan found: the workspace at one instant, as a value."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from hubsync.core.ignore import IgnoreRules
from hubsync.model import Problem, Tree


class Scan(Struct, frozen=True):
    """The workspace at one instant.

    ``tree`` stands on the rows of the known tree. ``rules``: with every ``.hubsyncignore`` met;
    ``rules_digest`` changes whenever one of those files does. ``nested``: directories below the
    root that are Git repositories of their own; they are not walked, and ``rules`` hide them.
    ``ignored``: known paths that are ignored now; they are no change. ``files`` and ``size``
    (bytes) count files and links. ``withheld``: what is ignored only because it is taken for a
    secret. ``renamed``: known paths whose files now have names that cannot be synced; each is a
    problem, and stays in the tree. ``ruled``: the directories that have files of rules, in the
    order in which these were read.
    """

    tree: Tree
    problems: tuple[Problem, ...]
    rules: IgnoreRules
    rules_digest: str
    nested: tuple[str, ...]
    ignored: frozenset[str]
    files: int
    size: int
    withheld: tuple[str, ...] = ()
    renamed: frozenset[str] = frozenset()
    ruled: tuple[str, ...] = ()

    def over(self, remote: Tree) -> Scan:
        """What was renamed out of sight is gone if the remote does not have it either."""
        gone = self.renamed - remote.keys()
        if not gone:
            return self
        return replace(
            self,
            tree=self.tree.with_changes(dict.fromkeys(gone)),
            problems=tuple(one for one in self.problems if one.path not in gone),
            renamed=self.renamed - gone,
        )
