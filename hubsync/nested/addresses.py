"""URLs of a nested repository's remotes: which may travel, without the secrets in them.

What another hub sent is never trusted: an address that would run a program (``ext::``, options that
begin with a dash) is refused on both ends (rule 14).
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

_SCHEMES: Final = ("https", "http", "ssh", "git", "file")
_WEB: Final = ("https", "http")
_SCP: Final = re.compile(r"(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9][A-Za-z0-9._-]*:(?![:-])[^\s]+")
_LONGEST: Final = 2048


def carried(url: str) -> str | None:
    """The address as it may be written down, or None if it means nothing on another hub.

    A user name and a password before the host are left out where they are secrets: of HTTP the
    user name may be the token itself, of SSH only the password is.
    """
    if not _is_plain(url):
        return None
    if "://" not in url:
        if url.startswith("/"):
            return url
        return url if _SCP.fullmatch(url) else None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _SCHEMES:
        return None
    if parts.scheme == "file":
        return url if not parts.netloc and parts.path.startswith("/") else None
    host = parts.hostname or ""
    if not host or host.startswith("-") or (parts.username or "").startswith("-"):
        return None
    place = f"[{host}]" if ":" in host else host
    if port is not None:
        place += f":{port}"
    if parts.scheme not in _WEB and parts.username:
        place = f"{parts.username}@{place}"
    return urlunsplit((parts.scheme, place, parts.path, "", ""))


def is_safe(url: str) -> bool:
    """Whether an address that another hub wrote may be used: it is as `carried` writes them."""
    return carried(url) == url


def for_libgit2(url: str) -> str:
    """A path for a folder of this machine, else the address as it stands."""
    return unquote(urlsplit(url).path) if url.startswith("file://") else url


def _is_plain(url: str) -> bool:
    return (
        0 < len(url) <= _LONGEST
        and url.isprintable()
        and " " not in url
        and not url.startswith("-")
        and "::" not in url.partition("/")[0]
    )
