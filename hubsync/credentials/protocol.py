"""Credentials as Git and its helpers pass them to one another: ``key=value`` lines.

Source of the format: git-credential(1), "INPUT/OUTPUT FORMAT".
"""

from __future__ import annotations

from collections.abc import Mapping


def encoded(attributes: Mapping[str, str]) -> bytes:
    """The lines, ended by an empty one. Raises ValueError for what would break out of its line."""
    for key, value in attributes.items():
        if any(letter in key + value for letter in "\n\0") or "=" in key:
            raise ValueError(f"the attribute {key!r} cannot be written")
    text = "".join(f"{key}={value}\n" for key, value in attributes.items()) + "\n"
    return text.encode("utf-8", "surrogateescape")


def decoded(data: bytes) -> dict[str, str]:
    """The attributes up to the empty line; a line that is none is passed over."""
    attributes: dict[str, str] = {}
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        if not line:
            break
        key, separator, value = line.partition("=")
        if separator:
            attributes[key] = value
    return attributes
