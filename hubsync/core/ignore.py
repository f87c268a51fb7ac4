"""Which paths are ignored (rule 8): built-in rules, the workspace's ``.hubsyncignore`` files, and
for a Git remote those of Git."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from hubsync.core.builtin_rules import ALWAYS, BUILT_IN, SECRETS
from hubsync.core.gitrules import GitRules, Tracked, shown, source_in
from hubsync.core.paths import RESERVED_BEGIN, ancestors, display, is_reserved, parent
from hubsync.core.patterns import PatternFile, parse_text
from hubsync.core.rulefiles import RuleFiles
from hubsync.model import GIT_IGNORE_FILE, IGNORE_FILE, NESTED_DIR, Problem

BUILT_IN_SOURCE: Final = "built-in"
_LENGTH: Final = len(NESTED_DIR)


class IgnoreRule(Struct, frozen=True):
    """A rule and where it stands; ``source`` is a file, or `BUILT_IN_SOURCE` with the line 0."""

    source: str
    line: int
    pattern: str


class IgnoreRules:
    """All rules of a workspace. Immutable: `with_file` gives new ones.

    As in Git, of several rules that match a path the last in the nearest file decides; the
    built-in ones stand before all files. Nothing below an ignored directory can be taken back.

    With Git's rules beside them a path that Git tracks is hidden by a ``.hubsyncignore`` alone, be
    it in a directory that is ignored or not.
    """

    __slots__ = (
        "_directories",
        "_files",
        "_git",
        "_has_files",
        "_hidden",
        "_is_built_in",
        "_untracked",
        "problems",
    )

    problems: tuple[Problem, ...]
    """Lines of files that are no patterns; they are left out."""

    def __init__(
        self,
        files: RuleFiles,
        problems: tuple[Problem, ...] = (),
        git: GitRules | None = None,
        hidden: frozenset[str] = frozenset(),
    ) -> None:
        self._files = files
        self._has_files = bool(files)
        self._is_built_in = not files and git is None
        self._git = git
        self._hidden = hidden
        # The rules never change, so neither do the answers about directories.
        self._directories: dict[str, bool] = {"": False}
        self._untracked: dict[str, bool] = {"": False}
        self.problems = problems

    @classmethod
    def builtin(cls, git: GitRules | None = None) -> IgnoreRules:
        """The built-in rules, and those of Git if there are any."""
        return cls(RuleFiles({}), git=git)

    @property
    def file_names(self) -> tuple[str, ...]:
        """What the files are called that hold such rules."""
        return (IGNORE_FILE,) if self._git is None else (IGNORE_FILE, GIT_IGNORE_FILE)

    @property
    def hides_by_git(self) -> bool:
        """Whether Git's own rules count, which hide nothing that it tracks."""
        return self._git is not None

    @property
    def hides_tracked(self) -> bool:
        """Whether anything that Git tracks can be hidden."""
        return bool(self._files)

    def with_file(self, directory: str, text: str, name: str = IGNORE_FILE) -> IgnoreRules:
        """These rules and those of the file ``name`` in ``directory`` (``""`` is the root)."""
        if self._git is not None and name == GIT_IGNORE_FILE:
            git = self._git.with_file(directory, text)
            return IgnoreRules(self._files, self.problems, git, self._hidden)
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
        files = self._files.with_file(directory, PatternFile(patterns))
        return IgnoreRules(files, others + problems, self._git, self._hidden)

    def with_tracked(self, tracked: Tracked) -> IgnoreRules:
        """The same rules, with other news of what Git tracks."""
        if self._git is None:
            return self
        git = self._git.with_tracked(tracked)
        return IgnoreRules(self._files, self.problems, git, self._hidden)

    def with_hidden(self, directories: Iterable[str]) -> IgnoreRules:
        """These rules and directories that are invisible whatever the rules say: repositories of
        their own, which travel in another way."""
        hidden = self._hidden | frozenset(directories)
        return IgnoreRules(self._files, self.problems, self._git, hidden)

    def ignores(self, path: str, is_dir: bool) -> bool:
        """Whether ``path`` is ignored, given that no directory above it is."""
        directory, _, name = path.rpartition("/")
        return self._ignores(path, directory, name, is_dir)

    def _ignores(self, path: str, directory: str, name: str, is_dir: bool) -> bool:
        # What is built in, reserved names among it, is about few names: most need one look.
        ordinary = name[0] not in RESERVED_BEGIN and name.isascii() and _BUILT_IN.is_strange(name)
        if path in self._hidden:
            return True
        if ordinary and self._is_built_in:
            return False
        if not ordinary and is_reserved(name):
            return True
        own = self._files.deciding(path, name, is_dir) if self._has_files else None
        if own is not None and not own[1].takes_back:
            return not _is_capture(path)
        by_default = not ordinary and own is None and _by_default(path, name, is_dir)
        if self._git is None:
            return by_default and not _is_capture(path)
        if not (
            by_default
            or self._is_kept_from_git(path, name, is_dir)
            or self._in_untracked(directory)
        ):
            return False
        return not (_is_capture(path) or self._git.tracked(path, is_dir))

    def is_kept_from_git_alone(self, path: str) -> bool:
        """Whether what hides the directory ``path`` is a pattern of Git's (given that something
        does): a ``.gitignore`` is about what is committed, and says nothing of repositories."""
        name = path.rpartition("/")[2]
        if self._git is None or is_reserved(name) or path in self._hidden:
            return False
        own = self._files.deciding(path, name, True)
        if own is not None or _by_default(path, name, True):
            return False
        return self._is_kept_from_git(path, name, True)

    def ignores_deep(self, path: str, is_dir: bool = False) -> bool:
        """Whether ``path`` or a directory above it is ignored. A ``/`` at its end: a directory."""
        if path[-1:] == "/":
            path, is_dir = path[:-1], True
        directory, _, name = path.rpartition("/")
        above = self._directories.get(directory)
        if above is None:
            above = self._ignores_directory(directory)
        return above or self._ignores(path, directory, name, is_dir)

    def explain(self, path: str, is_dir: bool = False) -> IgnoreRule | None:
        """The rule that hides ``path``, or a directory above it; None if it is not ignored."""
        if not self.ignores_deep(path, is_dir):
            return None
        for place in [*reversed([*ancestors(path)]), path]:
            found = self._explained(place, is_dir if place == path else True)
            if found is not None:
                return found
        return None

    def _explained(self, path: str, is_dir: bool) -> IgnoreRule | None:
        """The rule that matches just this path. The person's own comes before what is built in."""
        name = path.rpartition("/")[2]
        if is_reserved(name):
            return IgnoreRule(BUILT_IN_SOURCE, 0, name)
        own = self._files.deciding(path, name, is_dir)
        if own is not None and not own[1].takes_back:
            return IgnoreRule(_source(own[0]), own[1].line, own[1].text)
        git = self._git.deciding(path, name, is_dir) if self._git is not None else None
        if git is not None and not git[1].takes_back:
            return IgnoreRule(git[0], git[1].line, shown(git[1].text))
        default = _BUILT_IN.deciding(path, name, is_dir) if own is None else None
        if default is not None and not default.takes_back:
            return IgnoreRule(BUILT_IN_SOURCE, 0, default.text)
        return None

    def withholds(self, path: str, is_dir: bool) -> bool:
        """Whether an ignored ``path`` is so only because it is taken for a secret.

        A person may have written it and miss it elsewhere, so that it has to be told.
        """
        name = path.rpartition("/")[2]
        if self._files.deciding(path, name, is_dir) is not None:
            return False
        if self._git is not None and (
            self._in_untracked(parent(path)) or self._is_kept_from_git(path, name, is_dir)
        ):
            return False
        pattern = _BUILT_IN.deciding(path, name, is_dir)
        return pattern is not None and pattern.text in SECRETS

    def rules(self) -> tuple[IgnoreRule, ...]:
        """Every rule, those that come later first in rank, built-in ones at the beginning."""
        always = [IgnoreRule(BUILT_IN_SOURCE, 0, name) for name in ALWAYS]
        built_in = [IgnoreRule(BUILT_IN_SOURCE, 0, p.text) for p in _BUILT_IN.patterns]
        of_git = [
            IgnoreRule(source, pattern.line, shown(pattern.text))
            for source, pattern in (self._git.listed() if self._git is not None else ())
        ]
        of_files = [
            IgnoreRule(_source(directory), pattern.line, pattern.text)
            for directory, file in self._files.listed()
            for pattern in file.patterns
        ]
        return (*always, *built_in, *of_git, *of_files)

    def _ignores_directory(self, path: str) -> bool:
        known = self._directories.get(path)
        if known is None:
            known = self._ignores_directory(parent(path)) or self.ignores(path, True)
            self._directories[path] = known
        return known

    def _is_kept_from_git(self, path: str, name: str, is_dir: bool) -> bool:
        """Whether a pattern of Git's is against ``path`` itself."""
        assert self._git is not None
        git = self._git.deciding(path, name, is_dir)
        return git is not None and not git[1].takes_back

    def _in_untracked(self, directory: str) -> bool:
        """Whether ``directory`` or one above it is ignored unless Git tracks it."""
        known = self._untracked.get(directory)
        if known is None:
            known = self._in_untracked(parent(directory)) or self._is_untracked(directory)
            self._untracked[directory] = known
        return known

    def _is_untracked(self, directory: str) -> bool:
        name = directory.rpartition("/")[2]
        own = self._files.deciding(directory, name, True)
        if own is None and _by_default(directory, name, True):
            return True
        return self._is_kept_from_git(directory, name, True)


def _by_default(path: str, name: str, is_dir: bool) -> bool:
    pattern = _BUILT_IN.deciding(path, name, is_dir)
    return pattern is not None and not pattern.takes_back


def _is_capture(path: str) -> bool:
    """Whether it is hubsync's own: no pattern of a person's is meant for it."""
    return path.startswith(NESTED_DIR) and path[_LENGTH : _LENGTH + 1] in ("", "/")


def _source(directory: str) -> str:
    return source_in(directory, IGNORE_FILE)


_BUILT_IN: Final = PatternFile(parse_text("\n".join(BUILT_IN))[0])
