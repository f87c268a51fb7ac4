"""URLs of remotes: one spelling for each place, and never a credential in one.

What names Git is decided here as well, so that a Git URL is never mistaken for a folder.
"""

from __future__ import annotations

import os
import re
from typing import Final
from urllib.parse import unquote, urlsplit

from hubsync.errors import UsageError
from hubsync.stores.addresses import (
    folder_of,
    folder_url,
    password_in,
    refuse_credentials,
    without_secrets,
)

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/")
_NO_PLACE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!/)|[^/]*::")
"""What looks like a scheme and is followed by no place, and fsspec's chains of protocols."""
_SCP_LIKE: Final = re.compile(r"[\w.-]+@[\w.-]+:(?!//)")
_FORGES: Final = frozenset(
    {"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "gitea.com", "git.sr.ht"}
)

_GIT_LOGIN: Final = (
    "store a token in ~/.git-credentials or a credential helper of Git (for a GitHub:"
    " 'hubsync login github')"
)
_OF_TOKENS: Final = re.compile(r"[\w.~=+-]{20,}", re.ASCII)
_ACCOUNT: Final = re.compile(r"(?:[a-z]+\d*|\d+)(?:[._+-]+(?:[a-z]+\d*|\d+))*", re.IGNORECASE)
"""How people, programs and robots are called: words, each with a number behind it at most."""
_TOKEN: Final = re.compile(
    r"gl(?:pat|dt|rt|ptt|cbt|ft|soat)-|hf_[A-Za-z0-9]{30,}|AT(?:BB|CTT3|ATT3)[\w=-]{16,}"
)
"""How those of other hosts than GitHub begin."""
_GIT_FILE: Final = "git+file://"
_WITHOUT_HOST: Final = frozenset({"dropbox", "gdrive"})
_WITH_USER: Final = frozenset({"sftp", "webdav+http", "webdav+https"})
"""A user's name before the host makes no other place of it (at Azure it is the container's)."""


def names_git(url: str) -> bool:
    """Whether the URL names a Git repository.

    ``git+…`` always does; ``https``, ``ssh`` and ``user@host:path`` do if they end in ``.git`` or
    the host is a known forge.
    """
    if _SCP_LIKE.match(url) is not None and "://" not in url:
        return True
    try:
        parts = urlsplit(url)
    except ValueError:  # no URL at all, as whoever opens it will say
        return False
    if parts.scheme.startswith("git+"):
        return True
    if parts.scheme not in ("http", "https", "ssh"):
        return False
    host = (parts.hostname or "").removeprefix("www.")
    return parts.path.rstrip("/").endswith(".git") or host in _FORGES or parts.scheme == "ssh"


def _refuse_malformed(url: str) -> None:
    try:
        urlsplit(url)
        whole = "\0" not in url
    except ValueError:  # such as a bracket that is not closed
        whole = False
    if not whole:
        raise UsageError(
            f"{without_secrets(url)!r} is no URL.",
            "Write it as scheme://place, for example s3://bucket/me.",
            "bad-url",
        )


def _refuse_secrets_for_git(url: str) -> None:
    """A Git address has no place for a secret: it is stored and shown."""
    refuse_credentials(url, _GIT_LOGIN)
    parts = urlsplit(url.removeprefix("git+"))
    if parts.scheme not in ("http", "https", "ssh"):
        return
    if parts.scheme != "ssh" and _like_token(unquote(parts.username or "")):
        raise password_in(url, _GIT_LOGIN)
    if parts.query or parts.fragment:
        raise UsageError(
            f"The address of a Git repository ends with its path: {without_secrets(url)!r} goes on"
            " after that.",
            "Leave out what begins with '?' or '#' (in a name, write %3F and %23). Instead of a"
            f" token there, {_GIT_LOGIN}.",
            "bad-url",
        )


def _like_token(user: str) -> bool:
    """Whether a user's name is none, but a token in place of one."""
    if _TOKEN.match(user):
        return True
    return _OF_TOKENS.fullmatch(user) is not None and _ACCOUNT.fullmatch(user) is None


def canonical_url(url: str, directory: str) -> str:
    """The URL as it is written to the configuration.

    A plain path, taken relative to ``directory``, becomes ``file:///…``. Raises UsageError for what
    is no URL and for URLs with a password in them.
    """
    _refuse_malformed(url)
    if names_git(url):
        _refuse_secrets_for_git(url)
        return url
    if not url.strip() or _NO_PLACE.match(url):
        raise UsageError(
            f"{without_secrets(url)!r} is neither a URL nor a path.",
            "Write it as scheme://place, or a folder as ./folder or file:///folder.",
            "bad-url",
        )
    if not _SCHEME.match(url):
        return folder_url(os.path.realpath(os.path.join(directory, os.path.expanduser(url))))
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
        return folder_url(os.path.normpath(path))
    if scheme == "memory":
        return url
    refuse_credentials(url)
    if not rest.strip("/"):
        example = f"{scheme}:///folder" if scheme in _WITHOUT_HOST else f"{scheme}://place/folder"
        raise UsageError(f"{url!r} names no place.", f"Write {example}, for example.", "bad-url")
    return f"{scheme}://{rest.rstrip('/')}"


def same_storage(one: str, other: str) -> bool:
    """Whether two canonical URLs name the same kind of storage, so that options of one may fit the
    other."""
    return one.partition("://")[0] == other.partition("://")[0]


def contains(url: str, other: str) -> bool:
    """Whether the place of one canonical URL is, or holds, that of the other: a mirror there would
    take the other one's files for its own.

    Told by the addresses alone: nothing is asked, and neither options (another endpoint may have a
    bucket of the same name) nor links on the disk are known.
    """
    scheme = url.partition("://")[0]
    if names_git(url) or scheme == "memory" or not same_storage(url, other):
        return url == other
    outer, inner = _names(url), _names(other)
    return inner[: len(outer)] == outer


def _names(url: str) -> list[str]:
    """Host or bucket, then the folders."""
    if url.startswith("file://"):
        return [part for part in folder_of(url).split("/") if part]
    scheme, _, rest = url.partition("://")
    place, _, path = rest.partition("/")
    if scheme in _WITH_USER:
        place = place.rpartition("@")[2].lower()
    return [place, *(unquote(part) for part in path.split("/") if part)]


def refuse_own_folder(url: str, root: str) -> None:
    """A workspace cannot be its own remote, nor lie in it, nor hold it: but it may lie in the clone
    of a repository, which keeps what it holds in .git. Raises UsageError."""
    if not url.startswith(("file://", _GIT_FILE)):
        return
    git = url.startswith(_GIT_FILE)
    place = os.path.realpath(unquote(url.removeprefix(_GIT_FILE)) if git else folder_of(url))
    root = os.path.realpath(root)
    if os.path.commonpath([place, root]) in ((root,) if git else (place, root)):
        relation = "is" if place == root else "holds" if root.startswith(place) else "is inside"
        raise UsageError(
            f"The remote {place} {relation} the workspace {root}.",
            "Choose a folder beside it, or on another disk.",
            "remote-is-workspace",
        )
