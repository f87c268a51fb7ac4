"""Whether a value can be a secret at all, or is an example, a reference or a word.

All of this is heuristics, held against the table in the tests.
"""

from __future__ import annotations

import re
from typing import Final

_EXAMPLES: Final = re.compile(
    r"example|your|placeholder|change.?(?:me|this|it)|dummy|fake|sample|redact|insert|replace|todo"
    r"|password|passwd|passphrase|mypass|secret|token|foobar|xxxx|\*\*\*|\.\.\.|…|1234567|abcdef"
    r"|api.?key|test.?key|hunter2$"
)
_ELSEWHERE: Final = re.compile(r"[$%@(/~.<{\[]|[a-z][a-z0-9+.-]*://|[A-Za-z]:\\|\w+[(\[]")
"""Begins a variable, a template, a path, a URL or a call: not the value itself."""
_DATE: Final = re.compile(r"\d{4}-?\d\d-?\d\d")
_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_WORDS: Final = re.compile(r"[-_./:=+,\s]+")
_LETTERS_TO_DIGITS: Final = re.compile(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_ODD: Final = frozenset("0123456789!@#$%^&*+?~")


def is_example(value: str) -> bool:
    """Whether a value of the right shape was written down to stand for one: ``ghp_xxxx``."""
    return _EXAMPLES.search(value.lower()) is not None or (len(value) >= 16 and len(set(value)) < 8)


def is_uuid(value: str) -> bool:
    return _UUID.fullmatch(value) is not None


def like_password(value: str) -> bool:
    """Whether a value under the name of a password may be one that a person chose.

    A word of letters alone is none: it is the name of a field, a user or a class far more often.
    """
    return (
        6 <= len(value) <= 200
        and not _ODD.isdisjoint(value)
        and any(character.isalpha() for character in value)
        and not is_example(value)
        and _ELSEWHERE.match(value) is None
        and _DATE.match(value) is None
    )


def looks_random(value: str) -> bool:
    """Whether a machine made this up: letters and digits change often, as in no name or date."""
    if not 20 <= len(value) <= 400 or len(set(value)) < 8 or is_example(value):
        return False
    if _ELSEWHERE.match(value) is not None or not value.isascii():
        return False
    changes = sum(len(_LETTERS_TO_DIGITS.findall(word)) for word in _WORDS.split(value))
    return changes >= max(3, len(value) // 10)
