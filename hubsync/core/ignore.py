"""Which paths are ignored: built-in rules and the workspace's ``.hubsyncignore`` files (rule 8)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from hubsync.core.builtin_rules import ALWAYS, BUILT_IN
from hubsync.core.paths import display, is_reserved, parent
from hubsync.core.patterns import BadPattern, Pattern, any_of, parse_line
from hubsync.model import IGNORE_FILE, Problem

BUILT_IN_SOURCE: Final = "built-in"


class IgnoreRule(Struct, frozen=True):
    """A rule and where it stands; ``source`` is a file or `BUILT_IN_SOURCE`."""

    source: str
    line: int
    pattern: str


class IgnoreRules:
    """All rules of a workspace. Immutable: `with_file` gives new ones.

    As in Git, of several rules that match a path the last in the nearest file decides; the
    built-in ones stand before all files. Nothing below an ignored directory can be taken back.
    """

    __slots__ = ("_always", "_directories", "_files", "_quick", "problems")

    problems: tuple[Problem, ...]
    """Lines of files that are no patterns; they are left out."""

    def __init__(
        self, files: Mapping[str, tuple[Pattern, ...]], problems: tuple[Problem, ...] = ()
    ) -> None:
        self._files = {directory: _File(patterns) for directory, patterns in files.items()}
        self._directories: dict[str, bool] = {"": False}
        self.problems = problems

    @classmethod
    def builtin(cls) -> IgnoreRules:
        """The built-in rules alone."""
        return cls({})
