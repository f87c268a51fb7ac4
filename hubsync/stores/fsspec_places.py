"""From a URL, options and the environment to a place that the fsspec store serves."""

from __future__ import annotations

import getpass
import inspect
import logging
import os
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from hubsync.errors import ConfigError
from hubsync.stores.fsspec import FsspecStore
from hubsync.stores.fsspec_clouds import cloud_arguments
from hubsync.stores.fsspec_dialects import dialect_of
from hubsync.stores.fsspec_files import Place
from hubsync.stores.fsspec_webdav import Webdav

_TIMEOUT: Final = 20.0
PASSWORD_VARIABLE: Final = "HUBSYNC_PASSWORD"  # the variable's name, not a password


def open_fsspec(
    url: str, options: Mapping[str, str], env: Mapping[str, str], reason: str
) -> FsspecStore:
    """The store at ``url``; it is contacted when it is first used. Raises ConfigError."""
    scheme = url.partition("://")[0].lower()
    if scheme in ("sftp", "ssh"):
        return FsspecStore(_sftp(url, options, env, reason))
    if scheme in ("webdav+http", "webdav+https"):
        return FsspecStore(_webdav(url, options, env, reason))
    return FsspecStore(_any(url, options, env, reason))


def _sftp(url: str, options: Mapping[str, str], env: Mapping[str, str], reason: str) -> Place:
    parts = _split(url)
    # What paramiko logs on a failed connection is what the error says.
    logging.getLogger("paramiko").addHandler(logging.NullHandler())
    host, home = parts.hostname or "", env.get("HOME", "")
    known_hosts = options.get("known_hosts") or (home and os.path.join(home, ".ssh/known_hosts"))
    arguments: dict[str, Any] = {
        "username": unquote(parts.username or "") or options.get("user") or _user(env),
        "port": parts.port or 22,
        "timeout": _TIMEOUT,
        "banner_timeout": _TIMEOUT,
        "auth_timeout": _TIMEOUT,
        "password": options.get("password") or env.get(PASSWORD_VARIABLE) or None,
        "key_filename": options.get("key_file") or None,
        "passphrase": options.get("passphrase") or None,
    }

    def make() -> Any:
        from hubsync.stores.sftp_connection import connect

        return connect(host, known_hosts, arguments)

    return Place(_name(parts), unquote(parts.path).rstrip("/"), make, dialect_of("sftp"), reason)


def _webdav(url: str, options: Mapping[str, str], env: Mapping[str, str], reason: str) -> Place:
    parts = _split(url)
    user = unquote(parts.username or "") or options.get("user", "")
    password = options.get("password") or env.get(PASSWORD_VARIABLE, "")
    token = options.get("token", "")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    base = f"{parts.scheme.removeprefix('webdav+')}://{host}{port}/"

    def make() -> Any:
        from webdav4.fsspec import WebdavFileSystem

        return WebdavFileSystem(
            base,
            auth=(user, password) if user or password else None,
            headers={"Authorization": f"Bearer {token}"} if token else None,
            timeout=_TIMEOUT,
            retry=False,
            skip_instance_cache=True,
        )

    return Place(_name(parts), unquote(parts.path).rstrip("/"), make, Webdav(), reason)


def _any(url: str, options: Mapping[str, str], env: Mapping[str, str], reason: str) -> Place:
    import fsspec

    scheme = url.partition("://")[0].lower()
    kind: Any = fsspec.get_filesystem_class(scheme)
    dialect = dialect_of(scheme)
    named = cloud_arguments(scheme, options, env) if dialect.flat else options
    try:
        given: dict[str, Any] = {**kind._get_kwargs_from_urls(url), **_typed(named)}
        root = str(kind._strip_protocol(url)).rstrip("/")
        # A constructor that fails halfway leaves an object that complains when it is removed.
        inspect.signature(kind.__init__).bind(None, **given)
    except Exception as error:  # whatever somebody else's file system thinks of its addresses
        raise _refused(scheme, error) from error
    if dialect.flat:
        given["use_listings_cache"] = False

    def make() -> Any:
        try:
            return kind(**given, skip_instance_cache=True)
        except (TypeError, ValueError, ImportError) as error:
            raise _refused(scheme, error) from error

    return Place(f"{scheme}://", root, make, dialect, reason)


def _refused(scheme: str, error: Exception) -> ConfigError:
    # The error's own text may repeat a credential.
    return ConfigError(
        f"{scheme}:// cannot be opened with this address and these options"
        f" ({type(error).__name__}).",
        f"Look up what fsspec's file system for {scheme}:// asks for, and give it with"
        " -o key=value.",
        "bad-option",
    )


def _typed(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options from a command line are text; file systems want truth values."""
    words: dict[str, Any] = {"true": True, "false": False}
    return {
        name: words.get(value.lower(), value) if isinstance(value, str) else value
        for name, value in options.items()
    }


def _split(url: str) -> SplitResult:
    parts = urlsplit(url.replace("?", "%3F").replace("#", "%23"))
    try:
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError:
        port_is_sound = False
    if not parts.hostname or not port_is_sound:
        raise ConfigError(
            f"The {parts.scheme}:// address names no host and port.",
            f"Write it as {parts.scheme}://host/folder or {parts.scheme}://host:port/folder.",
            "bad-url",
        )
    return parts


def _name(parts: SplitResult) -> str:
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def _user(env: Mapping[str, str]) -> str:
    return env.get("USER") or getpass.getuser()
