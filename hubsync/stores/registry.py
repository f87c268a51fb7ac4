"""The one place that decides which store serves a URL, and says why."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from enum import Enum
from typing import Final
from urllib.parse import unquote, urlsplit

from hubsync.errors import ConfigError
from hubsync.stores.protocol import Store

SECRET_OPTIONS: Final = frozenset(
    {
        "password",
        "passphrase",
        "secret",
        "secret_key",
        "secret_access_key",
        "access_key",
        "access_key_id",
        "key",
        "session_token",
        "token",
        "bearer_token",
        "account_key",
        "sas",
        "sas_key",
        "sas_token",
        "client_secret",
        "connection_string",
        "service_account_key",
    }
)
"""Options that are credentials: they may be passed, but never written into a configuration."""

_CLOUDS: Final = {
    "s3": ("s3fs", "s3"),
    "s3a": ("s3fs", "s3"),
    "gs": ("gcsfs", "gcs"),
    "gcs": ("gcsfs", "gcs"),
    "az": ("adlfs", "azure"),
    "azure": ("adlfs", "azure"),
    "abfs": ("adlfs", "azure"),
    "abfss": ("adlfs", "azure"),
}
_EXTRAS: Final = {
    "sftp": ("paramiko", "sftp"),
    "ssh": ("paramiko", "sftp"),
    "webdav+https": ("webdav4", "webdav"),
    "webdav+http": ("webdav4", "webdav"),
}


class Backend(Enum):
    """Which module serves a URL."""

    MEMORY = "memory"
    FOLDER = "folder"
    OBJECTS = "objects"
    FSSPEC = "fsspec"


def choose(url: str, options: Mapping[str, str]) -> tuple[Backend, str]:
    """The backend for ``url`` with ``options``, and the reason in a few words.

    Raises ConfigError.
    """
    scheme = scheme_of(url)
    refuse_credentials(url)
    if scheme == "memory":
        return Backend.MEMORY, "memory of this process"
    if scheme == "file":
        return Backend.FOLDER, "a folder: hubsync's own file access"
    if scheme in _CLOUDS:
        return _choose_for_cloud(scheme, options)
    if scheme in _EXTRAS:
        library, extra = _EXTRAS[scheme]
        _require(library, extra, url)
        return Backend.FSSPEC, f"fsspec with {library}: no faster library serves {scheme}://"
    if _known_to_fsspec(scheme):
        return Backend.FSSPEC, f"fsspec: no other library of hubsync's serves {scheme}://"
    raise ConfigError(
        f"No storage is known for {scheme}://.",
        "Use s3://, gs://, az://, sftp://, webdav+https://, file:// or a protocol of fsspec's.",
        "unknown-protocol",
    )


def open_store(url: str, options: Mapping[str, str], env: Mapping[str, str]) -> Store:
    """The store at ``url``. ``env`` stands for the process's environment.

    Contacts nobody. Raises ConfigError.
    """
    backend, reason = choose(url, options)
    if backend is Backend.MEMORY:
        from hubsync.stores.memory import shared_memory

        _no_options(url, options)
        return shared_memory(url.partition("://")[2])
    if backend is Backend.FOLDER:
        from hubsync.stores.folder import FolderStore

        _no_options(url, options)
        return FolderStore(folder_of(url))
    if backend is Backend.OBJECTS:
        from hubsync.stores.objects import open_objects

        return open_objects(url, options, env)
    from hubsync.stores.fsspec_places import open_fsspec

    return open_fsspec(url, options, env, reason)


def scheme_of(url: str) -> str:
    """The URL's scheme in lower case; a plain absolute path is ``file``. Raises ConfigError."""
    if os.path.isabs(url):
        return "file"
    scheme, separator, _ = url.partition("://")
    if not separator or not scheme:
        raise ConfigError(
            f"{url!r} is no address of a remote.",
            "Write it with its protocol (s3://bucket/folder) or as an absolute path.",
            "bad-url",
        )
    return scheme.lower()


def folder_of(url: str) -> str:
    """The absolute path that ``file:///folder`` or a plain path names."""
    if os.path.isabs(url):
        return os.path.normpath(url)
    parts = urlsplit(url.replace("?", "%3F").replace("#", "%23"))
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise ConfigError(
            "A file:// address names a folder of this machine by its absolute path.",
            "Write file:///folder, with three slashes.",
            "bad-url",
        )
    return os.path.normpath(unquote(parts.path))


def refuse_credentials(url: str) -> None:
    """Raises ConfigError if a password stands in the URL: it would be stored and shown."""
    authority = url.partition("://")[2].partition("/")[0]
    if "@" in authority and ":" in authority.rpartition("@")[0]:
        scheme = url.partition("://")[0]
        raise ConfigError(
            f"A password must not stand in the address of a remote ({scheme}://…@…).",
            "Leave it out of the address and set HUBSYNC_PASSWORD, or use a key.",
            "password-in-url",
        )


def _choose_for_cloud(scheme: str, options: Mapping[str, str]) -> tuple[Backend, str]:
    library, extra = _CLOUDS[scheme]
    url = f"{scheme}://"
    _require("obstore", extra, url)
    from hubsync.stores.objects_settings import OBJECT_OPTIONS

    other = sorted(set(options) - OBJECT_OPTIONS)
    if not other:
        return Backend.OBJECTS, "obstore: the fastest, and it serves every option given"
    _require(library, extra, url)
    return Backend.FSSPEC, f"{library}: obstore has no option {', '.join(other)}"


def _require(library: str, extra: str, url: str) -> None:
    if importlib.util.find_spec(library) is None:
        raise ConfigError(
            f"{url.partition('://')[0]}:// needs the library {library}, which is not installed.",
            f"Install it: pip install 'hubsync[{extra}]'",
            "missing-library",
        )


def _known_to_fsspec(scheme: str) -> bool:
    import fsspec

    return scheme in fsspec.available_protocols()


def _no_options(url: str, options: Mapping[str, str]) -> None:
    if options:
        raise ConfigError(
            f"{scheme_of(url)}:// takes no options, but was given {', '.join(sorted(options))}.",
            "Leave them out.",
        )
