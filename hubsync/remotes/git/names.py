"""Which paths of a tree are carried.

A tree may hold any name: whoever pushes it need not have used git. What could lead out of the
workspace, into `.git` or `.hubsync`, or is no text, is a problem of that path (rule 14).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pygit2

from hubsync.core.paths import check_remote_name
from hubsync.model import Problem
from hubsync.remotes.git.listing import differences, listed

_NOTHING: Final = pygit2.Oid(raw=bytes(20))


def is_carried(path: str) -> bool:
    return check_remote_name(path) is None


def fits_no_index(path: str) -> bool:
    """Whether Git refuses it in an index, such as `.git/x`: no commit that somebody makes has it,
    and nobody says by that that it should go."""
    try:
        pygit2.Index().add(pygit2.IndexEntry(path, _NOTHING, pygit2.enums.FileMode.BLOB))
    except pygit2.GitError:
        return True
    return False


def uncarried(repository: Any, before: Any, after: Any, known: Iterable[str]) -> list[Problem]:
    """What is wrong with names in ``after``. ``known``: those that were so in ``before`` (None: an
    empty tree), so that only what differs is looked at."""
    if after is None:
        return []
    found = set(known if before is not None else ())
    new = listed(repository, after) if before is None else differences(repository, before, after)
    for path, _, mode in new:
        if mode and not is_carried(path):
            found.add(path)
        elif not mode:
            found.discard(path)
    problems = map(check_remote_name, sorted(found))
    return [one for one in problems if one is not None]
