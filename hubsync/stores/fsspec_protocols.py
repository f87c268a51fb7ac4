"""Which protocols of fsspec's can hold a mirror, and which options their file systems take.

fsspec knows archives, caches and wrappers of other file systems, and places that can only be read.
A mirror needs a place of its own in which objects are written and removed.
"""

from __future__ import annotations

import inspect
from typing import Any, Final

from hubsync.errors import ConfigError

_INSTEAD: Final = {
    "local": "Write file:///folder.",
    "http": "For WebDAV write webdav+http://host/folder.",
    "https": "For WebDAV write webdav+https://host/folder.",
    "webdav": "Write webdav+https://host/folder.",
    "dav": "Write webdav+https://host/folder.",
}
_NO_PLACE: Final = frozenset(
    {
        "async_wrapper",
        "asynclocal",
        "asyncwrapper",
        "blockcache",
        "cached",
        "data",
        "dir",
        "filecache",
        "generic",
        "gist",
        "git",
        "github",
        "libarchive",
        "pyscript",
        "reference",
        "simplecache",
        "tar",
        "zip",
        *_INSTEAD,
    }
)
_REMOVERS: Final = ("rm_file", "_rm_file", "_rm", "rm")
_NO_OPTIONS: Final = frozenset(
    {"self", "args", "kwargs", "fs", "fo", "loop", "asynchronous", "session", "parent"}
)


def file_system_class(scheme: str) -> Any:
    """The class that serves ``scheme``. Raises ConfigError if there is none that can hold a mirror,
    or if its library is not installed."""
    import fsspec

    if scheme not in fsspec.available_protocols():
        raise ConfigError(
            f"No storage is known for {scheme}://.",
            "Use s3://, gs://, az://, sftp://, webdav+https://, file:// or a protocol of fsspec's.",
            "unknown-protocol",
        )
    if scheme in _NO_PLACE:
        raise not_writable(scheme)
    try:
        kind = fsspec.get_filesystem_class(scheme)
    except (ImportError, AttributeError) as error:
        # The text is that of fsspec's own table: what to install, or that the protocol is retired.
        raise ConfigError(
            f"{scheme}:// cannot be used here: fsspec lacks what serves it.",
            f"fsspec says: {str(error).splitlines()[0].rstrip('.')}."
            if str(error)
            else "Install the library of fsspec's that serves it.",
            "missing-library",
        ) from error
    if not _removes(kind):
        raise not_writable(scheme)
    return kind


def not_writable(scheme: str) -> ConfigError:
    """The error for a protocol under which nothing can be kept."""
    return ConfigError(
        f"{scheme}:// cannot hold a workspace: files cannot be written and removed there.",
        _INSTEAD.get(scheme, "Use a bucket, a folder, sftp:// or webdav+https://."),
        "not-writable",
    )


def options_taken(kind: type) -> frozenset[str] | None:
    """The names that the constructors of a file system take; None: it does not name them.

    ``**kwargs`` alone says nothing: nearly every file system swallows what it does not know, and
    an option that does nothing is a typing error that nobody sees.
    """
    from fsspec.spec import AbstractFileSystem

    names: set[str] = set()
    for above in kind.__mro__:
        if above in (AbstractFileSystem, object):
            break
        own = vars(above).get("__init__")
        if own is not None:
            parameters = inspect.signature(own).parameters.values()
            names.update(
                one.name
                for one in parameters
                if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
            )
    return frozenset(names - _NO_OPTIONS) or None


def _removes(kind: type) -> bool:
    """Whether a class, and not only fsspec's base of all, knows how to remove a file."""
    from fsspec.asyn import AsyncFileSystem
    from fsspec.spec import AbstractFileSystem

    own = [above for above in kind.__mro__ if above not in (AbstractFileSystem, AsyncFileSystem)]
    return any(name in vars(above) for above in own for name in _REMOVERS)
