"""URLs of remotes: one spelling for each place, and never a credential in one.

What names Git is decided here as well, so that a Git URL is never mistaken for a folder.
"""

from __future__ import annotations

import os
import re
from urllib.parse import unquote, urlsplit

from hubsync.errors import UsageError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/")
_SCP = re.compile(r"[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+:(?!/)")
_FORGES = frozenset({"github.com", "gitlab.com", "bitbucket.org", "codeberg.org"})
_GIT_SCHEMES = frozenset({"git", "git+https", "git+http", "git+ssh", "git+file", "ssh"})


def is_git(url: str) -> bool:
    """Whether ``url`` names a Git repository: by its scheme, its ``.git``, or a known forge."""
    if _SCP.match(url):
        return True
    if not _SCHEME.match(url):
        return False
    parts = urlsplit(url)
    if parts.scheme.lower() in _GIT_SCHEMES:
        return True
    web = parts.scheme.lower() in ("http", "https")
    return web and (parts.path.rstrip("/").endswith(".git") or parts.hostname in _FORGES)


def canonical_url(url: str, directory: str) -> str:
    """The URL as it is written to the configuration.

    A plain path, taken relative to ``directory``, becomes ``file:///…``. Raises UsageError for what
    is no URL and for URLs with a password in them.
    """
    if is_git(url):
        return url
    if not _SCHEME.match(url):
        return "file://" + os.path.realpath(os.path.join(directory, os.path.expanduser(url)))
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    if not rest and not url.endswith("://"):
        raise UsageError(
            f"{url!r} is no URL.",
            "Write it as scheme://place, for example s3://bucket/me.",
            "bad-url",
        )
    if scheme == "file":
        path = unquote(rest) if rest.startswith("/") else ""
        if not path:
            raise UsageError(
                f"{url!r} names no folder.", "Write file:///folder, with three slashes.", "bad-url"
            )
        return "file://" + os.path.normpath(path)
    if scheme == "memory":
        return url
    if _has_password(rest):
        raise UsageError(
            "The URL has a password in it.",
            "Leave it out and set the credentials in the environment or in a profile.",
            "secret-in-url",
        )
    place = rest.strip("/")
    if not place:
        raise UsageError(
            f"{url!r} names no place.", f"Write {scheme}://place, for example.", "bad-url"
        )
    return f"{scheme}://{'/' if rest.startswith('/') else ''}{place}"


def _has_password(rest: str) -> bool:
    user, at, _ = rest.partition("/")[0].rpartition("@")
    return bool(at) and ":" in user
