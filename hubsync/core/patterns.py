"""One gitignore file: its patterns, compiled to say whether a path itself matches.

pathspec translates the patterns. Its expressions also match what is *below* a match; here that part
is taken off, because a parent that is ignored is never looked into, and one that a later rule took
back must not hide what is in it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from hubsync.core.brackets import put_back, set_aside

_BELOW: Final = "(?:(?P<ps_d>/)|$)"
"""How pathspec ends the expression of a pattern: there, or anywhere below."""

_ANYWHERE: Final = "^(?:.+/)?"
"""How it begins the expression of a pattern that matches at any depth."""

_GLOB: Final = re.compile(r"[*?\[\\]")


class Pattern(Struct, frozen=True):
    """One line. ``takes_back``: it begins with ``!``. ``directories``: it ends in ``/``."""

    line: int
    text: str
    expression: str
    takes_back: bool
    directories: bool

    def matches(self, path: str, is_dir: bool) -> bool:
        return (is_dir or not self.directories) and _compiled(self.expression).search(
            path
        ) is not None


class BadPattern(Exception):
    """A line that is no pattern."""


def parse_line(text: str, line: int) -> Pattern | None:
    """The pattern in one line; None for a blank one or a comment. Raises `BadPattern`."""
    body = _without_trailing_blanks(text.removesuffix("\r"))
    if not body or body.startswith("#"):
        return None
    directories = body.endswith("/")
    # Git takes the last slash off and remembers it: `name/` is `name` for directories alone, and
    # is as free to match at any depth.
    glob = body[:-1] if directories else body
    try:
        plain, brackets = set_aside(glob)
        expression, include = GitIgnoreSpecPattern.pattern_to_regex(plain)
    except ValueError as error:
        raise BadPattern(f"{body!r} is no pattern") from error
    if expression is None or include is None:
        raise BadPattern(f"{body!r} matches nothing")
    expression = put_back(expression.replace(_BELOW, r"\Z"), brackets)
    return Pattern(
        line=line,
        text=body,
        expression=expression,
        takes_back=not include,
        directories=directories,
    )


@functools.cache
def _compiled(expression: str) -> re.Pattern[str]:
    """Only when first needed: most patterns of most files never are."""
    return re.compile(expression, re.DOTALL)


def pattern_fault(text: str) -> str:
    """What is wrong with a pattern that somebody gives alone; ``""`` if it can stand in a file."""
    if "\n" in text or "\r" in text or "\0" in text:
        return f"{text!r} is no pattern: it is more than one line."
    try:
        text.encode()
        pattern = parse_line(text, 1)
    except (BadPattern, UnicodeEncodeError):
        return f"{text!r} is no pattern: it can match nothing."
    if pattern is None:
        return f"{text!r} is no pattern: it is a comment or blank."
    return ""


class PatternFile:
    """The patterns of one file, last match first, behind quick tests that most paths end at. These
    may let a path through that nothing matches, never the other way round."""

    __slots__ = ("_firsts", "_globs", "_lasts", "_letters_tell", "_names", "_paths", "patterns")

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self.patterns = tuple(patterns)
        names: set[str] = set()
        globs: list[str] = []
        paths: list[str] = []
        firsts: set[str] = set()
        lasts: set[str] = set()
        self._letters_tell = True
        for pattern in self.patterns:
            glob = pattern.text.removeprefix("!").rstrip("/")
            last = glob.rpartition("/")[2]
            if not _GLOB.search(last):
                names.add(last)
            elif pattern.expression.startswith(_ANYWHERE) and "/" not in glob:
                globs.append(pattern.expression.removeprefix(_ANYWHERE))
                first = glob.removeprefix("\\")[:1]
                if first and (first != glob[0] or not _GLOB.match(glob)):
                    firsts.add(first)
                elif glob[0] == "*" and glob[1:] and not _GLOB.search(glob[1:]):
                    lasts.add(glob[1:][-2:])
                else:
                    self._letters_tell = False
            else:
                paths.append(pattern.expression)
                self._letters_tell = False
        self._names = frozenset(names)
        self._firsts = frozenset(firsts)
        self._lasts = frozenset(lasts)
        self._globs = _any_of(globs).match if globs else None
        self._paths = _any_of(paths).search if paths else None

    def is_strange(self, name: str) -> bool:
        """Whether certainly no pattern is about anything of that name, by its first and its last
        letters."""
        return (
            self._letters_tell
            and name[0] not in self._firsts
            and name[-2:] not in self._lasts
            and name[-1] not in self._lasts
            and name not in self._names
        )

    def deciding(self, path: str, name: str, is_dir: bool) -> Pattern | None:
        """The last pattern that matches ``path`` (as seen from the file), ending in ``name``."""
        if not (
            name in self._names
            or (self._globs is not None and self._globs(name))
            or (self._paths is not None and self._paths(path))
        ):
            return None
        return next((p for p in reversed(self.patterns) if p.matches(path, is_dir)), None)


def parse_text(text: str) -> tuple[list[Pattern], list[tuple[int, str]]]:
    """The patterns of a file, and the lines (from 1, with what is wrong) that are none."""
    patterns: list[Pattern] = []
    bad: list[tuple[int, str]] = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        try:
            pattern = parse_line(line, number)
        except BadPattern as error:
            bad.append((number, str(error)))
            continue
        if pattern is not None:
            patterns.append(pattern)
    return patterns, bad


def _any_of(expressions: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{e})" for e in expressions), re.DOTALL)


def _without_trailing_blanks(text: str) -> str:
    """``text`` as Git reads it: blanks at the end do not count unless a backslash precedes."""
    bare = text.rstrip(" ")
    backslashes = len(bare) - len(bare.rstrip("\\"))
    return bare + " " if backslashes % 2 and len(bare) < len(text) else bare
