"""What is found without a login, for one host, in a fixed order.

A place that cannot be read is told as such and passed over: the next one may do. Nothing is ever
written here.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import unquote, urlsplit

from hubsync.credentials import helpers
from hubsync.credentials.login import GITHUB, TOKEN_USER, Login, Site, Unusable, login, site
from hubsync.credentials.places import Places

VARIABLES: Final = ("GITHUB_TOKEN", "GH_TOKEN")
_LARGEST: Final = 1 << 20

Found = Iterator[Login | Unusable]


def logins(site: Site, user: str | None, places: Places) -> Found:
    """All that may serve at ``site``, the best first. ``user``: the one that the URL names.

    Each place is looked at when it is asked for, so that helpers run only if nothing else served.
    """
    for source in _SOURCES:
        for one in source(site, places):
            if isinstance(one, Unusable) or not user or one.user in (user, TOKEN_USER):
                yield one
    yield from helpers.filled(site, user, places)


def github_hosts(places: Places) -> tuple[str, ...]:
    """The hosts that a token of the environment is meant for."""
    named = site("https", places.env.get("GH_HOST", "")).host
    return (GITHUB, named) if named else (GITHUB,)


def _environment(site: Site, places: Places) -> Found:
    if site.private and site.host in github_hosts(places):
        for variable in VARIABLES:
            found = login(TOKEN_USER, places.env.get(variable, "").strip(), variable)
            if found is not None:
                yield found


def _scoped(site: Site, places: Places) -> Found:
    # It lies where everybody may write: another user's file is not taken.
    yield from _from_store(places.scoped, "gh-scoped-creds", site)


def _git_credentials(site: Site, places: Places) -> Found:
    for path in places.git_credentials:
        yield from _from_store(path, _short(path, places), site)


def _from_store(path: str, source: str, wanted: Site) -> Found:
    """The file of git-credential-store(1): one URL in each line."""
    text = _read(path, source)
    if not isinstance(text, str):
        if text is not None:
            yield text
        return
    for line in text.splitlines():
        try:
            parts = urlsplit(line.strip())
        except ValueError:  # no URL; git passes such lines over too
            continue
        if site(parts.scheme, unquote(parts.netloc.rpartition("@")[2])) != wanted:
            continue
        found = login(unquote(parts.username or ""), unquote(parts.password or ""), source)
        if found is not None:
            yield found


def _gh(site: Site, places: Places) -> Found:
    path = places.gh_hosts
    if path is None or not site.private:
        return
    source = _short(path, places)
    text = _read(path, source)
    if isinstance(text, Unusable):
        yield text
    elif text is not None:
        found = login(TOKEN_USER, _gh_token(text, site.host), source)
        if found is not None:
            yield found


_YAML_KEY: Final = re.compile(r"""( *)(?:"([^"]+)"|'([^']+)'|([^\s"'#][^"'#]*?)):(?: +(.*?))? *""")
_YAML_TOKEN: Final = re.compile(r"""(["']?)(\w+)\1(?: +#.*)?""")


def _gh_token(text: str, host: str) -> str:
    """The token of a host in gh's `hosts.yml`, ``""`` if there is none.

    gh writes mappings in blocks, hosts at the margin, and tokens that are one word. That much of
    YAML is understood here; whatever else stands there is no token, and so never a wrong one.
    """
    inside, depth = False, 0
    for line in text.splitlines():
        key = _YAML_KEY.fullmatch(line)
        if key is None:
            continue
        indent, name = len(key[1]), key[2] or key[3] or key[4]
        if indent == 0:
            inside, depth = name.lower() == host, 0
        elif inside:
            depth = depth or indent
            token = _YAML_TOKEN.fullmatch(key[5] or "")
            if indent == depth and name == "oauth_token" and token is not None:
                return token[2]
    return ""


def _netrc(site: Site, places: Places) -> Found:
    import netrc

    path = places.netrc
    if path is None or not site.private:
        return
    source = _short(path, places)
    readable = _read(path, source)
    if not isinstance(readable, str):
        if readable is not None:
            yield readable
        return
    try:
        entry = netrc.netrc(path).hosts.get(site.name)  # not `default`, which is meant for no one
    except (netrc.NetrcParseError, OSError, UnicodeError):
        yield Unusable(source, "it cannot be understood")  # the parser's words may quote it
        return
    if entry is not None:
        found = login(entry[0], entry[2] or "", source)
        if found is not None:
            yield found


def _read(path: str, source: str) -> str | Unusable | None:
    """A file of the user's own; None: there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return Unusable(source, error.strerror or "it cannot be read")
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > _LARGEST:
            return Unusable(source, "it is no file of credentials")
        if about.st_uid != os.geteuid():
            return Unusable(source, "it belongs to another user")
        return os.read(descriptor, _LARGEST).decode("utf-8", "surrogateescape")
    finally:
        os.close(descriptor)


def _short(path: str, places: Places) -> str:
    """The path as people know it."""
    home = places.home
    return f"~{path[len(home) :]}" if home and path.startswith(f"{home}/") else path


_SOURCES: Final[tuple[Callable[[Site, Places], Found], ...]] = (
    _environment,
    _scoped,
    _git_credentials,
    _gh,
    _netrc,
)
