"""Which remotes an operator permits: patterns, as of a shell, in which ``*`` stands for anything.

It keeps links and mistakes from leading elsewhere. Whoever has a terminal on the same server is
not held by it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import unquote, urlsplit

from hubsync.errors import UsageError

CODE: Final = "not-permitted"
EMBEDDED: Final = "embedded"
"""The pattern for a remote among the person's own data, which has no address before it is made."""
_ODD: Final = re.compile(r"[\x00-\x20\x7f\\]")
_LEADING: Final = re.compile(r"proxy|certificate|account", re.IGNORECASE)
"""Options through which another host could answer."""
_HARMLESS: Final = re.compile(r"[\w.+=-]*")
_WILD: Final = re.compile(r"[*?[]")
_PLACE: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)(.*)", re.DOTALL)


def permits(url: str, allowed: Sequence[str]) -> bool:
    """Whether a remote may be used here; without patterns any may."""
    if not allowed:
        return True
    if _ODD.search(url) or ".." in unquote(unquote(url)).replace("\\", "/").split("/"):
        return False
    return any(_matches(url, pattern) for pattern in allowed)


def permits_some(place: str, allowed: Sequence[str]) -> bool:
    """Whether there may be anything at ``place``, a protocol and a host, that is permitted."""
    return not allowed or any(_reaches(place, pattern) for pattern in allowed)


def permit_embedded(allowed: Sequence[str]) -> None:
    """Raises UsageError where no remote among the person's own data is permitted."""
    if not permits(EMBEDDED, allowed):
        raise UsageError(
            "This hub does not permit to sync with this machine alone.",
            f"It permits: {', '.join(allowed)}.",
            CODE,
        )


def permit(url: str, options: Mapping[str, str], allowed: Sequence[str]) -> None:
    """Raises UsageError for what is not permitted. An option that holds an address (an endpoint)
    has to be permitted as well; none may lead to another host in any other way."""
    for name, value in options.items() if allowed else ():
        if _LEADING.search(name) or ("://" not in value and not _HARMLESS.fullmatch(value)):
            raise UsageError(
                f"The option {name} with that value is not among what this hub permits.",
                "Leave it out, or ask the hub's operator.",
                CODE,
            )
    places = [url, *(value for value in options.values() if "://" in value)]
    for place in places:
        if not permits(place, allowed):
            raise UsageError(
                f"{_shown(place)} is not among the remotes that this hub permits.",
                f"It permits: {', '.join(allowed)}.",
                CODE,
            )


def is_bare(url: str) -> bool:
    """Whether it is an address alone: no user (a name may be a token), password, query or
    fragment. Raises ValueError for what is no URL."""
    if "://" not in url:
        return True
    parts = urlsplit(url)
    user = None if "ssh" in parts.scheme else parts.username
    return not (user or parts.password or parts.query or parts.fragment)


def _matches(url: str, pattern: str) -> bool:
    """Host and path each by itself, so that a ``*`` in a host's name ends with it. The case of
    protocol and host does not count."""
    place, wanted = _PLACE.fullmatch(url), _PLACE.fullmatch(pattern)
    if place is None or wanted is None:
        return fnmatchcase(url, pattern)
    if not fnmatchcase(place[1].lower(), wanted[1].lower()):
        return False
    anywhere = not wanted[2] and wanted[1].endswith("*")
    return anywhere or fnmatchcase(place[2], wanted[2])


def _reaches(place: str, pattern: str) -> bool:
    wanted = _PLACE.fullmatch(pattern)
    if wanted is not None:
        return fnmatchcase(place.lower(), wanted[1].lower())
    return place.startswith(_WILD.split(pattern, maxsplit=1)[0])


def _shown(url: str) -> str:
    """Without what may be a password."""
    return re.sub(r"(?<=://).*@", "", url)[:300]
