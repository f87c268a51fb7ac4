"""What a Git host is, and what it can be told: values without behaviour of their own."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from hubsync.credentials.secret import Secret, may_be_secret

GITHUB: Final = "github.com"
TOKEN_USER: Final = "x-access-token"
"""The user name that GitHub takes with any token."""

_DEFAULT_PORTS: Final = {"https": ":443", "http": ":80"}
_LOOPBACK: Final = re.compile(r"(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?")


class Site(Struct, frozen=True):
    """A protocol, and a host with its port if that is not the protocol's own."""

    protocol: str
    host: str

    @property
    def name(self) -> str:
        """The host without a port."""
        return re.sub(r":\d+$", "", self.host).strip("[]")

    @property
    def private(self) -> bool:
        """Whether nobody listens on the way: TLS, or this very machine (as in W3C's Secure
        Contexts). What belongs to a host, and not to a protocol, is sent nowhere else."""
        return self.protocol == "https" or is_loopback(self.host)


class Login(Struct, frozen=True):
    """A user name and a secret. ``source``: where it is from, for people."""

    user: str
    secret: Secret
    source: str


class Unusable(Struct, frozen=True):
    """A place where a login may lie and that could not be read. ``reason`` names no secret."""

    source: str
    reason: str


def login(user: str, secret: str, source: str) -> Login | None:
    """None where there is none, or none that can be sent safely."""
    if not may_be_secret(secret) or (user and not may_be_secret(user)):
        return None
    return Login(user or TOKEN_USER, Secret(secret), source)


def site(protocol: str, host: str) -> Site:
    """Hosts are compared as Git does, but without regard to case and to the usual port."""
    protocol = protocol.lower()
    return Site(protocol, host.lower().removesuffix(_DEFAULT_PORTS.get(protocol, "\n")))


def site_of(url: str) -> Site:
    """The site that a URL names; one without a protocol is SSH's ``user@host:path``."""
    if "://" not in url:
        return Site("ssh", url.partition(":")[0].rpartition("@")[2].lower())
    parts = urlsplit(url)
    return site(parts.scheme, parts.netloc.rpartition("@")[2])


def github_url(host: str) -> str:
    """Where a GitHub is: HTTPS, except on this machine."""
    return f"{'http' if is_loopback(host) else 'https'}://{host}"


def login_command(host: str) -> str:
    """For hints: how to log in there."""
    return "hubsync login github" + ("" if host == GITHUB else f" --host {host}")


def is_loopback(host: str) -> bool:
    return _LOOPBACK.fullmatch(host) is not None
