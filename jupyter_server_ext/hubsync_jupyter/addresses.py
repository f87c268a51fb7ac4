"""Addresses as they come to a server, which stands in no folder of a person's."""

from __future__ import annotations

import os
import re
from typing import Final

from hubsync.errors import UsageError

_PLACED: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|[\w.-]+@[\w.-]+:(?!//)|[^/]*::")
"""A scheme, ``user@host:`` or a chain of protocols: what the library reads as no path."""
_ON_A_HOST: Final = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}/[\w./~-]+")
"""What somebody writes who leaves the scheme out: github.com/ada/work."""


def refuse_relative(url: str) -> None:
    """Raises UsageError for a path that a terminal would take from the folder it is in."""
    if not url.strip() or _PLACED.match(url) or os.path.isabs(os.path.expanduser(url)):
        return
    example = f"https://{url}" if _ON_A_HOST.fullmatch(url) else "s3://bucket/ada"
    # Before a host or after a path there may be a token.
    shown = re.sub(r"^.*@|[?#].*", "…", url, flags=re.DOTALL)[:300]
    raise UsageError(
        f"{shown!r} is neither an address with a scheme nor an absolute path.",
        f"Write an address with its scheme, as in {example}, and a folder with its whole path,"
        " as in /shared/ada.",
        "relative-address",
    )
