"""Routing: which of several remotes takes a path that none of them knows yet."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

SHARED_FILE: Final = ".hubsync.toml"
"""Tells other hubs of the remotes beside the first, so it is on the first, whatever the rules say.
"""


class Rule(Struct, frozen=True):
    """What the remote ``name`` takes: paths that match ``include`` (gitignore syntax), and files of
    more than ``larger_than`` bytes. With both, either is enough; with neither, it takes everything.
    """

    name: str
    include: tuple[str, ...] = ()
    larger_than: int | None = None

    def takes_everything(self) -> bool:
        return not self.include and self.larger_than is None


def route(path: str, size: int, rules: Sequence[Rule]) -> str:
    """The name of the remote that takes ``path``; ``""`` if none does.

    The first rule that matches decides. A remote without a rule is the default: it is asked last,
    wherever it stands. `SHARED_FILE` goes to the first remote.
    """
    if path == SHARED_FILE and rules:
        return rules[0].name
    for rule in rules:
        if _takes(rule, path, size):
            return rule.name
    return next((rule.name for rule in rules if rule.takes_everything()), "")


def _takes(rule: Rule, path: str, size: int) -> bool:
    if rule.larger_than is not None and size > rule.larger_than:
        return True
    return bool(rule.include) and _spec(rule.include).match_file(path)


@lru_cache(maxsize=64)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(patterns)
