"""The one place that decides which store serves a URL, and says why."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from enum import Enum
from typing import Final

from hubsync.errors import ConfigError
from hubsync.stores.addresses import folder_of, refuse_credentials, refuse_odd_parts, scheme_of
from hubsync.stores.options import SFTP_OPTIONS, WEBDAV_OPTIONS, unknown_option
from hubsync.stores.protocol import Store

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
        _only(scheme, options, frozenset())
        return Backend.MEMORY, "memory of this process"
    if scheme == "file":
        _only(scheme, options, frozenset())
        return Backend.FOLDER, "a folder: hubsync's own file access"
    refuse_odd_parts(url)
    if scheme in _CLOUDS:
        return _choose_for_cloud(scheme, options)
    if scheme in _EXTRAS:
        library, extra = _EXTRAS[scheme]
        _require(library, extra, url)
        _only(scheme, options, SFTP_OPTIONS if extra == "sftp" else WEBDAV_OPTIONS)
        return Backend.FSSPEC, f"fsspec with {library}: no faster library serves {scheme}://"
    from hubsync.stores.fsspec_protocols import file_system_class, options_taken

    _only(scheme, options, options_taken(file_system_class(scheme)))
    return Backend.FSSPEC, f"fsspec: no other library of hubsync's serves {scheme}://"


def open_store(url: str, options: Mapping[str, str], env: Mapping[str, str]) -> Store:
    """The store at ``url``. ``env`` stands for the process's environment.

    Contacts nobody. Raises ConfigError.
    """
    backend, reason = choose(url, options)
    if backend is Backend.MEMORY:
        from hubsync.stores.memory import shared_memory

        return shared_memory(url.partition("://")[2])
    if backend is Backend.FOLDER:
        from hubsync.stores.folder import FolderStore

        return FolderStore(folder_of(url))
    if backend is Backend.OBJECTS:
        from hubsync.stores.objects import open_objects

        return open_objects(url, options, env)
    from hubsync.stores.fsspec_places import open_fsspec

    return open_fsspec(url, options, env, reason)


def _choose_for_cloud(scheme: str, options: Mapping[str, str]) -> tuple[Backend, str]:
    from hubsync.stores.objects_options import options_of

    library, extra = _CLOUDS[scheme]
    url = f"{scheme}://"
    _require("obstore", extra, url)
    served = options_of(scheme)
    other = sorted(set(options) - served)
    if not other:
        return Backend.OBJECTS, "obstore: the fastest, and it serves every option given"
    _require(library, extra, url)
    from hubsync.stores.fsspec_protocols import file_system_class, options_taken

    unknown = set(other) - (options_taken(file_system_class(scheme)) or frozenset())
    if unknown:
        raise unknown_option(scheme, unknown, served)
    return Backend.FSSPEC, f"{library}: obstore has no option {', '.join(other)}"


def _require(library: str, extra: str, url: str) -> None:
    if importlib.util.find_spec(library) is None:
        raise ConfigError(
            f"{url.partition('://')[0]}:// needs the library {library}, which is not installed.",
            f"Install it: pip install 'hubsync[{extra}]'",
            "missing-library",
        )


def _only(scheme: str, options: Mapping[str, str], known: frozenset[str] | None) -> None:
    unknown = set(options) - known if known is not None else set()
    if unknown:
        raise unknown_option(scheme, unknown, known or ())
