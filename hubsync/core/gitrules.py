"""Git's own ignore rules, as they count for a Git remote beside those of hubsync (gitignore(5)).

They are about what Git does not track. What it tracks is never ignored by them, nor by the built-in
rules, which guard against publishing what is published already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hubsync.core.patterns import Pattern, PatternFile, parse_text
from hubsync.core.rulefiles import RuleFiles
from hubsync.model import GIT_IGNORE_FILE

Tracked = Callable[[str, bool], bool]
"""Whether Git tracks a path; of a directory (the second is True): anything in it."""

Edited = Callable[[str], bool | None]
"""Whether the workspace has something else at a path than was last synced; None: nobody knows."""


class GitRules:
    """The ``.gitignore`` files by directory, and the files of rules outside the workspace's tree,
    each with its name, those that are asked first in front. Immutable."""

    __slots__ = ("_excludes", "_files", "tracked")

    tracked: Tracked

    def __init__(
        self,
        tracked: Tracked,
        excludes: Sequence[tuple[str, PatternFile]] = (),
        files: RuleFiles | None = None,
    ) -> None:
        self.tracked = tracked
        self._excludes = tuple(excludes)
        self._files = files or RuleFiles({})

    def with_file(self, directory: str, text: str) -> GitRules:
        """These and the ``.gitignore`` in ``directory``. A line that is no pattern matches nothing,
        as in Git."""
        files = self._files.with_file(_as_bytes(directory), pattern_file(text))
        return GitRules(self.tracked, self._excludes, files)

    def with_tracked(self, tracked: Tracked) -> GitRules:
        """The same rules, with other news of what is tracked."""
        return GitRules(tracked, self._excludes, self._files)

    def deciding(self, path: str, name: str, is_dir: bool) -> tuple[str, Pattern] | None:
        """The pattern that decides on ``path``, and where it stands: the nearest file's counts
        first, then those outside."""
        if not path.isascii():
            path, name = _as_bytes(path), _as_bytes(name)
        found = self._files.deciding(path, name, is_dir)
        if found is not None:
            return source_in(shown(found[0]), GIT_IGNORE_FILE), found[1]
        for source, file in self._excludes:
            pattern = file.deciding(path, name, is_dir)
            if pattern is not None:
                return source, pattern
        return None

    def listed(self) -> list[tuple[str, Pattern]]:
        """Every pattern and where it stands, the last in rank first."""
        outside = [
            (source, one) for source, file in reversed(self._excludes) for one in file.patterns
        ]
        inside = [
            (source_in(shown(directory), GIT_IGNORE_FILE), one)
            for directory, file in self._files.listed()
            for one in file.patterns
        ]
        return [*outside, *inside]


def pattern_file(text: str) -> PatternFile:
    """A file of rules; what is no pattern in it is left out."""
    return PatternFile(parse_text(_as_bytes(text.removeprefix("\ufeff")))[0])


def _as_bytes(text: str) -> str:
    """Git matches bytes: a ``?`` is one of the two of an ``é``. Here each is a character."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def shown(text: str) -> str:
    """The same for people again."""
    return text.encode("latin-1").decode("utf-8", "surrogateescape")


def source_in(directory: str, file: str) -> str:
    """The path of a file of rules."""
    return f"{directory}/{file}" if directory else file
