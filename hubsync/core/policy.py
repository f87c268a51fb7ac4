"""What two sides can both carry, and when two entries are the same under that (rule 16)."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from hubsync.core.paths import ancestors
from hubsync.model import Entry, Kind


def nothing_hidden(path: str) -> bool:
    """No path is ignored."""
    return False


class Policy(Struct, frozen=True):
    """Under which conditions two sides are compared.

    - ``executable``, ``symlinks``, ``empty_directories``: whether both sides carry them. An
      executable bit or an empty directory that is not carried is not compared; a link that is not
      carried is a problem of its path.
    - ``blocked``: paths with a problem on either side; they, and what is below them, are left out
      of the plan (rule 7).
    - ``cleared``: files that the remote has beside what is below them, where one of the two goes
      (see `hubsync.core.clearing`).
    - ``hidden``: says which paths are ignored (rule 8), those below an ignored directory included.
      An empty directory is asked about with a ``/`` at its end.
    - ``local_folds``: the key under which the local disk takes two names for one (rule 15); None
      where it tells all names apart.
    """

    executable: bool = True
    symlinks: bool = True
    empty_directories: bool = True
    blocked: frozenset[str] = frozenset()
    cleared: frozenset[str] = frozenset()
    hidden: Callable[[str], bool] = nothing_hidden
    local_folds: Callable[[str], str] | None = None

    def hides(self, path: str, *entries: Entry | None) -> bool:
        """Whether ``path`` is ignored as what it is: the first of ``entries`` that there is."""
        entry = next((one for one in entries if one is not None), None)
        return self.hidden(f"{path}/" if entry is not None and entry.kind is Kind.DIR else path)

    def uncarried(self, path: str) -> bool:
        """Whether nothing is done about ``path``: it is ignored, or stuck, or below what is."""
        if self.hidden(path):
            return True
        return any(one in self.blocked for one in (path, *ancestors(path)))


def same_bytes(one: Entry | None, other: Entry | None) -> bool:
    """Whether both hold the same content: equal files, modes apart, or equal links."""
    if one is None or other is None or one.kind is not other.kind:
        return False
    if one.kind is Kind.FILE:
        return one.digest is not None and one.digest == other.digest
    return one.target == other.target


def equal(one: Entry | None, other: Entry | None, policy: Policy) -> bool:
    """`hubsync.model.agree`, without what the policy says is not carried."""
    if one is None or other is None:
        return one is other
    if not same_bytes(one, other):
        return False
    return not policy.executable or one.executable == other.executable


def combined(local: Entry, remote: Entry) -> Entry:
    """One entry for the base, of two equal ones: each side's own evidence."""
    if local.identity == remote.identity:
        return local
    return replace(local, identity=remote.identity)


def merged_executable(base: Entry | None, local: Entry, remote: Entry) -> bool:
    """The executable bit of a file that both sides changed: who changed the bit wins.

    One bit that both changed is the same on both. With no file in the base it stays executable
    if it is so anywhere: a script that does not start is worse than a text that could.
    """
    if base is None or base.kind is not Kind.FILE:
        return local.executable or remote.executable
    return local.executable if local.executable != base.executable else remote.executable
