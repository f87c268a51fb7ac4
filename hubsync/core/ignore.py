"""Which paths are ignored: built-in rules and the workspace's ``.hubsyncignore`` files (rule 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from hubsync.core.builtin_rules import ALWAYS, BUILT_IN, SECRETS
from hubsync.core.paths import ancestors, display, is_reserved, parent
from hubsync.core.patterns import Pattern, PatternFile, parse_text
from hubsync.model import IGNORE_FILE, Problem

BUILT_IN_SOURCE: Final = "built-in"


class IgnoreRule(Struct, frozen=True):
    """A rule and where it stands; ``source`` is a file, or `BUILT_IN_SOURCE` with the line 0."""

    source: str
    line: int
    pattern: str


class IgnoreRules:
    """All rules of a workspace. Immutable: `with_file` gives new ones.

    As in Git, of several rules that match a path the last in the nearest file decides; the
    built-in ones stand before all files. Nothing below an ignored directory can be taken back.
    """

    __slots__ = ("_directories", "_files", "problems")

    problems: tuple[Problem, ...]
    """Lines of files that are no patterns; they are left out."""

    def __init__(
        self, files: Mapping[str, PatternFile], problems: tuple[Problem, ...] = ()
    ) -> None:
        self._files = dict(files)
        self._directories: dict[str, bool] = {"": False}
        self.problems = problems

    @classmethod
    def builtin(cls) -> IgnoreRules:
        """The built-in rules alone."""
        return cls({})

    def with_file(self, directory: str, text: str) -> IgnoreRules:
        """These rules and those of the ignore file in ``directory`` (``""`` is the root)."""
        patterns, bad = parse_text(text)
        source = _source(directory)
        problems = tuple(
            Problem(
                source,
                "ignore-pattern",
                f"Line {line} of {display(source)} is left out: {what}",
                "Correct the line; the syntax is that of .gitignore.",
            )
            for line, what in bad
        )
        others = tuple(problem for problem in self.problems if problem.path != source)
        return IgnoreRules({**self._files, directory: PatternFile(patterns)}, others + problems)

    def ignores(self, path: str, is_dir: bool) -> bool:
        """Whether ``path`` is ignored, given that no directory above it is."""
        name = path.rpartition("/")[2]
        if is_reserved(name):
            return True
        deciding = self._deciding(path, name, is_dir)
        return deciding is not None and not deciding[1].takes_back

    def ignores_deep(self, path: str, is_dir: bool = False) -> bool:
        """Whether ``path`` or a directory above it is ignored. A ``/`` at its end: a directory."""
        if path.endswith("/"):
            path, is_dir = path[:-1], True
        return self._ignores_directory(parent(path)) or self.ignores(path, is_dir)

    def explain(self, path: str, is_dir: bool = False) -> IgnoreRule | None:
        """The rule that hides ``path``, or a directory above it; None if it is not ignored."""
        for place in [*reversed([*ancestors(path)]), path]:
            directory = is_dir if place == path else True
            if not self.ignores(place, directory):
                continue
            name = place.rpartition("/")[2]
            deciding = None if is_reserved(name) else self._deciding(place, name, directory)
            if deciding is None:
                return IgnoreRule(BUILT_IN_SOURCE, 0, name)
            source, pattern = deciding
            line = 0 if source == BUILT_IN_SOURCE else pattern.line
            return IgnoreRule(source, line, pattern.text)
        return None

    def withholds(self, path: str, is_dir: bool) -> bool:
        """Whether an ignored ``path`` is so only because it is taken for a secret.

        A person may have written it and miss it elsewhere, so that it has to be told.
        """
        deciding = self._deciding(path, path.rpartition("/")[2], is_dir)
        return (
            deciding is not None and deciding[0] == BUILT_IN_SOURCE and deciding[1].text in SECRETS
        )

    def rules(self) -> tuple[IgnoreRule, ...]:
        """Every rule, those that come later first in rank, built-in ones at the beginning."""
        always = [IgnoreRule(BUILT_IN_SOURCE, 0, name) for name in ALWAYS]
        built_in = [IgnoreRule(BUILT_IN_SOURCE, 0, p.text) for p in _BUILT_IN.patterns]
        of_files = [
            IgnoreRule(_source(directory), pattern.line, pattern.text)
            for directory in sorted(self._files)
            for pattern in self._files[directory].patterns
        ]
        return (*always, *built_in, *of_files)

    def _ignores_directory(self, path: str) -> bool:
        known = self._directories.get(path)
        if known is None:
            known = self._ignores_directory(parent(path)) or self.ignores(path, True)
            # The rules never change, so neither does the answer.
            self._directories[path] = known
        return known

    def _deciding(self, path: str, name: str, is_dir: bool) -> tuple[str, Pattern] | None:
        """The pattern that decides on ``path``, and where it stands."""
        if self._files:
            for directory in (*ancestors(path), ""):
                file = self._files.get(directory)
                if file is None:
                    continue
                below = path[len(directory) + 1 :] if directory else path
                pattern = file.deciding(below, name, is_dir)
                if pattern is not None:
                    return _source(directory), pattern
        pattern = _BUILT_IN.deciding(path, name, is_dir)
        return None if pattern is None else (BUILT_IN_SOURCE, pattern)


def _source(directory: str) -> str:
    return f"{directory}/{IGNORE_FILE}" if directory else IGNORE_FILE


_BUILT_IN: Final = PatternFile(parse_text("\n".join(BUILT_IN))[0])
