"""What the many libraries under fsspec raise, in the terms of a store.

They share no error tree and most of them are not installed, so classes are known by name. Their own
texts are never passed on: some hold addresses with user names and keys.
"""

from __future__ import annotations

import errno
import socket
import ssl
from enum import Enum
from typing import Final

from hubsync.errors import (
    AccessDenied,
    ConfigError,
    HubsyncError,
    NameRefused,
    ObjectNotFound,
    StoreError,
    Unreachable,
)
from hubsync.stores.serving import BUSY


class Verdict(Enum):
    """What kind of failure an exception is."""

    ABSENT = "absent"
    DENIED = "denied"
    UNREACHABLE = "unreachable"
    BUSY = "busy"
    FULL = "full"
    NAME = "name"
    READ_ONLY = "read-only"
    OTHER = "other"


TRANSIENT: Final = frozenset({Verdict.UNREACHABLE, Verdict.BUSY})

_BY_CLASS: Final = {
    # paramiko
    "AuthenticationException": Verdict.DENIED,
    "BadHostKeyException": Verdict.DENIED,
    "SSHException": Verdict.UNREACHABLE,
    "NoValidConnectionsError": Verdict.UNREACHABLE,
    # httpx, aiohttp, botocore, azure
    "TransportError": Verdict.UNREACHABLE,
    "ClientConnectionError": Verdict.UNREACHABLE,
    "ServerTimeoutError": Verdict.UNREACHABLE,
    "EndpointConnectionError": Verdict.UNREACHABLE,
    "ConnectionError": Verdict.UNREACHABLE,  # that of requests is no OSError of Python's
    "ConnectTimeoutError": Verdict.UNREACHABLE,
    "ReadTimeoutError": Verdict.UNREACHABLE,
    "ServiceRequestError": Verdict.UNREACHABLE,
    "NoCredentialsError": Verdict.DENIED,
    "ClientAuthenticationError": Verdict.DENIED,
    # webdav4
    "ResourceNotFound": Verdict.ABSENT,
    "ForbiddenOperation": Verdict.DENIED,
    "InsufficientStorage": Verdict.FULL,
    "BadGatewayError": Verdict.BUSY,
    "ResourceConflict": Verdict.BUSY,
    "ResourceLocked": Verdict.BUSY,
}
_BY_STATUS: Final = {
    401: Verdict.DENIED,
    403: Verdict.DENIED,
    404: Verdict.ABSENT,
    405: Verdict.READ_ONLY,
    408: Verdict.BUSY,
    409: Verdict.BUSY,
    414: Verdict.NAME,
    423: Verdict.BUSY,
    429: Verdict.BUSY,
    507: Verdict.FULL,
}
_BY_ERRNO: Final = {
    errno.ENOENT: Verdict.ABSENT,
    errno.EACCES: Verdict.DENIED,
    errno.EPERM: Verdict.DENIED,
    errno.ENOSPC: Verdict.FULL,
    errno.EDQUOT: Verdict.FULL,
    errno.ENAMETOOLONG: Verdict.NAME,
    errno.EROFS: Verdict.READ_ONLY,
    errno.EHOSTUNREACH: Verdict.UNREACHABLE,
    errno.ENETUNREACH: Verdict.UNREACHABLE,
}
_CONNECTION: Final = (ConnectionError, TimeoutError, EOFError, socket.gaierror, ssl.SSLError)


def verdict(error: BaseException) -> Verdict:
    """Judge an exception by its class, its HTTP status or its errno."""
    if isinstance(error, FileNotFoundError):
        return Verdict.ABSENT
    if isinstance(error, PermissionError):
        return Verdict.DENIED
    if isinstance(error, _CONNECTION):
        return Verdict.UNREACHABLE
    for kind in type(error).__mro__:
        if kind.__name__ in _BY_CLASS:
            return _BY_CLASS[kind.__name__]
    status = _status(error)
    if status is not None:
        return _BY_STATUS.get(status, Verdict.BUSY if status >= 500 else Verdict.OTHER)
    if isinstance(error, NotImplementedError):
        return Verdict.READ_ONLY
    if isinstance(error, (UnicodeError, ValueError)):
        return Verdict.NAME
    if isinstance(error, OSError) and error.errno is not None:
        return _BY_ERRNO.get(error.errno, Verdict.OTHER)
    return Verdict.OTHER


def _status(error: BaseException) -> int | None:
    for name in ("status_code", "status", "code"):
        value = getattr(error, name, None)
        if isinstance(value, int) and 400 <= value < 600:
            return value
    return None


def translate(error: Exception, key: str, where: str) -> HubsyncError:
    """The store error for ``error``, met at ``key`` (``""``: at none) of the place ``where``."""
    kind = verdict(error)
    name = key or "the folder"
    cause = type(error).__name__
    if isinstance(error, TypeError):
        # Options come as text; a file system that wants a number finds out when it is used.
        return ConfigError(
            f"{where} cannot be used with these options ({cause}).",
            "Leave out what was given with -o and is not needed.",
            "bad-option",
        )
    if kind is Verdict.ABSENT:
        return ObjectNotFound(f"There is no object {name} at {where}.")
    if cause == "BadHostKeyException":
        return AccessDenied(
            f"{where} shows another host key than it did before.",
            "If the server was set up anew, remove its line from the known_hosts file.",
            "host-key-changed",
        )
    if kind is Verdict.DENIED:
        return AccessDenied(
            f"{where} refuses access to {name} ({cause}).",
            "Check the user name, the password or key, and the permissions there.",
        )
    if kind is Verdict.UNREACHABLE:
        return Unreachable(
            f"{where} cannot be reached ({cause}).", "Check the address and the network."
        )
    if kind is Verdict.FULL:
        return StoreError(
            f"{where} is full: {name} could not be written.", "Make room there.", "remote-full"
        )
    if kind is Verdict.NAME:
        return NameRefused(f"{where} cannot hold an object named {key!r} ({cause}).", "Rename it.")
    if kind is Verdict.READ_ONLY:
        return AccessDenied(
            f"{where} does not allow {name} to be changed ({cause}).",
            "Choose a remote that can be written to.",
        )
    code = BUSY if kind is Verdict.BUSY else None
    return StoreError(f"{where} failed at {name} ({cause}).", "Try again later.", code)
