"""Bracket expressions of gitignore patterns (``[a-z]``, ``[!x]``, ``[[:alpha:]]``) as in Git.

pathspec hands them to `re` nearly as they stand. There ``[!a]`` also matches a slash, ``[z-a]`` is
an error, and ``[[:alpha:]]`` means something else; so they are taken out before it sees the
pattern, and put back translated. The rules are those of Git's ``wildmatch.c``.
"""

from __future__ import annotations

import re
from typing import Final

_FIRST_STAND_IN: Final = 0xF0000  # a private-use plane: no name has these characters by meaning

_CLASSES: Final = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\t-\\r ",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}

_CLASS: Final = re.compile(r"\[:([a-z]*):\]")


def set_aside(pattern: str) -> tuple[str, dict[str, str]]:
    """``pattern`` with one character in place of each bracket expression, and what these stand for.

    Raises ValueError if an expression does not end; Git never matches such a pattern.
    """
    parts: list[str] = []
    meanings: dict[str, str] = {}
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            parts.append(pattern[at : at + 2])
            at += 2
        elif char == "[":
            expression, at = _translated(pattern, at + 1)
            stand_in = chr(_FIRST_STAND_IN + len(meanings))
            meanings[stand_in] = expression
            parts.append(stand_in)
        else:
            parts.append(char)
            at += 1
    return "".join(parts), meanings


def put_back(expression: str, meanings: dict[str, str]) -> str:
    """The regular expression of a pattern with the meanings of its stand-ins."""
    for stand_in, meaning in meanings.items():
        expression = expression.replace(stand_in, meaning)
    return expression


def _translated(pattern: str, at: int) -> tuple[str, int]:
    """The expression whose content begins at ``at``, for `re`, and where it ends."""
    negated = pattern[at : at + 1] in ("!", "^")
    at += negated
    items: list[str] = []
    first = True
    while first or pattern[at : at + 1] != "]":
        first = False
        found = _CLASS.match(pattern, at)
        if found is not None:
            if found.group(1) not in _CLASSES:
                raise ValueError(f"unknown class in {pattern!r}")
            items.append(_CLASSES[found.group(1)])
            at = found.end()
            continue
        low, at = _character(pattern, at)
        if pattern[at : at + 1] == "-" and pattern[at + 1 : at + 2] not in ("]", ""):
            high, at = _character(pattern, at + 1)
            if low <= high:
                items.append(f"{re.escape(low)}-{re.escape(high)}")
        else:
            items.append(re.escape(low))
    end = at + 1
    if not items:
        return ("[^/]" if negated else "(?!)"), end
    # A slash separates names; not even a negated expression matches it.
    return f"(?!/)[{'^' if negated else ''}{''.join(items)}]", end


def _character(pattern: str, at: int) -> tuple[str, int]:
    """One character of an expression, a backslash before it taken off, and where it ends."""
    if pattern[at : at + 1] == "\\":
        at += 1
    if at >= len(pattern):
        raise ValueError(f"no end of [ in {pattern!r}")
    return pattern[at], at + 1
