"""One gitignore file: its patterns, compiled to say whether a path itself matches.

pathspec translates the patterns. Its expressions also match what is *below* a match; here that part
is taken off, because a parent that is ignored is never looked into, and one that a later rule took
back must not hide what is in it.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct
from pathspec.patterns.gitignore.base import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

_BELOW: Final = "(?:(?P<ps_d>/)|$)"
"""How pathspec ends the expression of a pattern: there, or anywhere below."""


class Pattern(Struct, frozen=True):
    """One line. ``takes_back``: it begins with ``!``. ``directories``: it ends in ``/``."""

    line: int
    text: str
    expression: str
    regex: re.Pattern[str]
    takes_back: bool
    directories: bool

    def matches(self, path: str, is_dir: bool) -> bool:
        return (is_dir or not self.directories) and self.regex.search(path) is not None


class BadPattern(Exception):
    """A line that is no pattern."""


def parse_line(text: str, line: int) -> Pattern | None:
    """The pattern in one line; None for a blank one or a comment. Raises `BadPattern`."""
    bare = text.rstrip("\r")
    if not bare.strip() or bare.startswith("#"):
        return None
    body = _without_trailing_blanks(bare)
    directories = body.endswith("/") and body not in ("/", "!/")
    # Git takes the last slash off and remembers it: `name/` is `name` for directories alone, and
    # is as free to match at any depth.
    try:
        expression, include = GitIgnoreSpecPattern.pattern_to_regex(
            body[:-1] if directories else body
        )
    except GitIgnorePatternError as error:
        raise BadPattern(str(error)) from error
    if expression is None or include is None:
        raise BadPattern(f"Invalid pattern: {body!r}")
    expression = expression.replace(_BELOW, r"\Z")
    return Pattern(
        line=line,
        text=body,
        expression=expression,
        regex=re.compile(expression, re.DOTALL),
        takes_back=not include,
        directories=directories,
    )


def any_of(patterns: tuple[Pattern, ...]) -> re.Pattern[str]:
    """One expression that is found where any of ``patterns`` is, and never elsewhere missed."""
    return re.compile("|".join(f"(?:{p.expression})" for p in patterns) or r"(?!)", re.DOTALL)


def _without_trailing_blanks(text: str) -> str:
    """``text`` as Git reads it: blanks at the end do not count unless a backslash precedes."""
    bare = text.rstrip(" ")
    backslashes = len(bare) - len(bare.rstrip("\\"))
    return bare + " " if backslashes % 2 and len(bare) < len(text) else bare
