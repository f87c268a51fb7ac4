"""Finding secrets in a file's new and changed text."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator

from hubsync.leaks.leak import Leak
from hubsync.leaks.named import NEEDLES, assigned
from hubsync.leaks.passages import passages
from hubsync.leaks.rules import BY_NEEDLE, matches

_Span = tuple[int, int]


def find_secrets(path: str, data: bytes, before: bytes | None = None) -> list[Leak]:
    """What looks like a secret in ``data`` and did not stand in ``before``, in its order.

    Binary files and files above 5 MB are not looked at. Raises ConfigError (``missing-package``).
    """
    return [leak for leak, _ in search(path, data, before)]


def search(path: str, data: bytes, *before: bytes | None) -> list[tuple[Leak, bytes]]:
    """The findings that stood in none of ``before``, each with the SHA-256 of its value, by which
    it is known again."""
    found = list(_findings(path, data))
    if not found:
        return found
    earlier = (one for one in before if one is not None)
    known = {digest for one in earlier for _, digest in _findings(path, one)}
    return [one for one in found if one[1] not in known]


def _findings(path: str, data: bytes) -> Iterator[tuple[Leak, bytes]]:
    for passage in passages(path, data):
        text, line, counted = passage.text, 1, 0
        for (start, end), kind in sorted(_spans(path, text).items()):
            line += text.count("\n", counted, start)
            counted = start
            value = text[start:end].encode("utf-8", "surrogatepass")
            digest = hashlib.sha256(value).digest()
            yield Leak(path, line, kind, passage.cell, passage.output), digest


def _spans(path: str, text: str) -> dict[_Span, str]:
    low = _lowered(text)
    found: dict[_Span, str] = {}
    for needle, rules in BY_NEEDLE.items():
        for at in _places(low, needle):
            for rule in rules:
                for span in matches(rule, text, at):
                    found[span] = rule.kind
    shaped = sorted(found)
    for needle, kind in NEEDLES.items():
        for at in _places(low, needle):
            value = assigned(path, text, needle, at)
            # Its own shape says more of a value than the name that it was given to.
            if value is not None and not _overlaps(value, shaped):
                found.setdefault(value, kind)
    return found


def _overlaps(one: _Span, others: list[_Span]) -> bool:
    """Whether a span shares a character with one of ``others``, which are sorted."""
    nearest = bisect_left(others, (one[1], 0)) - 1
    return nearest >= 0 and others[nearest][1] > one[0]


def _places(low: str, needle: str) -> Iterator[int]:
    at = low.find(needle)
    while at >= 0:
        yield at
        at = low.find(needle, at + 1)


def _lowered(text: str) -> str:
    """In lower case, each character where it was: one of the Turkish ones becomes two."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(one.lower() if one.isascii() else one for one in text)
