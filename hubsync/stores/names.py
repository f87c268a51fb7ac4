"""Which keys a store takes: relative, ``/`` between the parts, never leading out (rule 14)."""

from __future__ import annotations

from hubsync.errors import NameRefused


def check_key(key: str) -> list[str]:
    """The parts of ``key``. Raises NameRefused."""
    parts = key.split("/")
    if "\0" in key or "" in parts or "." in parts or ".." in parts:
        raise NameRefused(
            f"{key!r} is no name that can be stored.",
            "Rename it; '.', '..', empty parts and NUL cannot be part of a name.",
        )
    return parts
