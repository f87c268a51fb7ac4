"""A secret that shows itself to nobody by accident."""

from __future__ import annotations

import hmac
import re
from typing import Final, NoReturn, SupportsIndex

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class Secret:
    """A token or a password: one line of text, and not empty.

    It prints as ``Secret(hidden)`` and can be neither pickled nor copied; msgspec and json encode
    no type that they do not know. ``reveal`` is the only way to the text. Raises ValueError.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not may_be_secret(text):
            raise ValueError("a secret is one line of text without control characters")
        self._text = text

    def reveal(self) -> str:
        """The text, for whoever has to send it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")


def may_be_secret(text: str) -> bool:
    """Whether `Secret` takes it: UTF-8, and no line break, which would add to what Git is told."""
    return bool(text) and _CONTROL.search(text) is None
