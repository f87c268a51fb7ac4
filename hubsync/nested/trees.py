"""Whether a tree of another hub may be written to a disk (rule 14).

Git takes any bytes for a tree: one name twice, a link and a folder of one name, ``.git``. Written
one after the other, the link would lead the folder's files elsewhere. Such trees are refused whole.
"""

from __future__ import annotations

import unicodedata
from typing import Any, Final, NamedTuple

from pygit2.enums import ObjectType

from hubsync.core.paths import MAX_PATH_BYTES, check_remote_name

_DEEPEST: Final = 400
_MOST: Final = 5_000_000


class _Size(NamedTuple):
    """``files``: as many as would be written; ``longest``: the longest path in it, in bytes."""

    files: int
    longest: int


class TreeRefused(Exception):
    """Why, in words."""


class Trees:
    """Looks at each tree once, however often it is named. ``folds``: the disk takes names that
    differ in case or in the composition of their letters for one."""

    def __init__(self, repository: Any, *, folds: bool) -> None:
        self._repository = repository
        self._folds = folds
        self._seen: dict[Any, _Size] = {}

    def check(self, commit: str) -> None:
        """Raises TreeRefused; KeyError if objects are missing. ``""`` is no commit."""
        if commit:
            self._size(self._repository[commit].tree.id, 0)

    def _size(self, tree: Any, depth: int) -> _Size:
        known = self._seen.get(tree)
        if known is not None:
            return known
        if depth > _DEEPEST:
            raise TreeRefused(f"it has more than {_DEEPEST} folders in each other")
        names: set[str] = set()
        files = longest = 0
        for item in self._repository[tree]:
            name = item.name
            if "/" in name or check_remote_name(name) is not None:
                raise TreeRefused(f"the name {name!r} is not safe")
            folded = unicodedata.normalize("NFC", name).casefold() if self._folds else name
            if folded in names:
                raise TreeRefused(f"the name {name!r} is there twice")
            names.add(folded)
            own = len(name.encode())
            if item.type == ObjectType.TREE:
                inner = self._size(item.id, depth + 1)
                files, own = files + inner.files, own + 1 + inner.longest
            else:
                files += 1
            longest = max(longest, own)
        if files > _MOST:
            raise TreeRefused(f"it has more than {_MOST} files")
        if longest > MAX_PATH_BYTES:
            raise TreeRefused("a path in it is too long for a disk")
        self._seen[tree] = _Size(files, longest)
        return self._seen[tree]


def folds_names(repository: Any) -> bool:
    """What Git found out about the disk when the repository was made (git-config(1))."""
    config = repository.config
    return any(
        key in config and config.get_bool(key)
        for key in ("core.ignorecase", "core.precomposeunicode")
    )
